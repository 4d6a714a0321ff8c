"""How each change at the entrance alters its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from server.entrance.commands import (
    EmergencySignInExamined,
    EmergencySignInRecorded,
    IdentityLinked,
)
from server.entrance.tables import EmergencySignInRow, IdentityRow
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def identity_linked(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write who users are at the provider."""
    for item in recorded:
        if isinstance(item.change, IdentityLinked):
            session.execute(
                insert(IdentityRow).values(
                    issuer=item.change.issuer,
                    tenant=item.change.tenant,
                    subject=item.change.subject,
                    user_id=item.change.user_id,
                    linked_at=item.recorded_at,
                )
            )


def emergency_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write emergency sign-ins."""
    for item in recorded:
        if isinstance(item.change, EmergencySignInRecorded):
            session.execute(
                insert(EmergencySignInRow).values(
                    sign_in_id=item.change.sign_in_id,
                    user_id=item.change.user_id,
                    happened_at=item.happened_at,
                )
            )


def emergency_examined(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write what was found out about them."""
    for item in recorded:
        if isinstance(item.change, EmergencySignInExamined):
            session.execute(
                update(EmergencySignInRow)
                .where(EmergencySignInRow.sign_in_id == item.change.sign_in_id)
                .values(
                    examined_by=item.change.examined_by,
                    examined_at=item.recorded_at,
                    note=item.change.note,
                )
            )


RECORDERS: Mapping[type[Change], Recorder] = {
    IdentityLinked: identity_linked,
    EmergencySignInRecorded: emergency_recorded,
    EmergencySignInExamined: emergency_examined,
}
"""Who writes which change."""
