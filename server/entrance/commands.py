"""What is asked at the entrance: who a user is at the provider, and what an emergency sign-in was."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.errors import register
from shared.fields import CleanText, IdField

ISSUER_MAX = 500
"""Characters the address of a provider may have."""

SUBJECT_MAX = 255
"""Characters a provider's id may have."""

NOTE_MAX = 1_000
"""Characters a note may have."""

register(
    {
        "identity.linked": mark("This account of the council already belongs to somebody here"),
        "identity.other": mark("This user already signs in with another account of the council"),
        "emergency.unknown": mark("This sign-in is not known here: open the list again"),
        "emergency.own": mark("Ask another administrator: nobody examines their own sign-in"),
    }
)


@dataclass(frozen=True, kw_only=True)
class LinkIdentity(Command):
    """Say who a user is at the provider."""

    name: ClassVar[str] = "LinkIdentity"
    user_id: str
    issuer: str
    tenant: str
    subject: str


class LinkIdentitySchema(Schema):
    """How `LinkIdentity` is written."""

    user_id = IdField(required=True)
    issuer = CleanText(required=True, characters_max=ISSUER_MAX)
    tenant = CleanText(
        load_default="",
        characters_max=SUBJECT_MAX,
        metadata={"label": mark("Tenant ID"), "hint": mark("As the directory shows it")},
    )
    subject = CleanText(
        required=True,
        characters_max=SUBJECT_MAX,
        metadata={
            "label": mark("Object ID of the account"),
            "hint": mark("As the directory shows it, not an address and not a name"),
            "missing": mark("Enter the object ID of the account"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class IdentityLinked(Change):
    """A user signs in with this account of the council."""

    name: ClassVar[str] = "IdentityLinked"
    user_id: str
    issuer: str
    tenant: str = field(metadata=PERSONAL)
    subject: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class RecordEmergencySignIn(Command):
    """Note that somebody came in with a password though people come in by the council's accounts."""

    name: ClassVar[str] = "RecordEmergencySignIn"
    sign_in_id: str
    user_id: str


class RecordEmergencySignInSchema(Schema):
    """How `RecordEmergencySignIn` is written."""

    sign_in_id = IdField(required=True)
    user_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class EmergencySignInRecorded(Change):
    """Somebody came in with a password; another administrator is to find out why."""

    name: ClassVar[str] = "EmergencySignInRecorded"
    sign_in_id: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class ExamineEmergencySignIn(Command):
    """Say that somebody else has found out why a password was used, and why it was."""

    name: ClassVar[str] = "ExamineEmergencySignIn"
    sign_in_id: str
    note: str


class ExamineEmergencySignInSchema(Schema):
    """How `ExamineEmergencySignIn` is written in a form."""

    sign_in_id = IdField(required=True)
    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("Why was a password used?"),
            "missing": mark("Enter why a password was used"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class EmergencySignInExamined(Change):
    """Another administrator found out why a password was used."""

    name: ClassVar[str] = "EmergencySignInExamined"
    sign_in_id: str
    examined_by: str
    note: str = field(metadata=PERSONAL)
