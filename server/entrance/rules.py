"""Decide who a user is at the provider, and who examines an emergency sign-in; pure."""

from __future__ import annotations

from dataclasses import dataclass

from server.entrance.commands import (
    EmergencySignInExamined,
    EmergencySignInRecorded,
    ExamineEmergencySignIn,
    IdentityLinked,
    LinkIdentity,
    RecordEmergencySignIn,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class IdentityFile:
    """What linking an account looks at: whose it is, and whether the user has one."""

    belongs_to: str | None
    user_has_one: bool


@dataclass(frozen=True, kw_only=True)
class EmergencyFile:
    """What an examination looks at: whose sign-in it was, and whether it was examined; none if unknown."""

    user_id: str | None = None
    examined: bool = False


def link_identity(file: IdentityFile, command: LinkIdentity, _occasion: Occasion) -> Decision:
    """Decide whether an account can be a user's: one that is nobody's, to one who has none."""
    if file.belongs_to == command.user_id:
        return Decision()
    if file.belongs_to is not None:
        raise RuleBroken("identity.linked", field="subject")
    if file.user_has_one:
        raise RuleBroken("identity.other", field="subject")
    linked = IdentityLinked(
        user_id=command.user_id,
        issuer=command.issuer,
        tenant=command.tenant,
        subject=command.subject,
    )
    return Decision(changes=(linked,))


def record_emergency(
    file: EmergencyFile, command: RecordEmergencySignIn, _occasion: Occasion
) -> Decision:
    """Record that a password was used; told twice it is one."""
    if file.user_id is not None:
        return Decision()
    recorded = EmergencySignInRecorded(sign_in_id=command.sign_in_id, user_id=command.user_id)
    return Decision(changes=(recorded,))


def examine_emergency(
    file: EmergencyFile, command: ExamineEmergencySignIn, occasion: Occasion
) -> Decision:
    """Decide who may examine a sign-in: anybody but whoever signed in; once."""
    if file.user_id is None:
        raise RuleBroken("emergency.unknown")
    if file.user_id == occasion.actor.user_id:
        raise RuleBroken("emergency.own", field="note")
    if file.examined:
        return Decision()
    examined = EmergencySignInExamined(
        sign_in_id=command.sign_in_id, examined_by=occasion.actor.user_id, note=command.note
    )
    return Decision(changes=(examined,))
