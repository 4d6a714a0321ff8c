"""What rules look at about users, codes and devices: loaded set-wise, their rows locked in id order.

`FOR NO KEY UPDATE` is enough and leaves sign-ins alone, which only refer to a user.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from server.access.device_commands import (
    ApproveDevice,
    BindOfficerKey,
    IssueEnrolmentTicket,
    RecordEnrolment,
    RevokeDevice,
    read_key,
    write_key,
)
from server.access.device_rules import DeviceFile, TicketFile
from server.access.enrolment import office_key
from server.access.tables import (
    DeviceRow,
    OfficerKeyRow,
    RoleRow,
    TicketRow,
    UserRoleRow,
    UserRow,
)
from server.access.user_commands import (
    GrantRole,
    OpenUser,
    ReinstateUser,
    SetPassword,
    SuspendUser,
    WithdrawRole,
)
from server.access.user_rules import UserFile
from server.spine.tables import Id
from shared.commands import Command

ABOUT_A_USER = (OpenUser, SetPassword, GrantRole, WithdrawRole, SuspendUser, ReinstateUser)
ABOUT_A_DEVICE = (ApproveDevice, RevokeDevice, BindOfficerKey)

_goes_out = table("goes_out", column("user_id", Id))


def user_facts(session: Session, commands: Sequence[Command]) -> list[UserFile]:
    """Load the user each command is about, and whether the name it asks for is taken."""
    asked = [command for command in commands if isinstance(command, ABOUT_A_USER)]
    locked = {
        user.user_id: user
        for user in session.scalars(
            select(UserRow)
            .where(UserRow.user_id.in_(sorted({c.user_id for c in asked})))
            .order_by(UserRow.user_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    roles: dict[str, set[str]] = {}
    held = select(UserRoleRow.user_id, UserRoleRow.role).where(UserRoleRow.user_id.in_(locked))
    for user_id, role in session.execute(held):
        roles.setdefault(user_id, set()).add(role)
    known_roles = frozenset(session.scalars(select(RoleRow.role)))
    wanted = {c.sign_in for c in asked if isinstance(c, OpenUser)}
    taken = set(session.scalars(select(UserRow.sign_in).where(UserRow.sign_in.in_(wanted))))
    return [
        UserFile(
            exists=c.user_id in locked,
            active=c.user_id in locked and locked[c.user_id].active,
            roles=frozenset(roles.get(c.user_id, ())),
            known_roles=known_roles,
            sign_in_taken=isinstance(c, OpenUser) and c.sign_in in taken,
        )
        for c in asked
    ]


def ticket_facts(session: Session, commands: Sequence[Command]) -> list[TicketFile]:
    """Load the code each command is about, its officer, and whether the key is known already."""
    asked = [c for c in commands if isinstance(c, IssueEnrolmentTicket | RecordEnrolment)]
    locked = {
        ticket.ticket_id: ticket
        for ticket in session.scalars(
            select(TicketRow)
            .where(TicketRow.ticket_id.in_(sorted({c.ticket_id for c in asked})))
            .order_by(TicketRow.ticket_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    going_out = _going_out(session, {c.officer_id for c in asked})
    keys = {c.ticket_id: read_key(c.public_key) for c in asked if isinstance(c, RecordEnrolment)}
    known_keys = set(
        session.scalars(
            select(DeviceRow.public_key).where(
                DeviceRow.public_key.in_([key for key in keys.values() if key])
            )
        )
    )
    own_key = office_key(session)
    files = []
    for command in asked:
        ticket = locked.get(command.ticket_id)
        files.append(
            TicketFile(
                exists=ticket is not None,
                officer_id=ticket.officer_id if ticket else "",
                expires_at=ticket.expires_at if ticket else None,
                used=ticket is not None and ticket.used_at is not None,
                officer_goes_out=command.officer_id in going_out,
                key_known=keys.get(command.ticket_id) in known_keys,
                office_key=own_key,
            )
        )
    return files


def device_facts(session: Session, commands: Sequence[Command]) -> list[DeviceFile | None]:
    """Load the device each command is about, and who gave out its code."""
    asked = [command for command in commands if isinstance(command, ABOUT_A_DEVICE)]
    locked = {
        device.device_id: device
        for device in session.scalars(
            select(DeviceRow)
            .where(DeviceRow.device_id.in_(sorted({c.device_id for c in asked})))
            .order_by(DeviceRow.device_id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    }
    tickets = {device.ticket_id for device in locked.values() if device.ticket_id}
    issued = select(TicketRow).where(TicketRow.ticket_id.in_(tickets))
    issuers = {ticket.ticket_id: ticket.issued_by for ticket in session.scalars(issued)}
    going_out = _going_out(session, {device.officer_id for device in locked.values()})
    told = select(OfficerKeyRow).where(OfficerKeyRow.device_id.in_(locked))
    keys = {row.device_id: write_key(row.public_key) for row in session.scalars(told)}
    files: list[DeviceFile | None] = []
    for command in asked:
        device = locked.get(command.device_id)
        files.append(
            DeviceFile(
                officer_id=device.officer_id,
                state=device.state,
                issued_by=issuers.get(device.ticket_id or ""),
                officer_goes_out=device.officer_id in going_out,
                officer_key=keys.get(device.device_id),
            )
            if device
            else None
        )
    return files


def _going_out(session: Session, user_ids: Collection[str]) -> set[str]:
    found = select(_goes_out.c.user_id).where(_goes_out.c.user_id.in_(sorted(user_ids)))
    return set(session.scalars(found))
