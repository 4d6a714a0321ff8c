"""How each change to a user, a code or a device alters rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.access.device_commands import (
    WORDS_DIFFER,
    DeviceApproved,
    DeviceEnrolled,
    DeviceRevoked,
    EnrolmentTicketIssued,
    OfficerKeyBound,
    read_key,
)
from server.access.tables import (
    DeviceRow,
    LeaseRow,
    OfficerKeyRow,
    SessionRow,
    TicketRow,
    UserRoleRow,
    UserRow,
)
from server.access.user_commands import (
    PasswordSet,
    RoleGranted,
    RoleWithdrawn,
    UserOpened,
    UserReinstated,
    UserSuspended,
)
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def user_opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new users, who cannot sign in before they have a password."""
    session.execute(
        insert(UserRow),
        [
            {
                "user_id": item.change.user_id,
                "sign_in": item.change.sign_in,
                "name": item.change.full_name,
                "created_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(item.change, UserOpened)
        ],
    )


def password_set(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep the hash, and end every session the old password opened."""
    for item in recorded:
        if isinstance(item.change, PasswordSet):
            session.execute(
                update(UserRow)
                .where(UserRow.user_id == item.change.user_id)
                .values(
                    password_hash=item.change.password_hash,
                    password_temporary=item.change.temporary,
                )
            )
            _end_sessions(session, item, item.change.user_id)


def role_granted(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write roles that users hold."""
    for item in recorded:
        if isinstance(item.change, RoleGranted):
            session.execute(
                upsert(UserRoleRow)
                .values(user_id=item.change.user_id, role=item.change.role)
                .on_conflict_do_nothing()
            )


def role_withdrawn(session: Session, recorded: Sequence[Recorded]) -> None:
    """Take roles away from users."""
    for item in recorded:
        if isinstance(item.change, RoleWithdrawn):
            session.execute(
                delete(UserRoleRow).where(
                    UserRoleRow.user_id == item.change.user_id,
                    UserRoleRow.role == item.change.role,
                )
            )


def user_suspended(session: Session, recorded: Sequence[Recorded]) -> None:
    """Shut users out, end their sessions and take back what their devices were lent, at once."""
    for item in recorded:
        if isinstance(item.change, UserSuspended):
            _set_active(session, item.change.user_id, active=False)
            _end_sessions(session, item, item.change.user_id)
            theirs = select(DeviceRow.device_id).where(DeviceRow.officer_id == item.change.user_id)
            _take_back(session, item, LeaseRow.device_id.in_(theirs))


def user_reinstated(session: Session, recorded: Sequence[Recorded]) -> None:
    """Let users in again."""
    for item in recorded:
        if isinstance(item.change, UserReinstated):
            _set_active(session, item.change.user_id, active=True)


def ticket_issued(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write codes, and end the officer's older ones that nobody used."""
    for item in recorded:
        if isinstance(item.change, EnrolmentTicketIssued):
            session.execute(
                update(TicketRow)
                .where(
                    TicketRow.officer_id == item.change.officer_id,
                    TicketRow.used_at.is_(None),
                    TicketRow.expires_at > item.recorded_at,
                )
                .values(expires_at=item.recorded_at)
            )
            session.execute(
                insert(TicketRow).values(
                    ticket_id=item.change.ticket_id,
                    code_hash=item.change.code_hash,
                    officer_id=item.change.officer_id,
                    issued_by=item.change.issued_by,
                    issued_at=item.recorded_at,
                    expires_at=item.change.expires_at,
                )
            )


def device_enrolled(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write devices that wait for approval, and note that their codes are used."""
    for item in recorded:
        if isinstance(item.change, DeviceEnrolled):
            session.execute(
                update(TicketRow)
                .where(TicketRow.ticket_id == item.change.ticket_id)
                .values(used_at=item.recorded_at)
            )
            session.execute(
                insert(DeviceRow).values(
                    device_id=item.change.device_id,
                    officer_id=item.change.officer_id,
                    ticket_id=item.change.ticket_id,
                    public_key=read_key(item.change.public_key),
                    name=item.change.device_name,
                    platform=item.change.platform,
                    words=item.change.words,
                    tablet_id=item.change.tablet_id,
                    state="pending",
                    enrolled_at=item.recorded_at,
                )
            )


def device_approved(session: Session, recorded: Sequence[Recorded]) -> None:
    """Let devices speak for their officers."""
    for item in recorded:
        if isinstance(item.change, DeviceApproved):
            session.execute(
                update(DeviceRow)
                .where(DeviceRow.device_id == item.change.device_id)
                .values(
                    state="active",
                    approved_by=item.change.approved_by,
                    approved_at=item.recorded_at,
                )
            )


def device_revoked(session: Session, recorded: Sequence[Recorded]) -> None:
    """End what devices may do and what they were lent, and their officers' sessions, at once.

    A device turned away before it was ever let in leaves its officer's sessions alone.
    """
    for item in recorded:
        if isinstance(item.change, DeviceRevoked):
            session.execute(
                update(DeviceRow)
                .where(DeviceRow.device_id == item.change.device_id)
                .values(
                    state="revoked",
                    revoked_by=item.change.revoked_by,
                    revoked_at=item.recorded_at,
                    revoked_reason=item.change.reason,
                )
            )
            _take_back(session, item, LeaseRow.device_id == item.change.device_id)
            if item.change.reason != WORDS_DIFFER:
                _end_sessions(session, item, item.change.officer_id)


def officer_key_bound(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write whose hand signs on a device."""
    for item in recorded:
        if isinstance(item.change, OfficerKeyBound):
            session.execute(
                insert(OfficerKeyRow).values(
                    device_id=item.change.device_id,
                    officer_id=item.change.officer_id,
                    public_key=read_key(item.change.officer_key),
                    office=item.change.office,
                    bound_at=item.recorded_at,
                )
            )


def _set_active(session: Session, user_id: str, *, active: bool) -> None:
    session.execute(update(UserRow).where(UserRow.user_id == user_id).values(active=active))


def _take_back(session: Session, item: Recorded, whose: ColumnElement[bool]) -> None:
    """Destroy the office's share of these devices' keys; the terms stay, to say what was lent."""
    session.execute(
        update(LeaseRow)
        .where(whose, LeaseRow.sealed_root.is_not(None))
        .values(sealed_root=None, taken_back_at=item.recorded_at)
        .execution_options(synchronize_session=False)
    )


def _end_sessions(session: Session, item: Recorded, user_id: str) -> None:
    session.execute(
        update(SessionRow)
        .where(SessionRow.user_id == user_id, SessionRow.ended_at.is_(None))
        .values(ended_at=item.recorded_at, sealed_refresh=None)
    )


RECORDERS: Mapping[type[Change], Recorder] = {
    UserOpened: user_opened,
    PasswordSet: password_set,
    RoleGranted: role_granted,
    RoleWithdrawn: role_withdrawn,
    UserSuspended: user_suspended,
    UserReinstated: user_reinstated,
    EnrolmentTicketIssued: ticket_issued,
    DeviceEnrolled: device_enrolled,
    DeviceApproved: device_approved,
    DeviceRevoked: device_revoked,
    OfficerKeyBound: officer_key_bound,
}
"""Who writes which change."""
