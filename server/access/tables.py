"""The rows of access: users, roles, sessions, attempts, devices, enrolment tickets and vaults."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Computed, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class UserRow(Row):
    """Someone who works here: an officer, a caseworker, a supervisor, an administrator."""

    __tablename__ = "user"
    user_id: Mapped[str] = mapped_column(Id, primary_key=True)
    sign_in: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(200), server_default="")
    password_temporary: Mapped[bool] = mapped_column(server_default="false")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[datetime] = mapped_column(Moment)


class RoleRow(Row):
    """A role; what it permits is rows, so that another role is more rows and no code."""

    __tablename__ = "role"
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))


class RolePermissionRow(Row):
    """One thing a role may do."""

    __tablename__ = "role_permission"
    role: Mapped[str] = mapped_column(ForeignKey("role.role"), primary_key=True)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True)


class ShippedPermissionRow(Row):
    """What a role was given by the software once, so that a council's taking it away stays so."""

    __tablename__ = "shipped_permission"
    role: Mapped[str] = mapped_column(String(40), primary_key=True)
    permission: Mapped[str] = mapped_column(String(60), primary_key=True)


class UserRoleRow(Row):
    """A role a user holds."""

    __tablename__ = "user_role"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), primary_key=True)
    role: Mapped[str] = mapped_column(ForeignKey("role.role"), primary_key=True)


class SessionRow(Row):
    """A signed-in browser, known by the hash of its cookie.

    `proved_at` is when its person last showed who they are. Where they did so at the provider,
    `checked_at` is when it last said that it knows them, and `sealed_refresh` what to ask it with.
    """

    __tablename__ = "session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), index=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_why: Mapped[str] = mapped_column(String(20), server_default="")
    proved_at: Mapped[datetime] = mapped_column(Moment)
    by_provider: Mapped[bool] = mapped_column(server_default="false")
    checked_at: Mapped[datetime | None] = mapped_column(Moment)
    sealed_refresh: Mapped[bytes | None] = mapped_column(LargeBinary)


class AttemptRow(Row):
    """One try at a guarded thing, counted so that guessing is slow in every process at once."""

    __tablename__ = "attempt"
    attempt_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    what: Mapped[str] = mapped_column(String(20))
    who: Mapped[str] = mapped_column(String(80))
    made_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_attempt_what_who", "what", "who", "made_at"),)


class TicketRow(Row):
    """A one-time code that lets an officer's device ask to be enrolled."""

    __tablename__ = "enrolment_ticket"
    ticket_id: Mapped[str] = mapped_column(Id, primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    officer_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), index=True)
    issued_by: Mapped[str] = mapped_column(Id)
    issued_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class OfficeKeyRow(Row):
    """A number the office keeps for ever, made at its first start; one row for each use of it."""

    __tablename__ = "office_key"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    value: Mapped[bytes] = mapped_column(LargeBinary)


class DeviceRow(Row):
    """A device that may speak for one officer once somebody else has approved it."""

    __tablename__ = "device"
    device_id: Mapped[str] = mapped_column(Id, primary_key=True)
    officer_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), index=True)
    ticket_id: Mapped[str | None] = mapped_column(ForeignKey("enrolment_ticket.ticket_id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    key_hash: Mapped[bytes] = mapped_column(
        LargeBinary, Computed("sha256(public_key)", persisted=True), unique=True
    )
    name: Mapped[str] = mapped_column(String(80))
    platform: Mapped[str] = mapped_column(String(80), server_default="")
    words: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    enrolled_at: Mapped[datetime] = mapped_column(Moment)
    approved_by: Mapped[str | None] = mapped_column(Id)
    approved_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_by: Mapped[str | None] = mapped_column(Id)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_reason: Mapped[str] = mapped_column(String(20), server_default="")
    seen_at: Mapped[datetime | None] = mapped_column(Moment)
    clock_offset_seconds: Mapped[int | None] = mapped_column()
    tablet_id: Mapped[str | None] = mapped_column(Id, index=True)


class OfficerKeyRow(Row):
    """The key that an officer's work on one device is signed with; once written it never changes.

    `office` is the key that the device knows this office by, which is part of what is signed.
    """

    __tablename__ = "officer_key"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), primary_key=True)
    officer_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    office: Mapped[str] = mapped_column(String(43))
    bound_at: Mapped[datetime] = mapped_column(Moment)


class LeaseRow(Row):
    """What a device was lent: the root of its shares, sealed, and until when; once taken back, no root."""

    __tablename__ = "device_lease"
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), primary_key=True)
    sealed_root: Mapped[bytes | None] = mapped_column(LargeBinary)
    epoch: Mapped[int] = mapped_column()
    epoch_at: Mapped[datetime] = mapped_column(Moment)
    mode: Mapped[str] = mapped_column(String(20))
    days: Mapped[int] = mapped_column(server_default="0")
    granted_at: Mapped[datetime] = mapped_column(Moment)
    ends_at: Mapped[datetime] = mapped_column(Moment)
    taken_back_at: Mapped[datetime | None] = mapped_column(Moment)


class DeviceStoreRow(Row):
    """A vault on a device; each has its own numbers, so a copied vault is noticed."""

    __tablename__ = "device_store"
    store_id: Mapped[str] = mapped_column(Id, primary_key=True)
    device_id: Mapped[str] = mapped_column(ForeignKey("device.device_id"), index=True)
    first_seen_at: Mapped[datetime] = mapped_column(Moment)


class LanePositionRow(Row):
    """How far the office has taken one lane of a vault."""

    __tablename__ = "lane_position"
    store_id: Mapped[str] = mapped_column(ForeignKey("device_store.store_id"), primary_key=True)
    lane: Mapped[str] = mapped_column(String(10), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(String(64))


class NonceRow(Row):
    """A signed request already seen, so that it cannot be sent again by someone else."""

    __tablename__ = "nonce"
    device_id: Mapped[str] = mapped_column(Id, primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Moment, index=True)


class SetAsideRow(Row):
    """Bytes a device sent that could not be taken, kept for a supervisor to examine.

    `command_id`, `identity` and `name` say which command they are, if they are one: so what comes
    later by itself is no longer waited for.
    """

    __tablename__ = "set_aside"
    set_aside_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    store_id: Mapped[str] = mapped_column(Id, index=True)
    device_id: Mapped[str] = mapped_column(Id)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    code: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    command_id: Mapped[str | None] = mapped_column(Id)
    identity: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(60), server_default="")
    signature: Mapped[str | None] = mapped_column(String(200))
    received_at: Mapped[datetime] = mapped_column(Moment)


class ErasureRow(Row):
    """A device's word that it has erased a case that left its officer's scope."""

    __tablename__ = "erasure"
    store_id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    erased_at: Mapped[datetime] = mapped_column(Moment)
