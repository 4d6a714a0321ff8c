"""Keeps one row a device up to date as it speaks, so that how all stand can be seen at a glance."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from server.spine.tables import CaseAccessRow, FieldRecordRow
from server.sync_api.tables import DeviceContactRow, SyncFailureRow
from shared.presentation import LONDON
from sync.protocol import Reply, Request

UNCHANGED = timedelta(minutes=1)
"""A device that says the same again within this time is not written down again."""

COUNTED_AGAIN = timedelta(hours=1)
"""How old the size of a bundle may be before it is counted again."""

COUNT_MAX = 2**31 - 1
"""The most a device is believed to have of anything."""

FAULT = "office.fault"
"""The code of a request that the office itself could not answer."""

_QUICKLY = text("SET LOCAL synchronous_commit TO off")

logger = logging.getLogger(__name__)

Sessions = Callable[[], Session]


_PREFIX = "contact_"

_NAMES = tuple(column.name for column in DeviceContactRow.__table__.columns)

COLUMNS = tuple(getattr(DeviceContactRow, name).label(_PREFIX + name) for name in _NAMES)
"""What is written down of a device, as part of a statement that reads more than that."""

Kept = Mapping[str, Any]
"""What was written down of a device, by column."""


def kept_in(row: Row[Any]) -> Kept | None:
    """Take out of a row of such a statement what was written down; none when nothing was."""
    kept = {name: getattr(row, _PREFIX + name) for name in _NAMES}
    return kept if kept["device_id"] is not None else None


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer: what was asked, what was replied, and when."""

    asked: Request
    reply: Reply
    now: datetime


def note_answered(
    sessions: Sessions, device_id: str, officer_id: str, exchange: Exchange, known: Kept | None
) -> None:
    """Keep how a device stands after it was answered; that it cannot be kept harms no answer.

    `known` is what was written down of it when the answer was made. The answer does not wait until
    the disk has it: after a loss of power the device says the same again.
    """
    reply, now = exchange.reply, exchange.now
    said = _said(exchange.asked, reply, now)
    recent = known and known["answered_at"] and now - known["answered_at"] < UNCHANGED
    if known and recent and all(known[name] == said[name] for name in said):
        return
    with _harmless(), sessions() as session, session.begin():
        session.execute(_QUICKLY)
        if not reply.page.more:
            said["whole_at"] = now
            if _is_due(known, now):
                said |= {**_bundle(session, officer_id), "counted_at": now}
        _keep(session, device_id, {**said, "answered_at": now})


def note_failed(sessions: Sessions, device_id: str, code: str, now: datetime) -> None:
    """Count a request that was turned away or failed, by its cause and its day."""
    with _harmless(), sessions() as session, session.begin():
        _keep(session, device_id, {"refused_code": code, "refused_at": now})
        counted = insert(SyncFailureRow).values(
            device_id=device_id,
            failed_on=now.astimezone(LONDON).date(),
            code=code,
            times=1,
            last_at=now,
        )
        session.execute(
            counted.on_conflict_do_update(
                index_elements=["device_id", "failed_on", "code"],
                set_={"times": SyncFailureRow.times + 1, "last_at": counted.excluded.last_at},
            )
        )


@contextmanager
def _harmless() -> Iterator[None]:
    """Let a device have its answer even where this could not be written down."""
    try:
        yield
    except SQLAlchemyError as fault:
        logger.exception("a device's contact could not be kept", exc_info=fault)


def _said(asked: Request, reply: Reply, now: datetime) -> dict[str, Any]:
    """Give what the device says of itself, less what this answer has just settled."""
    said: dict[str, Any] = {"store_id": asked.store_id, "protocol": asked.protocol}
    if (report := asked.report) is None:
        return said
    waiting = max(0, report.waiting - len(reply.receipts))
    since = report.waiting_since if waiting else None
    ahead = None if report.offset is None else -round(report.offset)
    return said | {
        "app": report.app,
        "waiting": min(waiting, COUNT_MAX),
        "waiting_since": _by_our_clock(since, report.offset or 0.0, now) if since else None,
        "photographs": min(report.photographs, COUNT_MAX),
        "needs_you": min(report.needs_you, COUNT_MAX),
        "ahead_seconds": None if ahead is None else max(-COUNT_MAX, min(ahead, COUNT_MAX)),
    }


def _by_our_clock(wall: str, offset: float, now: datetime) -> datetime:
    """Say when something was by the office's clock; nothing a device did is still to come."""
    try:
        at = datetime.fromisoformat(wall) + timedelta(seconds=offset)
    except OverflowError:
        return now
    return min(at, now)


def _is_due(known: Kept | None, now: datetime) -> bool:
    counted_at = known["counted_at"] if known else None
    return counted_at is None or now - counted_at >= COUNTED_AGAIN


def _bundle(session: Session, officer_id: str) -> Mapping[str, int]:
    """Count what an officer's devices are given: a range read of their own cases and no others."""
    access, record = CaseAccessRow, FieldRecordRow
    cases, records, size = session.execute(
        select(
            func.count(access.case_id.distinct()),
            func.count(record.body),
            func.coalesce(func.sum(func.octet_length(record.body)), 0),
        )
        .outerjoin(
            record,
            and_(
                record.case_id == access.case_id,
                record.view == access.view,
                record.body.is_not(None),
            ),
        )
        .where(access.officer_id == officer_id, access.granted)
    ).one()
    return {"cases": int(cases), "records": int(records), "size_bytes": int(size)}


def _keep(session: Session, device_id: str, values: Mapping[str, Any]) -> None:
    kept = insert(DeviceContactRow).values(device_id=device_id, **values)
    session.execute(kept.on_conflict_do_update(index_elements=["device_id"], set_=dict(values)))
