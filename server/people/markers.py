"""Markers: a risk to the people who visit, on a person or a place, with evidence and a review day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import Command, Decision, Occasion
from shared.day_fields import DayField
from shared.errors import RuleBroken, register
from shared.fields import CleanText, IdField
from shared.markers import NOTE_MAX, MarkerEnded, MarkerRecorded, WarningSchema
from shared.presentation import LONDON

REVIEW_DAYS_MAX = 366
"""A marker lapses unless somebody looks at it again; how soon is local policy, a year at most."""

register(
    {
        "marker.unknown": mark("This marker is not known here: open the person again"),
        "marker.proposal_open": mark(
            "An officer has asked to take this warning off: decide that, from the worktray"
        ),
        "marker.ended": mark("This marker has already been ended"),
        "marker.review_in_past": mark("Enter a review date after today"),
        "marker.review_too_late": mark("Enter a review date within a year from today"),
        "marker.from_in_future": mark("Enter a day that has been"),
        "place.unknown": mark("This address is not known here: open the person again"),
    }
)


@dataclass(frozen=True, kw_only=True)
class RecordMarker(Command):
    """Warn everyone who visits: of a person, or of a place."""

    name: ClassVar[str] = "RecordMarker"
    marker_id: str
    person_id: str | None = None
    address_id: str | None = None
    kind: str
    note: str
    from_on: date
    review_on: date


class RecordMarkerSchema(WarningSchema):
    """How `RecordMarker` is written in a form and in a message."""

    from_on = DayField(
        required=True,
        metadata={
            "label": mark("When was the risk seen?"),
            "missing": mark("Enter the day the risk was seen, like 4 3 2027"),
        },
    )
    review_on = DayField(
        required=True,
        metadata={
            "label": mark("When must this be reviewed?"),
            "missing": mark("Enter the day of the review, like 4 3 2027"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class EndMarker(Command):
    """Take a warning back, because the risk is gone or was never there."""

    name: ClassVar[str] = "EndMarker"
    marker_id: str
    reason: str


class EndMarkerSchema(Schema):
    """How `EndMarker` is written in a form and in a message."""

    marker_id = IdField(required=True)
    reason = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("Why is the risk over?"),
            "missing": mark("Enter why the risk is over"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class MarkerFacts:
    """What the rules on markers look at: the marker if there is one, and what it would be on."""

    known: bool = False
    person_id: str | None = None
    address_id: str | None = None
    kind: str = ""
    ended: bool = False
    asked_off: bool = False
    person_known: bool = False
    place_known: bool = False
    case_ids: frozenset[str] = frozenset()


def record_marker(facts: MarkerFacts, command: RecordMarker, occasion: Occasion) -> Decision:
    """Warn of a person or a place that is known, until a review not more than a year away."""
    if facts.known:
        raise RuleBroken("marker.known")
    if (command.person_id is None) == (command.address_id is None):
        raise RuleBroken("marker.person_or_place", field="person_id")
    if command.person_id is not None and not facts.person_known:
        raise RuleBroken("person.unknown")
    if command.address_id is not None and not facts.place_known:
        raise RuleBroken("place.unknown")
    today = occasion.decided_at.astimezone(LONDON).date()
    if command.from_on > today:
        raise RuleBroken("marker.from_in_future", field="from_on")
    if command.review_on <= today:
        raise RuleBroken("marker.review_in_past", field="review_on")
    if command.review_on > today + timedelta(days=REVIEW_DAYS_MAX):
        raise RuleBroken("marker.review_too_late", field="review_on")
    return Decision(
        changes=(
            MarkerRecorded(
                marker_id=command.marker_id,
                person_id=command.person_id,
                address_id=command.address_id,
                case_ids=facts.case_ids,
                kind=command.kind,
                from_on=command.from_on,
                review_on=command.review_on,
                note=command.note,
            ),
        )
    )


def end_marker(facts: MarkerFacts, command: EndMarker, occasion: Occasion) -> Decision:
    """Take the warning back from today."""
    if not facts.known:
        raise RuleBroken("marker.unknown")
    if facts.ended:
        raise RuleBroken("marker.ended")
    if facts.asked_off:
        raise RuleBroken("marker.proposal_open")
    return Decision(
        changes=(
            MarkerEnded(
                marker_id=command.marker_id,
                person_id=facts.person_id,
                address_id=facts.address_id,
                case_ids=facts.case_ids,
                kind=facts.kind,
                until=occasion.decided_at.astimezone(LONDON).date(),
                reason=command.reason,
            ),
        )
    )
