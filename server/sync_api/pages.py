"""One page of what moved in an officer's scope: whole commits, in order, never half of one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, func, select, tuple_
from sqlalchemy.orm import Session

from server.access.erasures import said_erased
from server.spine import projections
from server.spine.tables import CaseAccessRow, FieldRecordRow
from sync.protocol import PAGE_BYTES_AIM, Page, Purge, Record

_record, _access = FieldRecordRow, CaseAccessRow

_ALL = 2**31 - 1
"""More records than one page ever has."""

_SCOPE = and_(_access.case_id == _record.case_id, _access.view == _record.view, _access.granted)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """How much moved behind a cursor in an officer's scope, up to the head of the same snapshot."""

    head: int
    any_records: bool
    cases_gone: int


def read(
    session: Session,
    officer_id: str,
    cursor: int,
    records_max: int,
    *,
    moved: Moved | None = None,
    bytes_aim: int = PAGE_BYTES_AIM,
) -> Page:
    """Read the page after the cursor; the caller holds one snapshot, and may know what moved in it."""
    head = moved.head if moved else projections.head(session)
    end, remaining = head, 0
    records = _few(session, officer_id, cursor, moved, records_max, bytes_aim) if moved else None
    if records is None:
        end, remaining = _end_of(session, officer_id, cursor, head, records_max, bytes_aim)
        records = _records(session, officer_id, cursor, end)
    any_gone = moved is None or moved.cases_gone > 0
    return Page(
        records=records,
        purges=_purges(session, officer_id, cursor, end) if any_gone else (),
        start=cursor,
        end=end,
        head=head,
        remaining=remaining,
    )


def _few(
    session: Session,
    officer_id: str,
    cursor: int,
    moved: Moved,
    records_max: int,
    bytes_aim: int,
) -> tuple[Record, ...] | None:
    """Read all that moved where one page has room for it, as mostly; else nothing."""
    if not moved.any_records:
        return ()
    records = _records(session, officer_id, cursor, moved.head, records_max + 1)
    if len(records) > records_max:
        return None
    size = sum(len(record.body.encode()) for record in records if record.body is not None)
    return records if size <= bytes_aim else None


def _end_of(
    session: Session, officer_id: str, cursor: int, head: int, records_max: int, bytes_aim: int
) -> tuple[int, int]:
    """Say at which commit a page ends that holds whole ones, and how many records come after it."""
    moved = (
        select(
            _record.commit_number,
            func.count(),
            func.coalesce(func.sum(func.octet_length(_record.body)), 0),
        )
        .join(_access, _SCOPE)
        .where(
            _access.officer_id == officer_id,
            _record.commit_number > cursor,
            _record.commit_number <= head,
        )
        .group_by(_record.commit_number)
        .order_by(_record.commit_number)
    )
    end, taken, bytes_taken, remaining = head, 0, 0, 0
    for number, count, size in session.execute(moved):
        full = taken + count > records_max or bytes_taken + size > bytes_aim
        if remaining or (taken and full):
            remaining += count
        else:
            taken += count
            bytes_taken += size
            end = number or 0
    return (end, remaining) if remaining else (head, 0)


def records_of(
    session: Session, wanted: Collection[tuple[str, str]], end: int
) -> tuple[Record, ...]:
    """Read every record of some views of cases, whenever it moved."""
    rows = session.execute(
        select(
            _record.case_id,
            _record.view,
            _record.kind,
            _record.record_id,
            _record.commit_number,
            _record.body,
        )
        .where(
            tuple_(_record.case_id, _record.view).in_(sorted(wanted)),
            _record.body.is_not(None),
            _record.commit_number <= end,
        )
        .order_by(_record.case_id, _record.view, _record.kind, _record.record_id)
    )
    return tuple(
        Record(case, view, kind, id_, number or 0, body)
        for case, view, kind, id_, number, body in rows
    )


def left_behind(session: Session, officer_id: str, store_id: str) -> tuple[Purge, ...]:
    """List the cases taken from this officer that a vault of theirs has not said it erased."""
    rows = session.execute(
        select(_access.case_id, _access.view, _access.commit_number, _access.reason)
        .where(_access.officer_id == officer_id, ~_access.granted, ~said_erased(store_id))
        .order_by(_access.commit_number, _access.case_id)
    )
    return tuple(_purge(*row) for row in rows)


_BEHIND: dict[str, BindParameter[Any]] = {
    name: bindparam(name) for name in ("officer_id", "cursor", "end", "most")
}

_RECORDS = (
    select(
        _record.case_id,
        _record.view,
        _record.kind,
        _record.record_id,
        _record.commit_number,
        _record.body,
    )
    .join(_access, _SCOPE)
    .where(
        _access.officer_id == _BEHIND["officer_id"],
        _record.commit_number > _BEHIND["cursor"],
        _record.commit_number <= _BEHIND["end"],
    )
    .order_by(_record.commit_number, _record.case_id, _record.kind, _record.record_id)
    .limit(_BEHIND["most"])
)


def _records(
    session: Session, officer_id: str, cursor: int, end: int, most: int = _ALL
) -> tuple[Record, ...]:
    rows = session.connection().execute(
        _RECORDS, {"officer_id": officer_id, "cursor": cursor, "end": end, "most": most}
    )
    return tuple(
        Record(case, view, kind, id_, number or 0, body)
        for case, view, kind, id_, number, body in rows
    )


_PURGES = (
    select(_access.case_id, _access.view, _access.commit_number, _access.reason)
    .where(
        _access.officer_id == _BEHIND["officer_id"],
        _access.granted.is_(False),
        _access.commit_number > _BEHIND["cursor"],
        _access.commit_number <= _BEHIND["end"],
    )
    .order_by(_access.commit_number, _access.case_id)
)


def _purges(session: Session, officer_id: str, cursor: int, end: int) -> tuple[Purge, ...]:
    rows = session.execute(_PURGES, {"officer_id": officer_id, "cursor": cursor, "end": end})
    return tuple(_purge(*row) for row in rows)


def _purge(case_id: str, view: str, number: int | None, reason: str | None) -> Purge:
    return Purge(case_id=case_id, view=view, commit=number or 0, reason=reason or "unassigned")
