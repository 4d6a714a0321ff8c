"""When a visit was by the office's clock, where the device that recorded it had a wrong one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.spine.tables import ChangeRow, CommandRow, DetailRow
from server.visits.queries import Visit
from sync.protocol import Clock
from sync.wire import NotAMessage, read_envelope

WRONG = timedelta(minutes=10)
"""How far off a device's clock must be before a second time is shown beside the first."""


def by_the_office(session: Session, visit: Visit) -> datetime | None:
    """Say when a visit was by the office's clock; none where the device's was right or nobody knows.

    It is as good as the last time the two spoke before the visit was saved, and never after it came.
    """
    clock = _clock_of(session, visit)
    if clock is None or clock.offset is None or abs(clock.offset) < WRONG.total_seconds():
        return None
    try:
        corrected = visit.happened_at + timedelta(seconds=clock.offset)
    except OverflowError:
        return None
    return min(corrected, visit.received_at)


def _clock_of(session: Session, visit: Visit) -> Clock | None:
    """Read what the device's clocks said, from the bytes it sent; none once those are erased."""
    written = session.scalar(
        select(DetailRow.body)
        .join(CommandRow, CommandRow.detail_id == DetailRow.detail_id)
        .join(ChangeRow, ChangeRow.command_id == CommandRow.command_id)
        .where(
            ChangeRow.case_ids.contains([visit.case_id]),
            ChangeRow.name == "VisitRecorded",
            ChangeRow.line["visit_id"].astext == visit.visit_id,
        )
    )
    try:
        return read_envelope(written).clock if written else None
    except NotAMessage:
        return None
