"""What the office asks about holds: place one on a debt, and end it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.errors import register
from shared.fields import Choice, CleanText, IdField
from shared.holds import REASONS

NOTE_MAX = 1_000

FLAGS: dict[str, str] = {
    "hold.visit_since": mark("A visit was made after the hold began"),
    "hold.costs_since": mark("Costs were added after the hold began"),
}
"""What someone should look at when a hold is placed with a first day that has passed."""

register(
    {
        "hold.known": mark("This hold has already been placed"),
        "hold.unknown": mark("This hold is not on this debt: open the account again"),
        "hold.covered": mark("A hold for this reason already covers these days"),
        "hold.ended": mark("This hold has already ended on an earlier day"),
        "hold.last_day_before_first": mark("Enter a last day that is not before the first day"),
    }
)


@dataclass(frozen=True, kw_only=True)
class PlaceHold(Command):
    """Stop recovery of a debt from a day on; without a last day until somebody ends the hold."""

    name: ClassVar[str] = "PlaceHold"
    hold_id: str
    debt_id: str
    reason: str
    note: str = ""
    from_on: date
    last_day: date | None = None


class PlaceHoldSchema(Schema):
    """How `PlaceHold` is written in a form and in a message."""

    hold_id = IdField(required=True)
    debt_id = IdField(required=True)
    reason = Choice(
        REASONS,
        required=True,
        metadata={"label": mark("Why?"), "missing": mark("Select why the debt is held")},
    )
    from_on = DayField(
        required=True,
        metadata={
            "label": mark("First day of the hold"),
            "missing": mark("Enter the first day of the hold, like 4 3 2027"),
        },
    )
    last_day = DayField(
        load_default=None,
        allow_none=True,
        metadata={
            "label": mark("Last day of the hold"),
            "hint": mark("Leave this empty if nobody knows yet"),
        },
    )
    note = CleanText(
        load_default="",
        characters_max=NOTE_MAX,
        lines=True,
        metadata={"label": mark("What should others know?")},
    )


@dataclass(frozen=True, kw_only=True)
class HoldPlaced(Change):
    """Recovery of a debt may not go on from a day; `until` is the first day it may again."""

    name: ClassVar[str] = "HoldPlaced"
    hold_id: str
    debt_id: str
    reason: str
    from_on: date
    until: date | None
    note: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class EndHold(Command):
    """Say which day is the last one a hold covers."""

    name: ClassVar[str] = "EndHold"
    hold_id: str
    debt_id: str
    last_day: date
    last_day_seen: str | None = None
    """The last day the page had shown, empty where there was none; none when nothing was shown."""


class EndHoldSchema(Schema):
    """How `EndHold` is written in a form and in a message."""

    hold_id = IdField(required=True)
    debt_id = IdField(required=True)
    last_day = DayField(
        required=True,
        metadata={
            "label": mark("Last day of the hold"),
            "missing": mark("Enter the last day of the hold, like 4 3 2027"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class HoldEnded(Change):
    """A hold ends sooner than it would have; `until` is the first day it no longer covers."""

    name: ClassVar[str] = "HoldEnded"
    hold_id: str
    debt_id: str
    reason: str
    until: date
