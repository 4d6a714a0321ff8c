"""What someone asks and what happened: the base of every command and change, and what joins them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from marshmallow import Schema

PERSONAL: Mapping[str, bool] = {"personal": True}
"""Field metadata for text about a person: it is kept in erasable detail, never in the log line."""

SECRET: Mapping[str, bool] = {"secret": True}
"""Field metadata for what proves who someone is: its recorder keeps it, the log never holds it."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """What someone wants, in the imperative; it carries the ids of everything it would make."""

    name: ClassVar[str]
    version: ClassVar[int] = 1
    makes: ClassVar[tuple[str, ...]] = ()
    """Its fields that name what it would make, which later commands may build on."""


@dataclass(frozen=True, kw_only=True)
class Touched:
    """Which subjects a change is about, so that logs, locks and field records can follow it."""

    case_ids: frozenset[str] = frozenset()
    account_ids: frozenset[str] = frozenset()
    debt_ids: frozenset[str] = frozenset()
    person_ids: frozenset[str] = frozenset()
    address_ids: frozenset[str] = frozenset()

    def __or__(self, other: Touched) -> Touched:
        return Touched(
            **{f.name: getattr(self, f.name) | getattr(other, f.name) for f in fields(self)}
        )


@dataclass(frozen=True, kw_only=True)
class Change:
    """Something that happened, in the past tense; never altered, only added to."""

    name: ClassVar[str]

    def touched(self) -> Touched:
        """Name the subjects concerned; the default reads the fields that are called after them."""
        found: dict[str, frozenset[str]] = {}
        for subject in ("case", "account", "debt", "person", "address"):
            value = getattr(self, f"{subject}_id", None)
            found[f"{subject}_ids"] = frozenset({value} if value else ())
        return Touched(**found)

    def line(self) -> dict[str, Any]:
        """Give the part a log line may hold: ids, codes, dates and amounts, nothing personal."""
        return {
            f.name: plain(getattr(self, f.name))
            for f in fields(self)
            if not f.metadata.get("personal") and not f.metadata.get("secret")
        }

    def detail(self) -> dict[str, Any]:
        """Give the personal part, which is kept apart so that it can be erased."""
        return {
            f.name: plain(getattr(self, f.name)) for f in fields(self) if f.metadata.get("personal")
        }


def plain(value: Any) -> Any:  # noqa: ANN401 - any field of a change
    """Write a field of a change as JSON can hold it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value


class Kind(StrEnum):
    """What sort of thing a command says, which decides how it may end when its base has moved."""

    FACT = "fact"
    """Something that happened: recorded, with a flag when something about it was amiss."""

    DECISION = "decision"
    """Something somebody wants: decided again on what the case says today."""

    EDIT = "edit"
    """Details put right, field by field: what the writer had seen and what they say it is."""

    SET_ADD = "set_add"
    """One more protection: it holds at once, whatever else happened meanwhile."""

    SET_REMOVE = "set_remove"
    """One protection fewer: asked for, and decided by the office."""

    RESOLVE = "resolve"
    """A person's word on what two others said: final."""


class Lane(StrEnum):
    """Which of a device's two queues carries a command."""

    URGENT = "urgent"
    ORDINARY = "ordinary"


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who gives a command, with what they may do, as the doors established it."""

    user_id: str
    permissions: frozenset[str]
    device_id: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether this person holds the permission."""
        return permission in self.permissions


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When and by whom a command was given; rules take the clock and the person from here only."""

    actor: Actor
    happened_at: datetime
    decided_at: datetime


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A rule's answer: what changes, and what a person should look at although it was recorded."""

    changes: tuple[Change, ...] = ()
    flags: tuple[str, ...] = field(default=())
    ending: Outcome | None = None
    """How it ended, where the changes alone do not tell: merged, or kept for a person to decide."""

    @property
    def outcome(self) -> Outcome:
        """Say how the command ended, given that the rule did not refuse it."""
        if self.flags and self.ending is not Outcome.REVIEW:
            return Outcome.FLAGGED
        if self.ending is not None:
            return self.ending
        return Outcome.APPLIED if self.changes else Outcome.NO_CHANGE


class Outcome(StrEnum):
    """How a command ended at the office; the one table of words both programs use."""

    APPLIED = "applied"
    MERGED = "merged"
    NO_CHANGE = "no_change"
    FLAGGED = "flagged"
    DUPLICATE = "duplicate"
    REVIEW = "review"
    REFUSED = "refused"
    QUARANTINED = "quarantined"


Rule = Callable[[Any, Any, Occasion], Decision]
"""A pure function: (facts, command, occasion) to a decision; it raises RuleBroken to refuse."""


@dataclass(frozen=True, kw_only=True)
class CommandType:
    """One command's whole declaration: how it is written, what decides it and who may give it."""

    command: type[Command]
    schema: Schema
    rule: Rule
    kind: Kind
    needs: str
    lane: Lane = Lane.ORDINARY
