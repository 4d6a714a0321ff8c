"""What is asked about restricted people: restrict one, change who is on the list, lift it by two."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, YesNo

REASONS = {
    "council_staff": mark("Works for the council"),
    "elected_member": mark("Elected member"),
    "other": mark("Another reason"),
}
"""Why a person is restricted; the code is stored, the words are shown."""

NOTE_MAX = 500
"""Characters a reason in words may have."""

register(
    {
        "restriction.person_unknown": mark("This person is not known here: search again"),
        "restriction.exists": mark("This record is restricted already: open it again"),
        "restriction.none": mark("This record is not restricted any more: open it again"),
        "restriction.own_record": mark("Ask someone else: nobody decides about their own record"),
        "restriction.user_unknown": mark("Choose one of the people shown"),
        "restriction.subject": mark("Choose someone else: this record is their own"),
        "restriction.self": mark("Ask someone else: nobody gives themselves access"),
        "restriction.last": mark("Give somebody else access first: this is the last person"),
        "restriction.lift_asked": mark(
            "Somebody has asked for that already: it waits for an answer"
        ),
        "restriction.lift_none": mark("This was answered already: open the record again"),
        "restriction.lift_own": mark("Ask someone else to agree: you asked for this"),
    }
)


@dataclass(frozen=True, kw_only=True)
class RestrictPerson(Command):
    """Hide a person, with their accounts and cases, from everybody but whoever is on the list.

    Whoever asks is the first on it. `user_id` names the user who is this person, if one is.
    """

    name: ClassVar[str] = "RestrictPerson"
    person_id: str
    reason: str
    note: str
    user_id: str = ""


class RestrictPersonSchema(Schema):
    """How `RestrictPerson` is written in a form."""

    person_id = IdField(required=True)
    reason = Choice(
        REASONS,
        required=True,
        metadata={
            "label": mark("Why must this record be restricted?"),
            "missing": mark("Select why"),
        },
    )
    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        metadata={
            "label": mark("What should whoever decides about it later know?"),
            "missing": mark("Enter what they should know"),
        },
    )
    user_id = CleanText(load_default="", characters_max=36)


@dataclass(frozen=True, kw_only=True)
class PersonRestricted(Change):
    """A person is seen by those on a list only, from now on."""

    name: ClassVar[str] = "PersonRestricted"
    person_id: str
    reason: str
    user_id: str
    note: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class GiveAccess(Command):
    """Put a user on the list of a restricted person."""

    name: ClassVar[str] = "GiveAccess"
    person_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class TakeAccess(Command):
    """Take a user off the list of a restricted person, and off their device what it leads to."""

    name: ClassVar[str] = "TakeAccess"
    person_id: str
    user_id: str


class AccessSchema(Schema):
    """How `GiveAccess` and `TakeAccess` are written."""

    person_id = IdField(required=True)
    user_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class AccessGiven(Change):
    """A user is on the list of a restricted person."""

    name: ClassVar[str] = "AccessGiven"
    person_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class AccessTaken(Change):
    """A user is no longer on the list."""

    name: ClassVar[str] = "AccessTaken"
    person_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class AskToLift(Command):
    """Ask that a person be seen like any other again; somebody else decides."""

    name: ClassVar[str] = "AskToLift"
    person_id: str
    why: str


class AskToLiftSchema(Schema):
    """How `AskToLift` is written in a form."""

    person_id = IdField(required=True)
    why = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        metadata={
            "label": mark("Why is the restriction no longer needed?"),
            "missing": mark("Enter why it is no longer needed"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class LiftAsked(Change):
    """Somebody asked for a restriction to end; it holds until another person has agreed."""

    name: ClassVar[str] = "LiftAsked"
    person_id: str
    why: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class AnswerLift(Command):
    """Agree that a restriction ends, which somebody else asked for, or turn it down."""

    name: ClassVar[str] = "AnswerLift"
    person_id: str
    agreed: bool


class AnswerLiftSchema(Schema):
    """How `AnswerLift` is written in a form."""

    person_id = IdField(required=True)
    agreed = YesNo(
        required=True,
        metadata={
            "label": mark("Should everybody see this record again?"),
            "missing": mark("Choose yes if everybody should see it, no if not"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class LiftAnswered(Change):
    """A second person agreed that a restriction ends, or turned it down."""

    name: ClassVar[str] = "LiftAnswered"
    person_id: str
    agreed: bool
