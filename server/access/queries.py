"""What the pages about users, roles and devices read, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, column, exists, func, select, table
from sqlalchemy.orm import Session, aliased

from server.access.device_commands import write_key
from server.access.erasures import is_still_there
from server.access.tables import (
    DeviceRow,
    DeviceStoreRow,
    LeaseRow,
    OfficerKeyRow,
    RolePermissionRow,
    RoleRow,
    SessionRow,
    TicketRow,
    UserRoleRow,
    UserRow,
)
from server.spine.paging import Slice
from server.spine.tables import CaseAccessRow, Id
from shared.lease_modes import Mode
from sync.officer_keys import fingerprint

TOGETHER_MAX = 50
"""Devices of one tablet that are named; a tablet that many officers share is not one that is carried."""

_goes_out = table("goes_out", column("user_id", Id))


@dataclass(frozen=True, kw_only=True)
class User:
    """A user as an administrator sees them."""

    user_id: str
    name: str
    sign_in: str
    active: bool
    has_password: bool
    roles: tuple[str, ...]
    role_names: tuple[str, ...]
    seen_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role, and what it permits."""

    role: str
    name: str
    permissions: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Officer:
    """Someone who goes out on visits."""

    user_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Lease:
    """What a device was lent: in which mode, until when, and since when no more."""

    mode: Mode
    days: int
    granted_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Signing:
    """The key that an officer's work on a device is signed with, in short, and since when."""

    key: str
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Device:
    """A device as whoever looks after devices sees it."""

    device_id: str
    officer_id: str
    officer_name: str
    officer_active: bool
    name: str
    platform: str
    words: tuple[str, ...]
    state: str
    enrolled_at: datetime
    issued_by: str | None
    issuer_name: str
    approved_at: datetime | None
    approver_name: str
    revoked_at: datetime | None
    revoker_name: str
    revoked_reason: str
    seen_at: datetime | None
    clock_offset_seconds: int | None
    cases_left: int
    lease: Lease | None
    signing: Signing | None


def count_users(session: Session) -> int:
    """Count everyone who works here or did."""
    return session.scalar(select(func.count()).select_from(UserRow)) or 0


def users(session: Session, part: Slice) -> list[User]:
    """List users by name, those who can sign in first."""
    found = select(UserRow).order_by(UserRow.active.desc(), UserRow.name, UserRow.user_id)
    return _users(session, found.offset(part.offset).limit(part.limit))


def user(session: Session, user_id: str) -> User | None:
    """Find one user."""
    return next(iter(_users(session, select(UserRow).where(UserRow.user_id == user_id))), None)


def _users(session: Session, wanted: Select[UserRow]) -> list[User]:
    found = session.scalars(wanted).all()
    ids = [each.user_id for each in found]
    held: dict[str, list[tuple[str, str]]] = {}
    for user_id, role, name in session.execute(
        select(UserRoleRow.user_id, RoleRow.role, RoleRow.name)
        .join(RoleRow, RoleRow.role == UserRoleRow.role)
        .where(UserRoleRow.user_id.in_(ids))
        .order_by(RoleRow.name)
    ):
        held.setdefault(user_id, []).append((role, name))
    last_seen = select(SessionRow).where(SessionRow.user_id.in_(ids)).order_by(SessionRow.seen_at)
    seen = {each.user_id: each.seen_at for each in session.scalars(last_seen)}
    return [
        User(
            user_id=each.user_id,
            name=each.name,
            sign_in=each.sign_in,
            active=each.active,
            has_password=bool(each.password_hash),
            roles=tuple(role for role, _name in held.get(each.user_id, ())),
            role_names=tuple(name for _role, name in held.get(each.user_id, ())),
            seen_at=seen.get(each.user_id),
        )
        for each in found
    ]


def roles(session: Session) -> list[Role]:
    """List the roles with what each permits."""
    permitted: dict[str, set[str]] = {}
    for role, permission in session.execute(
        select(RolePermissionRow.role, RolePermissionRow.permission)
    ):
        permitted.setdefault(role, set()).add(permission)
    return [
        Role(role=row.role, name=row.name, permissions=frozenset(permitted.get(row.role, ())))
        for row in session.scalars(select(RoleRow).order_by(RoleRow.name))
    ]


def officers(session: Session) -> list[Officer]:
    """List those who go out on visits, by name."""
    found = session.execute(
        select(UserRow.user_id, UserRow.name)
        .join(_goes_out, _goes_out.c.user_id == UserRow.user_id)
        .order_by(UserRow.name, UserRow.user_id)
    )
    return [Officer(user_id=user_id, name=name) for user_id, name in found]


def count_devices(session: Session, states: Sequence[str]) -> int:
    """Count the devices that stand in one of these states."""
    counted = select(func.count()).select_from(DeviceRow).where(DeviceRow.state.in_(states))
    return session.scalar(counted) or 0


def devices(session: Session, states: Sequence[str], part: Slice) -> list[Device]:
    """List the devices in some states, by officer, the newest first."""
    return _devices(session, DeviceRow.state.in_(states), part)


def device(session: Session, device_id: str) -> Device | None:
    """Find one device."""
    found = _devices(session, DeviceRow.device_id == device_id, Slice(limit=1))
    return found[0] if found else None


def on_the_same_tablet(session: Session, device_id: str) -> list[Device]:
    """List the other devices that say they are on the same piece of hardware, those in use first."""
    here = select(DeviceRow.tablet_id).where(DeviceRow.device_id == device_id).scalar_subquery()
    beside = and_(DeviceRow.tablet_id == here, DeviceRow.device_id != device_id)
    found = _devices(session, beside, Slice(limit=TOGETHER_MAX))
    return sorted(found, key=lambda each: each.state == "revoked")


def _devices(session: Session, wanted: ColumnElement[bool], part: Slice) -> list[Device]:
    officer, issuer, approver, revoker = (aliased(UserRow) for _ in range(4))
    rows = session.execute(
        select(
            DeviceRow,
            officer,
            TicketRow.issued_by,
            issuer.name,
            approver.name,
            revoker.name,
            _cases_left(),
            LeaseRow,
            OfficerKeyRow,
        )
        .join(officer, officer.user_id == DeviceRow.officer_id)
        .outerjoin(LeaseRow, LeaseRow.device_id == DeviceRow.device_id)
        .outerjoin(OfficerKeyRow, OfficerKeyRow.device_id == DeviceRow.device_id)
        .outerjoin(TicketRow, TicketRow.ticket_id == DeviceRow.ticket_id)
        .outerjoin(issuer, issuer.user_id == TicketRow.issued_by)
        .outerjoin(approver, approver.user_id == DeviceRow.approved_by)
        .outerjoin(revoker, revoker.user_id == DeviceRow.revoked_by)
        .where(wanted)
        .order_by(officer.name, DeviceRow.enrolled_at.desc(), DeviceRow.device_id)
        .offset(part.offset)
        .limit(part.limit)
    )
    return [
        Device(
            device_id=row.device_id,
            officer_id=row.officer_id,
            officer_name=of.name,
            officer_active=of.active,
            name=row.name,
            platform=row.platform,
            words=tuple(row.words.split()),
            state=row.state,
            enrolled_at=row.enrolled_at,
            issued_by=issued_by,
            issuer_name=issuer_name or "",
            approved_at=row.approved_at,
            approver_name=approver_name or "",
            revoked_at=row.revoked_at,
            revoker_name=revoker_name or "",
            revoked_reason=row.revoked_reason,
            seen_at=row.seen_at,
            clock_offset_seconds=row.clock_offset_seconds,
            cases_left=cases_left,
            lease=_lease(lease),
            signing=_signing(key),
        )
        for row, of, issued_by, issuer_name, approver_name, revoker_name, cases_left, lease, key in rows
    ]


def _lease(row: LeaseRow | None) -> Lease | None:
    if row is None:
        return None
    return Lease(
        mode=Mode(row.mode),
        days=row.days,
        granted_at=row.granted_at,
        ends_at=row.ends_at,
        taken_back_at=row.taken_back_at,
    )


def _signing(row: OfficerKeyRow | None) -> Signing | None:
    if row is None:
        return None
    return Signing(key=fingerprint(write_key(row.public_key)), since=row.bound_at)


def _cases_left() -> ColumnElement[int]:
    """Count the cases that left the officer's hands and that a vault has not said it erased."""
    held = exists().where(DeviceStoreRow.device_id == DeviceRow.device_id, is_still_there())
    counted = select(func.count(CaseAccessRow.case_id.distinct())).where(
        CaseAccessRow.officer_id == DeviceRow.officer_id,
        held.correlate(CaseAccessRow, DeviceRow),
    )
    return counted.correlate(DeviceRow).scalar_subquery()
