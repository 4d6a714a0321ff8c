"""What is asked about broken glass: open a hidden record for an hour, close it, review that it was."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Touched
from shared.errors import register
from shared.fields import Choice, CleanText, IdField

OPEN_FOR = timedelta(minutes=60)
"""How long a hidden record stays open to whoever opened it."""

WHY_MIN = 15
"""Characters a reason in words must have: a word is none."""

WHY_MAX = 500
"""Characters it may have."""

REFERENCE_MAX = 60

REASONS = {
    "payment": mark("Somebody is paying or asks about a payment"),
    "contact": mark("The person has been in touch"),
    "safety": mark("Somebody may come to harm"),
    "court": mark("A court or a deadline in law requires it"),
    "correction": mark("Something in the record is wrong and has to be put right"),
}
"""Why a hidden record is opened; the code is stored, the words are shown."""

FINDINGS = {
    "in_order": mark("It was in order"),
    "to_discuss": mark("It was in order, and is to be talked over"),
    "not_in_order": mark("It was not in order"),
}
"""What a reviewer finds."""

register(
    {
        "glass.nothing": mark(
            "Nothing that is hidden from you has this reference: check how it is written"
        ),
        "glass.why_short": mark("Say in at least %(characters_min)s characters why"),
        "glass.open": mark("Close the record that you opened before"),
        "glass.closed": mark("This was closed already"),
        "glass.unknown": mark("This is not known here: open the list again"),
        "glass.own": mark("Ask someone else to review this: you opened the record"),
        "glass.reviewed": mark("This was reviewed already"),
        "glass.still_open": mark("The record is still open: review it once it is closed"),
    }
)


@dataclass(frozen=True, kw_only=True)
class BreakGlass(Command):
    """Open what is hidden under the reference of an account or case, for an hour and a reason."""

    name: ClassVar[str] = "BreakGlass"
    makes: ClassVar[tuple[str, ...]] = ("break_id",)
    break_id: str
    reference: str
    reason: str
    why: str


class BreakGlassSchema(Schema):
    """How `BreakGlass` is written in a form."""

    break_id = IdField(required=True)
    reference = CleanText(
        required=True,
        characters_max=REFERENCE_MAX,
        metadata={
            "label": mark("Reference of the account or case"),
            "hint": mark("The whole reference, as it stands on a letter"),
            "missing": mark("Enter the reference"),
        },
    )
    reason = Choice(
        REASONS,
        required=True,
        metadata={"label": mark("Why do you need it?"), "missing": mark("Select why")},
    )
    why = CleanText(
        required=True,
        characters_max=WHY_MAX,
        metadata={
            "label": mark("Say why in your own words"),
            "hint": mark("At least 15 characters. Somebody else reads this today"),
            "missing": mark("Say why"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class GlassBroken(Change):
    """Somebody opened a hidden record, until the moment it says."""

    name: ClassVar[str] = "GlassBroken"
    break_id: str
    user_id: str
    person_ids: tuple[str, ...]
    reference: str
    reason: str
    until: datetime
    why: str = field(metadata=PERSONAL)

    def touched(self) -> Touched:
        """Name the people whose record was opened."""
        return Touched(person_ids=frozenset(self.person_ids))


@dataclass(frozen=True, kw_only=True)
class CloseGlass(Command):
    """Close a hidden record before its hour is over."""

    name: ClassVar[str] = "CloseGlass"
    break_id: str


class CloseGlassSchema(Schema):
    """How `CloseGlass` is written in a form."""

    break_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class GlassClosed(Change):
    """Whoever opened a hidden record needs it no longer."""

    name: ClassVar[str] = "GlassClosed"
    break_id: str
    person_ids: tuple[str, ...]
    until: datetime

    def touched(self) -> Touched:
        """Name the people whose record was closed."""
        return Touched(person_ids=frozenset(self.person_ids))


@dataclass(frozen=True, kw_only=True)
class ReviewGlass(Command):
    """Say whether it was in order to open a hidden record; never of one's own."""

    name: ClassVar[str] = "ReviewGlass"
    break_id: str
    finding: str
    note: str = ""


class ReviewGlassSchema(Schema):
    """How `ReviewGlass` is written in a form."""

    break_id = IdField(required=True)
    finding = Choice(
        FINDINGS,
        required=True,
        metadata={"label": mark("What did you find?"), "missing": mark("Select what you found")},
    )
    note = CleanText(
        load_default="", characters_max=WHY_MAX, metadata={"label": mark("What follows from it")}
    )


@dataclass(frozen=True, kw_only=True)
class GlassReviewed(Change):
    """Somebody else looked at whether it was in order."""

    name: ClassVar[str] = "GlassReviewed"
    break_id: str
    person_ids: tuple[str, ...]
    finding: str
    note: str = field(metadata=PERSONAL)

    def touched(self) -> Touched:
        """Name the people whose record had been opened."""
        return Touched(person_ids=frozenset(self.person_ids))
