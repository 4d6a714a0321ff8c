"""The sealer: takes what was recorded since, in one fixed order, and chains it to what is sealed.

Nothing waits for it: rows are written with the number of their transaction, and sealed once every
transaction up to theirs is over. One sealer works at a time, held by a lock of the database.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.audit.chain import LOG, NOTHING, beginning, commitment, header_bytes, link
from server.audit.sources import BY_KIND, BY_TURN, FIRST, OVER, Place, Sealable, after
from server.audit.tables import AuditEntryRow
from server.keeping.records import RESTORED, told
from server.spine import clock
from server.spine.many_rows import add_rows
from server.spine.settings import setting
from server.spine.tables import SyncHeadRow

BATCH = 2_000
"""Rows that are sealed at once."""

_LOCK = 7_305_807_436_021
"""The number of the lock that whoever seals holds; any would do."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The newest entry."""

    seq: int
    hash: str
    epoch: str
    """The epoch of the office that the history speaks of from here on."""


WAIT = select(func.pg_advisory_xact_lock(_LOCK))
"""Waits until nobody else seals, and holds the lock until the transaction ends."""


def alone(session: Session) -> bool:
    """Be the one that seals until this transaction ends; answers whether nobody else is."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_LOCK))))


def seal(session: Session, now: datetime, *, rows_max: int = BATCH) -> int:
    """Seal what is next, in the caller's transaction; answers how many entries were added.

    Whoever calls it holds `alone`.
    """
    news: list[dict[str, Any]] = []
    head = _head(session, news, now)
    over = session.scalar(select(OVER))
    rows = after(last_place(session), until=over)
    next_ = session.execute(
        select(rows.c.written_in, rows.c.turn, rows.c.key)
        .order_by(rows.c.written_in, rows.c.turn, rows.c.key)
        .limit(rows_max)
    ).all()
    news.extend(_entries(next_, head, _loaded(session, next_), now))
    add_rows(session, AuditEntryRow, news)
    return len(news)


def last_place(session: Session) -> Place:
    """Say where the last row that was sealed stands."""
    entry = AuditEntryRow
    found = session.execute(
        select(entry.written_in, entry.kind, entry.source_key)
        .where(entry.kind != LOG)
        .order_by(entry.seq.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return FIRST
    return Place(found.written_in, BY_KIND[found.kind].turn, found.source_key)


def _head(session: Session, news: list[dict[str, Any]], now: datetime) -> Head:
    """Give the newest entry, after writing that the history begins or that the office was restored."""
    epoch = str(session.scalar(select(SyncHeadRow.epoch)))
    head = newest(session)
    if head is None:
        log_id = clock.new_id()
        header: Mapping[str, Any] = {"what": "begun", "log_id": log_id, "epoch": epoch}
        seq, before = 1, beginning(log_id)
    elif head.epoch != epoch:
        header = {"what": "restored", "epoch": epoch, "epoch_before": head.epoch}
        header = {**header, **_restored(session)}
        seq, before = head.seq + 1, head.hash
    else:
        return head
    at = now.astimezone(UTC).isoformat(timespec="microseconds")
    written = header_bytes({**header, "kind": LOG, "at": at})
    news.append(_entry(seq, before, LOG, None, Sealable(header=written), now))
    return Head(seq=seq, hash=news[-1]["hash"], epoch=epoch)


def _restored(session: Session) -> Mapping[str, Any]:
    """Say what the restore wrote down of itself."""
    written = setting(session, RESTORED)
    if written is None:
        return {}
    restored = told(written)
    return {
        "backup_id": restored.backup_id,
        "restored_at": restored.at.isoformat(),
        "stands_at": restored.stands_at.isoformat(),
    }


def newest(session: Session) -> Head | None:
    """Give the newest entry, if anything has been sealed."""
    entry = AuditEntryRow
    found = session.execute(
        select(entry.seq, entry.hash).order_by(entry.seq.desc()).limit(1)
    ).one_or_none()
    if found is None:
        return None
    said = session.scalars(
        select(entry.header).where(entry.kind == LOG).order_by(entry.seq.desc()).limit(1)
    ).one()
    return Head(seq=found.seq, hash=found.hash, epoch=str(json.loads(said)["epoch"]))


def log_id_of(session: Session) -> str | None:
    """Say which history this is, if it has begun."""
    entry = AuditEntryRow
    said = session.scalar(select(entry.header).where(entry.seq == 1))
    return str(json.loads(said)["log_id"]) if said else None


def _loaded(session: Session, rows: Sequence[Any]) -> dict[tuple[int, str], Sealable]:
    """Load the rows of some places."""
    keys: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        keys[row.turn].append(row.key)
    return {
        (turn, key): sealable
        for turn, wanted in keys.items()
        for key, sealable in BY_TURN[turn].load(session, wanted).items()
    }


def _entries(
    rows: Sequence[Any],
    head: Head,
    loaded: Mapping[tuple[int, str], Sealable],
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Make the entries of rows, each chained to the one before it."""
    before = head.hash
    for seq, row in enumerate(rows, head.seq + 1):
        place = Place(row.written_in, row.turn, row.key)
        entry = _entry(seq, before, BY_TURN[row.turn].kind, place, loaded[row.turn, row.key], now)
        before = entry["hash"]
        yield entry


def _entry(
    seq: int, before: str, kind: str, place: Place | None, row: Sealable, now: datetime
) -> dict[str, Any]:
    committed = NOTHING
    if row.salt is not None and row.body is not None:
        committed = commitment(row.salt, row.body)
    return {
        "seq": seq,
        "kind": kind,
        "source_key": place.key if place else None,
        "written_in": place.written_in if place else None,
        "header": row.header.decode(),
        "detail_id": row.detail_id,
        "commitment": committed,
        "hash": link(before, committed, row.header),
        "sealed_at": now,
    }
