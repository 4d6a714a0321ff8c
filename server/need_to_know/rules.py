"""Decide what is asked about restricted people and broken glass: pure, over their rows under locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.cases.commands import CaseUnassigned
from server.need_to_know.commands import (
    AccessGiven,
    AccessTaken,
    AnswerLift,
    AskToLift,
    GiveAccess,
    LiftAnswered,
    LiftAsked,
    PersonRestricted,
    RestrictPerson,
    TakeAccess,
)
from server.need_to_know.glass_commands import (
    OPEN_FOR,
    WHY_MIN,
    BreakGlass,
    CloseGlass,
    GlassBroken,
    GlassClosed,
    GlassReviewed,
    ReviewGlass,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class RestrictionFile:
    """What is known of a person's restriction, and who has the cases it would hide."""

    person_known: bool = False
    is_open: bool = False
    own_user_id: str = ""
    listed: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    """The users named by the command who work here."""
    holders: tuple[tuple[str, str], ...] = ()
    """(case id, officer id) of every case that leads to the person."""
    lift_asked_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """One restricted person behind a reference."""

    person_id: str
    own_user_id: str
    listed: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class GlassFile:
    """What opening a record looks at: who is behind the reference, and what is open already."""

    people: tuple[Hidden, ...] = ()
    open_until: tuple[tuple[str, datetime], ...] = ()
    """(user id, until) of what was opened and not closed."""


@dataclass(frozen=True, kw_only=True)
class BreakFile:
    """One opening of a record, as closing and reviewing it look at it."""

    user_id: str
    person_ids: tuple[str, ...]
    own_user_ids: frozenset[str]
    until: datetime
    reviewed: bool


def restrict(file: RestrictionFile, command: RestrictPerson, occasion: Occasion) -> Decision:
    """Restrict a person at once, and take their cases from every officer who is not on the list."""
    actor_id = occasion.actor.user_id
    if not file.person_known:
        raise RuleBroken("restriction.person_unknown")
    if file.is_open:
        raise RuleBroken("restriction.exists")
    if command.user_id == actor_id:
        raise RuleBroken("restriction.own_record", field="user_id")
    if command.user_id and command.user_id not in file.users:
        raise RuleBroken("restriction.user_unknown", field="user_id")
    restricted = PersonRestricted(
        person_id=command.person_id,
        reason=command.reason,
        user_id=command.user_id,
        note=command.note,
    )
    given = AccessGiven(person_id=command.person_id, user_id=actor_id)
    return Decision(changes=(restricted, given, *_taken(file, keep=frozenset({actor_id}))))


def give_access(file: RestrictionFile, command: GiveAccess, occasion: Occasion) -> Decision:
    """Put somebody else on the list; the person it is about never is."""
    _check_open(file)
    if command.user_id == occasion.actor.user_id:
        raise RuleBroken("restriction.self", field="user_id")
    if command.user_id not in file.users:
        raise RuleBroken("restriction.user_unknown", field="user_id")
    if command.user_id == file.own_user_id:
        raise RuleBroken("restriction.subject", field="user_id")
    if command.user_id in file.listed:
        return Decision()
    return Decision(changes=(AccessGiven(person_id=command.person_id, user_id=command.user_id),))


def take_access(file: RestrictionFile, command: TakeAccess, _occasion: Occasion) -> Decision:
    """Take somebody off the list, and the cases from them; somebody always stays on it."""
    _check_open(file)
    if command.user_id not in file.listed:
        return Decision()
    if file.listed == {command.user_id}:
        raise RuleBroken("restriction.last")
    taken = AccessTaken(person_id=command.person_id, user_id=command.user_id)
    return Decision(changes=(taken, *_taken(file, keep=file.listed - {command.user_id})))


def ask_to_lift(file: RestrictionFile, command: AskToLift, _occasion: Occasion) -> Decision:
    """Put it to somebody else; the restriction holds meanwhile."""
    _check_open(file)
    if file.lift_asked_by:
        raise RuleBroken("restriction.lift_asked")
    return Decision(changes=(LiftAsked(person_id=command.person_id, why=command.why),))


def answer_lift(file: RestrictionFile, command: AnswerLift, occasion: Occasion) -> Decision:
    """Let everybody see the person again, once a second person agrees."""
    _check_open(file)
    if not file.lift_asked_by:
        raise RuleBroken("restriction.lift_none")
    if file.lift_asked_by == occasion.actor.user_id:
        raise RuleBroken("restriction.lift_own")
    return Decision(changes=(LiftAnswered(person_id=command.person_id, agreed=command.agreed),))


def _check_open(file: RestrictionFile) -> None:
    if not file.is_open:
        raise RuleBroken("restriction.none")


def _taken(file: RestrictionFile, *, keep: frozenset[str]) -> tuple[CaseUnassigned, ...]:
    """Take the cases from whoever is not on the list; their devices erase them as at any other time."""
    return tuple(
        CaseUnassigned(case_id=case_id, officer_id=officer_id, reason="unassigned")
        for case_id, officer_id in file.holders
        if officer_id not in keep
    )


def break_glass(file: GlassFile, command: BreakGlass, occasion: Occasion) -> Decision:
    """Open what is hidden from the asker under a reference, unless it is the asker's own record.

    Whatever is not to be had answers alike: not hidden, not there, one's own.
    """
    actor_id, now = occasion.actor.user_id, occasion.decided_at
    if len(command.why) < WHY_MIN:
        raise RuleBroken("glass.why_short", field="why", characters_min=WHY_MIN)
    if any(user_id == actor_id and now < until for user_id, until in file.open_until):
        raise RuleBroken("glass.open")
    hidden = [each for each in file.people if actor_id not in each.listed]
    if not hidden or any(each.own_user_id == actor_id for each in file.people):
        raise RuleBroken("glass.nothing", field="reference")
    broken = GlassBroken(
        break_id=command.break_id,
        user_id=actor_id,
        person_ids=tuple(sorted(each.person_id for each in hidden)),
        reference=command.reference,
        reason=command.reason,
        until=now + OPEN_FOR,
        why=command.why,
    )
    return Decision(changes=(broken,))


def close_glass(file: BreakFile | None, command: CloseGlass, occasion: Occasion) -> Decision:
    """Close one's own opened record now."""
    if file is None or file.user_id != occasion.actor.user_id:
        raise RuleBroken("glass.unknown")
    if file.until <= occasion.decided_at:
        raise RuleBroken("glass.closed")
    closed = GlassClosed(
        break_id=command.break_id, person_ids=file.person_ids, until=occasion.decided_at
    )
    return Decision(changes=(closed,))


def review_glass(file: BreakFile | None, command: ReviewGlass, occasion: Occasion) -> Decision:
    """Note what somebody else found; neither who opened it nor whose record it is reviews it."""
    actor_id = occasion.actor.user_id
    if file is None or actor_id in file.own_user_ids:
        raise RuleBroken("glass.unknown")
    if file.user_id == actor_id:
        raise RuleBroken("glass.own")
    if file.reviewed:
        raise RuleBroken("glass.reviewed")
    if occasion.decided_at < file.until:
        raise RuleBroken("glass.still_open")
    return Decision(
        changes=(
            GlassReviewed(
                break_id=command.break_id,
                person_ids=file.person_ids,
                finding=command.finding,
                note=command.note,
            ),
        )
    )
