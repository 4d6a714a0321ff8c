"""Visits: planned by the office, recorded at the door, looked at again by a supervisor."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.day_fields import DayField, MomentField
from shared.errors import RuleBroken, register
from shared.fields import Answer, Choice, CleanText, IdField, Typed
from shared.values import TEXT_MAX, is_id

PURPOSES: dict[str, str] = {
    "arrears": mark("Talk about what is owed"),
    "tracing": mark("Find out who lives here"),
    "welfare": mark("Check on welfare"),
}
"""Why an officer is sent."""

OUTCOMES: dict[str, str] = {
    "spoke_to_person": mark("Spoke to the person"),
    "spoke_to_someone_else": mark("Spoke to someone else"),
    "no_answer": mark("No answer"),
    "would_not_speak": mark("Would not speak to me"),
    "moved_away": mark("Moved away"),
    "premises_empty": mark("Premises empty"),
    "wrong_address": mark("Wrong address"),
    "not_safe": mark("Not safe to approach"),
}
"""How a visit ended."""

REVIEWS: dict[str, str] = {
    "waiting": mark("Waiting for review"),
    "approved": mark("Approved"),
    "returned": mark("Returned to the officer"),
    "answered": mark("Answered by the officer"),
}
"""Where a recorded visit stands in its review."""

FLAGS: dict[str, str] = {
    "visit.hold_in_force": mark("A hold was in force on the day of the visit"),
    "visit.not_assigned": mark("The case was no longer assigned to this officer"),
    "visit.case_closed": mark("The case was already closed"),
    "visit.plan_closed": mark("The planned visit had already been closed"),
    "visit.clock_ahead": mark("The device's clock was ahead of the office's"),
    "visit.long_ago": mark("It is dated more than 90 days before it arrived"),
    "visit.person_unknown": mark("Someone met is not on the case"),
    "late_work": mark("Done before the device had learnt that the case was taken away"),
}
"""What a supervisor is told about a visit that was recorded although something was amiss."""

CLOCK_AHEAD_MAX = timedelta(minutes=10)
"""How far ahead of the office a device's clock may be before the visit is flagged."""

LONG_AGO = timedelta(days=90)
"""How long before it arrives a visit may be dated before it is flagged: no device is away for longer."""

PEOPLE_MET_MAX = 20
"""People one visit may name as met."""


REVIEWABLE_FIELDS: dict[str, str] = {
    "outcome": mark("Outcome"),
    "met_person_ids": mark("People met"),
    "others_met": mark("Others met"),
    "notes": mark("Notes"),
    "photographs": mark("Photographs"),
}
"""The parts of a visit that a supervisor can comment on."""

NOT_COME = "visit.not_come"
"""What is said of a visit that is not here, by somebody who has seen it: another device may still
bring the visit, as after a restore, when the one that saw it is heard before the one that made it."""

register(
    {
        "visit.already_recorded": mark("This visit has already been recorded"),
        "visit.unknown": mark("This visit is not on the case: open the case again"),
        NOT_COME: mark(
            "The office has not got the visit that this belongs to,"
            " and keeps it for a person to look at"
        ),
        "visit.not_waiting": mark("This visit is not waiting for review: open it again"),
        "visit.not_returned": mark("This visit has not been returned: there is nothing to answer"),
        "visit.own_review": mark("Ask another supervisor: nobody reviews their own visit"),
        "visit.plan_exists": mark("This visit has already been planned"),
        "visit.plan_unknown": mark("This planned visit is not on the case: open the case again"),
        "visit.plan_closed": mark("This planned visit has already been closed"),
        "visit.planned_in_past": mark("Choose today or a later day for the visit"),
        "visit.officer_not_assigned": mark("Assign the case to this officer first"),
        "case.closed": mark("This case is closed: open it again first"),
    }
)


@dataclass(frozen=True, kw_only=True)
class PlanVisit(Command):
    """Ask an officer to visit: why, and on which day."""

    name: ClassVar[str] = "PlanVisit"
    planned_visit_id: str
    case_id: str
    officer_id: str
    purpose: str
    planned_on: date
    instructions: str = ""


class PlanVisitSchema(Schema):
    """How `PlanVisit` is written in a form and in a message."""

    planned_visit_id = IdField(required=True)
    case_id = IdField(required=True)
    officer_id = IdField(required=True, metadata={"label": mark("Officer")})
    purpose = Choice(
        PURPOSES,
        required=True,
        metadata={"label": mark("Purpose"), "missing": mark("Select a purpose")},
    )
    planned_on = DayField(required=True, metadata={"label": mark("Day of the visit")})
    instructions = CleanText(
        load_default="",
        characters_max=1000,
        lines=True,
        metadata={"label": mark("What to achieve")},
    )


@dataclass(frozen=True, kw_only=True)
class VisitPlanned(Change):
    """An officer was asked to visit."""

    name: ClassVar[str] = "VisitPlanned"
    planned_visit_id: str
    case_id: str
    officer_id: str
    purpose: str
    planned_on: date
    instructions: str = field(default="", metadata=PERSONAL)


def plan_visit(case: CaseFile, command: PlanVisit, occasion: Occasion) -> Decision:
    """Decide whether a visit can be planned: an open case, an assigned officer, a day to come."""
    if not case.open:
        raise RuleBroken("case.closed")
    if case.planned_visit(command.planned_visit_id):
        raise RuleBroken("visit.plan_exists")
    if command.officer_id not in case.officer_ids:
        raise RuleBroken("visit.officer_not_assigned", field="officer_id")
    if command.planned_on < occasion.decided_at.date():
        raise RuleBroken("visit.planned_in_past", field="planned_on")
    return Decision(
        changes=(
            VisitPlanned(
                planned_visit_id=command.planned_visit_id,
                case_id=command.case_id,
                officer_id=command.officer_id,
                purpose=command.purpose,
                planned_on=command.planned_on,
                instructions=command.instructions,
            ),
        )
    )


@dataclass(frozen=True, kw_only=True)
class WithdrawPlannedVisit(Command):
    """Call off a visit that has not been made."""

    name: ClassVar[str] = "WithdrawPlannedVisit"
    planned_visit_id: str
    case_id: str


class WithdrawPlannedVisitSchema(Schema):
    """How `WithdrawPlannedVisit` is written."""

    planned_visit_id = IdField(required=True)
    case_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class PlannedVisitWithdrawn(Change):
    """A planned visit was called off."""

    name: ClassVar[str] = "PlannedVisitWithdrawn"
    planned_visit_id: str
    case_id: str


def withdraw_planned_visit(
    case: CaseFile, command: WithdrawPlannedVisit, _occasion: Occasion
) -> Decision:
    """Decide whether a planned visit can be called off: it must still be open."""
    planned = case.planned_visit(command.planned_visit_id)
    if planned is None:
        raise RuleBroken("visit.plan_unknown")
    if not planned.open:
        raise RuleBroken("visit.plan_closed")
    return Decision(
        changes=(
            PlannedVisitWithdrawn(
                planned_visit_id=command.planned_visit_id, case_id=command.case_id
            ),
        )
    )


@dataclass(frozen=True, kw_only=True)
class RecordVisit(Command):
    """Say what happened at the door; a fact, so it is never refused for what the case says now."""

    name: ClassVar[str] = "RecordVisit"
    makes: ClassVar[tuple[str, ...]] = ("visit_id",)
    visit_id: str
    case_id: str
    planned_visit_id: str | None = None
    happened_at: datetime
    outcome: str
    met_person_ids: tuple[str, ...] = ()
    others_met: str = ""
    notes: str = ""


class PeopleMet(Answer):
    """Which of the people on the case were met: their ids, each once."""

    sentences: ClassVar[dict[str, str]] = {
        "missing": mark("Select who you met"),
        "invalid": mark("Select from the people shown"),
    }

    def check(self, value: object) -> list[str]:
        """Return the ids, if that is what they are and nobody met a crowd."""
        if not isinstance(value, list) or len(value) > PEOPLE_MET_MAX:
            raise self.refusal("invalid")
        if not all(isinstance(each, str) and is_id(each) for each in value):
            raise self.refusal("invalid")
        return sorted(set(value))

    def from_typed(self, name: str, typed: Typed) -> object:
        """Read every box that was ticked."""
        return [text for text in typed.get(name, ()) if text]

    def to_typed(self, name: str, value: object) -> dict[str, tuple[str, ...]]:
        """Tick the boxes of the people already named."""
        return {name: tuple(value)} if isinstance(value, (list, tuple)) else {}


class RecordVisitSchema(Schema):
    """How `RecordVisit` is written in a form and in a message."""

    visit_id = IdField(required=True)
    case_id = IdField(required=True)
    planned_visit_id = IdField(load_default=None, allow_none=True)
    happened_at = MomentField(required=True, metadata={"label": mark("When")})
    outcome = Choice(
        OUTCOMES,
        required=True,
        metadata={"label": mark("What happened?"), "missing": mark("Select what happened")},
    )
    met_person_ids = PeopleMet(load_default=(), metadata={"label": mark("Who did you meet?")})
    others_met = CleanText(
        load_default="", characters_max=500, metadata={"label": mark("Anyone else you met")}
    )
    notes = CleanText(
        load_default="", characters_max=TEXT_MAX, lines=True, metadata={"label": mark("Notes")}
    )


@dataclass(frozen=True, kw_only=True)
class VisitRecorded(Change):
    """A visit was made."""

    name: ClassVar[str] = "VisitRecorded"
    visit_id: str
    case_id: str
    planned_visit_id: str | None
    officer_id: str
    happened_at: datetime
    outcome: str
    met_person_ids: tuple[str, ...]
    others_met: str = field(default="", metadata=PERSONAL)
    notes: str = field(default="", metadata=PERSONAL)
    flags: tuple[str, ...] = ()


def record_visit(case: CaseFile, command: RecordVisit, occasion: Occasion) -> Decision:
    """Record the visit with what a supervisor should know; refuse only the same one twice."""
    if case.visit(command.visit_id):
        raise RuleBroken("visit.already_recorded")
    officer_id = occasion.actor.user_id
    planned = case.planned_visit(command.planned_visit_id) if command.planned_visit_id else None
    known = {person.person_id for person in case.people}
    amiss = {
        "visit.hold_in_force": case.is_held_on(command.happened_at.date()),
        "visit.not_assigned": officer_id not in case.officer_ids,
        "visit.case_closed": not case.open,
        "visit.plan_closed": planned is not None and not planned.open,
        "visit.clock_ahead": command.happened_at > occasion.decided_at + CLOCK_AHEAD_MAX,
        "visit.long_ago": command.happened_at < occasion.decided_at - LONG_AGO,
        "visit.person_unknown": not known.issuperset(command.met_person_ids),
    }
    flags = tuple(code for code, is_so in amiss.items() if is_so)
    recorded = VisitRecorded(
        visit_id=command.visit_id,
        case_id=command.case_id,
        planned_visit_id=command.planned_visit_id if planned else None,
        officer_id=officer_id,
        happened_at=command.happened_at,
        outcome=command.outcome,
        met_person_ids=tuple(p for p in command.met_person_ids if p in known),
        others_met=command.others_met,
        notes=command.notes,
        flags=flags,
    )
    return Decision(changes=(recorded,), flags=flags)
