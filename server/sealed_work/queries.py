"""What is read about sealed work: what waits here, from which devices, and since when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, UserRow
from server.config import Config
from server.sealed_work.tables import SealedCopyRow, SealedPhotographRow
from shared.catalogue import Sentence, mark

_ANSWERED = (
    "SELECT NOT EXISTS (SELECT 1 FROM unnest(sealed_copy.command_ids) AS held (id) "
    "WHERE NOT EXISTS (SELECT 1 FROM command WHERE command.command_id = held.id) "
    "AND NOT EXISTS (SELECT 1 FROM set_aside WHERE set_aside.command_id = held.id))"
)


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits of one device."""

    device_id: str
    device_name: str
    officer_id: str
    officer_name: str
    copies: int
    commands: int
    since: datetime
    other_life: bool


def is_answered() -> ColumnElement[bool]:
    """Choose copies each of whose commands the office has by now, however it came."""
    return literal_column(f"({_ANSWERED})", Boolean)


def waiting(session: Session) -> list[Waiting]:
    """List the devices some of whose sealed work waits here, the longest waiting first."""
    rows = session.execute(
        select(
            DeviceRow.device_id,
            DeviceRow.name,
            UserRow.user_id,
            UserRow.name,
            func.count(),
            func.sum(func.cardinality(SealedCopyRow.command_ids)),
            func.min(SealedCopyRow.received_at),
            func.bool_or(SealedCopyRow.reason == "other_life"),
        )
        .join(DeviceRow, DeviceRow.device_id == SealedCopyRow.device_id)
        .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
        .where(~is_answered())
        .group_by(DeviceRow.device_id, UserRow.user_id)
        .order_by(func.min(SealedCopyRow.received_at), DeviceRow.device_id)
    )
    return [
        Waiting(
            device_id=device_id,
            device_name=device_name,
            officer_id=officer_id,
            officer_name=officer_name,
            copies=copies,
            commands=commands,
            since=since,
            other_life=other_life,
        )
        for (
            device_id, device_name, officer_id, officer_name, copies, commands, since, other_life
        ) in rows
    ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Photographs:
    """The sealed photographs of one device that wait here, or were opened and are not what they say."""

    device_name: str
    officer_name: str
    count: int
    since: datetime
    unreadable: bool


def photographs(session: Session) -> list[Photographs]:
    """List the devices whose sealed photographs lie here whole, the longest first."""
    unreadable = SealedPhotographRow.unreadable_at.is_not(None)
    since = func.min(SealedPhotographRow.whole_at)
    rows = session.execute(
        select(DeviceRow.name, UserRow.name, func.count(), since, unreadable)
        .join_from(SealedPhotographRow, DeviceRow)
        .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
        .where(SealedPhotographRow.whole_at.is_not(None))
        .group_by(DeviceRow.device_id, UserRow.user_id, unreadable)
        .order_by(since, DeviceRow.device_id)
    )
    return [
        Photographs(
            device_name=device, officer_name=officer, count=count, since=at, unreadable=unread
        )
        for device, officer, count, at, unread in rows
        if at is not None
    ]


def alarm(session: Session, _config: Config, _now: datetime) -> Sentence | None:
    """Say that sealed work waits, for whoever can see to it."""
    found = waiting(session)
    if not found:
        return None
    return Sentence(
        mark("Sealed work of %(device)s, %(officer)s, waits for what was saved before it"),
        device=found[0].device_name,
        officer=found[0].officer_name,
    )


def copies_of(session: Session, device_id: str) -> list[bytes]:
    """Give the copies of one device that wait here, as they came."""
    return list(
        session.scalars(
            select(SealedCopyRow.written)
            .where(SealedCopyRow.device_id == device_id)
            .order_by(SealedCopyRow.received_at, SealedCopyRow.digest)
        )
    )
