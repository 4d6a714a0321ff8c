"""Writes the sealed history out, line by line, for whoever verifies it elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.audit.chain import NOTHING, Entry
from server.audit.sealing import log_id_of, newest
from server.audit.tables import AuditEntryRow
from server.audit.verifying import FORMAT, canonical_line
from server.spine.tables import DetailRow
from shared.errors import RuleBroken

BATCH = 2_000
"""Entries that are read at once."""


def lines(
    session: Session,
    *,
    details: bool,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Iterator[bytes]:
    """Write each line; without `details` nothing personal is in any.

    Raises RuleBroken, before the first, when nothing has been sealed.
    """
    log_id, head = log_id_of(session), newest(session)
    if log_id is None or head is None:
        raise RuleBroken("audit.nothing")
    return _lines(session, log_id, head.seq, details=details, tell=tell)


def _lines(
    session: Session, log_id: str, last: int, *, details: bool, tell: Callable[[int, int], None]
) -> Iterator[bytes]:
    yield canonical_line({"fieldfare": FORMAT, "log_id": log_id})
    for row in rows(session, until=last):
        entry = entry_of(row)
        detail = entry.detail if details else None
        yield canonical_line(
            {
                "seq": entry.seq,
                "header": json.loads(entry.header),
                "commitment": entry.commitment,
                "hash": entry.hash,
                "detail": detail
                and {
                    "salt": detail[0].hex(),
                    "text": detail[1].decode(errors="surrogateescape"),
                },
            }
        )
        if entry.seq % BATCH == 0 or entry.seq == last:
            tell(entry.seq, last)


def rows(session: Session, *, until: int) -> Iterator[Any]:
    """Read the entries in order, a batch at a time, with the text each was sealed with."""
    entry, reached = AuditEntryRow, 0
    wanted = (
        select(entry, DetailRow.salt, DetailRow.body, DetailRow.erased_at)
        .outerjoin(DetailRow, DetailRow.detail_id == entry.detail_id)
        .order_by(entry.seq)
        .limit(BATCH)
    )
    while batch := session.execute(wanted.where(entry.seq > reached, entry.seq <= until)).all():
        yield from batch
        reached = batch[-1][0].seq


def entry_of(row: Any) -> Entry:  # noqa: ANN401 - a row of `rows`
    """Make an entry of its row as it is checked."""
    entry, salt, body, _erased_at = row
    there = salt is not None and body is not None and entry.commitment != NOTHING
    return Entry(
        seq=entry.seq,
        header=entry.header.encode(),
        commitment=entry.commitment,
        hash=entry.hash,
        detail=(salt, body) if there else None,
    )
