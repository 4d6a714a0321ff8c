"""How an area plugs in: one declaration of its commands, recorders, facts, projections and screens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint
from sqlalchemy.orm import Session

from server.config import Config
from shared.catalogue import Sentence
from shared.commands import Change, Command, CommandType, Touched

Facts = Callable[[Session, Sequence[Command]], Sequence[Any]]
"""Load, set-wise, what the rule looks at for each command; the answers stand in the same order."""

CaseFacts = Callable[[Session, Collection[str]], Mapping[str, Mapping[str, Any]]]
"""The parts of a case file an area contributes, by case: keyword arguments of `CaseFile`."""


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A change on its way into the database, with who and when."""

    change: Change
    command_id: str
    actor_id: str
    happened_at: datetime
    recorded_at: datetime


Recorder = Callable[[Session, Sequence[Recorded]], None]
"""Write the rows of one kind of change, several at a time."""


def named_subjects(command: Command) -> Touched:
    """Read which rows a command concerns from the fields called after them."""
    ids = {
        f"{subject}_ids": frozenset({value})
        for subject in ("case", "account", "debt", "person")
        if isinstance(value := getattr(command, f"{subject}_id", None), str)
    }
    return Touched(**ids)


def subjects_with_place(command: Command) -> Touched:
    """Read them where the place is one too: every case that leads there is held still first."""
    address_id = getattr(command, "address_id", None)
    places = frozenset({address_id} if address_id else ())
    return named_subjects(command) | Touched(address_ids=places)


@dataclass(frozen=True, kw_only=True)
class Handling:
    """How the office handles one command: its type, the facts its rule needs, the rows it locks."""

    kind: CommandType
    facts: Facts | None = None
    wants: frozenset[str] = frozenset()
    """Parts of a case file that its rule looks at beyond what every rule is given."""

    subjects: Callable[[Command], Touched] = named_subjects
    contends: Callable[[Command], frozenset[str]] | None = None
    """What commands of this name have to take turns for on one case, where that is less than the
    case itself: its rule decides alike whichever of two that share none of these comes first."""


@dataclass(frozen=True, kw_only=True)
class Projection:
    """One kind of field record: how it is built for a set of cases, and in which view."""

    view: str
    kind: str
    build: Callable[[Session, Collection[str]], Mapping[str, Mapping[str, Mapping[str, Any]]]]
    """(session, case ids) to {case id: {record id: body}}; no value may depend on today."""
    version: int = 1
    """Raised by whoever changes what the same rows come to: then every case is projected again."""
    reads: frozenset[str] | None = None
    """Every table that is looked at: where none of them was written, no body can have moved.
    Without this it is built whatever was written."""


Job = Callable[[Any], Any]
"""Long work done by a worker process: given a `spine.jobs.Work`, it answers a `spine.jobs.Ending`."""


@dataclass(frozen=True, kw_only=True)
class Chore:
    """Small work of the house that nobody asks for and that comes round again; never a decision."""

    name: str
    cron: str
    run: Callable[[Session, datetime], int]
    """Do it in the caller's transaction, and say how much there was to do."""


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something about the whole office that must be seen to, said on the first page."""

    needs: str
    endpoint: str
    """Where to see to it."""
    find: Callable[[Session, Config, datetime], Sentence | None]


@dataclass(frozen=True, kw_only=True)
class Banner:
    """Something that stands on every page of the one person it is about, while it is so."""

    needs: str
    endpoint: str
    """Where to end it."""
    find: Callable[[Session, str, datetime], Sentence | None]
    """(session, user id, now) to what is said."""


@dataclass(frozen=True, kw_only=True)
class NavigationLink:
    """A link in the bar at the top, shown to whoever holds the permission it needs."""

    text: str
    endpoint: str
    needs: str


@dataclass(frozen=True, kw_only=True)
class Area:
    """Everything an area hands to the office; taking it out is deleting its folder and one line."""

    name: str
    commands: tuple[Handling, ...] = ()
    recorders: Mapping[type[Change], Recorder] = field(default_factory=dict)
    case_facts: CaseFacts | None = None
    more_case_facts: Mapping[str, CaseFacts] = field(default_factory=dict)
    """Parts of a case file by name, loaded for the commands that want them only."""

    projections: tuple[Projection, ...] = ()
    permissions: Mapping[str, str] = field(default_factory=dict)
    screens: tuple[Blueprint, ...] = ()
    jobs: Mapping[str, Job] = field(default_factory=dict)
    chores: tuple[Chore, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    banners: tuple[Banner, ...] = ()
    addressed: Mapping[str, Any] = field(default_factory=dict)
    """Which column holds the ids that stand in addresses under a name, such as `person_id`."""

    navigation: tuple[NavigationLink, ...] = ()
    sentences: Mapping[type[Change], Callable[[Mapping[str, Any]], str]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, kw_only=True)
class House:
    """All areas together, checked once so that nothing is missing when the first person signs in."""

    areas: tuple[Area, ...]
    commands: Mapping[str, Handling]
    recorders: Mapping[type[Change], Recorder]
    permissions: Mapping[str, str]
    jobs: Mapping[str, Job] = field(default_factory=dict)
    addressed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def projections(self) -> tuple[Projection, ...]:
        """List every projection."""
        return tuple(p for area in self.areas for p in area.projections)

    @property
    def chores(self) -> tuple[Chore, ...]:
        """List every chore."""
        return tuple(chore for area in self.areas for chore in area.chores)

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """List what each area may have to say on the first page."""
        return tuple(alarm for area in self.areas for alarm in area.alarms)

    @property
    def banners(self) -> tuple[Banner, ...]:
        """List what each area may have to say on every page."""
        return tuple(banner for area in self.areas for banner in area.banners)


def assemble(areas: Sequence[Area]) -> House:
    """Put the areas together; start-up fails when anything has no owner or two."""
    commands: dict[str, Handling] = {}
    recorders: dict[type[Change], Recorder] = {}
    permissions: dict[str, str] = {}
    for area in areas:
        for handling in area.commands:
            name = handling.kind.command.name
            if name in commands:
                raise LookupError(f"{name} is handled twice, the second time by {area.name}")
            commands[name] = handling
        for change, recorder in area.recorders.items():
            if change in recorders:
                raise LookupError(f"{change.name} is recorded twice, again by {area.name}")
            recorders[change] = recorder
        permissions.update(area.permissions)
    unrecorded = [c.name for c in Change.__subclasses__() if c not in recorders]
    if unrecorded:
        raise LookupError(f"no area records the changes {sorted(unrecorded)}")
    _check_wants(areas, commands)
    lacking = [h.kind.needs for h in commands.values() if h.kind.needs not in permissions]
    if lacking:
        raise LookupError(f"no area declares the permissions {sorted(set(lacking))}")
    return House(
        areas=tuple(areas),
        commands=commands,
        recorders=recorders,
        permissions=permissions,
        jobs=_jobs(areas),
        addressed={name: column for area in areas for name, column in area.addressed.items()},
    )


def _check_wants(areas: Sequence[Area], commands: Mapping[str, Handling]) -> None:
    """Fail when a rule looks at a part of a case file that nobody loads."""
    parts = {name for area in areas for name in area.more_case_facts}
    unloaded = {want for handling in commands.values() for want in handling.wants} - parts
    if unloaded:
        raise LookupError(f"no area loads the parts {sorted(unloaded)} of a case file")


def _jobs(areas: Sequence[Area]) -> dict[str, Job]:
    """Gather the kinds of long work; a worker finds each by its name alone."""
    jobs: dict[str, Job] = {}
    for area in areas:
        for name, job in area.jobs.items():
            if name in jobs:
                raise LookupError(f"the job {name} has two areas, the second {area.name}")
            jobs[name] = job
    return jobs
