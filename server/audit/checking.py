"""Checks that what the office holds is what was sealed, and that its checkpoints say the same."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.audit import checkpoints
from server.audit.chain import LOG, NOTHING, Walk
from server.audit.exporting import BATCH, entry_of, rows
from server.audit.sealing import log_id_of
from server.audit.sources import BY_KIND, FIRST, Place, Sealable, count_until
from server.audit.tables import AuditCheckpointRow, AuditEntryRow
from server.audit.verifying import Holding
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found of the office's own history."""

    entries: int
    withheld: int
    held: int
    checkpoints: int
    superseded: int
    """Checkpoints over what a restore lost."""


def check_audit(
    session: Session,
    folder: Path | None,
    public_key: str | None,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Checked:
    """Check everything; raises RuleBroken at the first thing amiss.

    It checks up to the entry that is the last when it begins, and may run while others are sealed.
    """
    log_id = log_id_of(session)
    last = session.scalar(select(func.max(AuditEntryRow.seq))) or 0
    if log_id is None:
        if last:
            raise RuleBroken("audit.out_of_order", seq=last, wanted=1)
        return Checked(entries=0, withheld=0, held=0, checkpoints=0, superseded=0)
    known = [
        checkpoints.of_row(row, log_id)
        for row in session.scalars(select(AuditCheckpointRow).order_by(AuditCheckpointRow.entries))
    ]
    if folder is not None:
        known += [each for each in checkpoints.in_folder(folder, log_id) if each not in known]
    holding, walk = Holding(known, public_key), Walk(log_id)
    counts: Counter[str] = Counter()
    place = FIRST
    found = rows(session, until=last)
    while batch := list(itertools.islice(found, BATCH)):
        _check_sources(session, batch)
        for row in batch:
            entry = entry_of(row)
            walk.take(entry)
            holding.passed(entry)
            if row[0].kind != LOG:
                counts[row[0].kind] += 1
                place = _place_of(row[0])
        tell(walk.entries, last)
    if walk.entries != last:
        raise RuleBroken("audit.out_of_order", seq=last, wanted=walk.entries + 1)
    _check_counts(session, place, counts, last)
    holding.compare(walk)
    return Checked(
        entries=walk.entries,
        withheld=walk.withheld,
        held=holding.held,
        checkpoints=len(known),
        superseded=len(holding.superseded),
    )


def _place_of(row: AuditEntryRow) -> Place:
    return Place(row.written_in or 0, BY_KIND[row.kind].turn, row.source_key or "")


def _check_sources(session: Session, batch: Sequence[Any]) -> None:
    """Compare entries with the rows the office shows to people."""
    wanted: dict[str, list[str]] = {}
    for row in batch:
        if row[0].kind in BY_KIND:
            wanted.setdefault(row[0].kind, []).append(row[0].source_key)
    loaded = {kind: BY_KIND[kind].load(session, keys) for kind, keys in wanted.items()}
    for row in batch:
        if row[0].kind in loaded:
            _check_source(row, loaded[row[0].kind])


def _check_source(row: Any, loaded: Mapping[str, Sealable]) -> None:  # noqa: ANN401 - of `rows`
    entry, salt, body, erased_at = row
    source = loaded.get(entry.source_key)
    if source is None:
        raise RuleBroken("audit.row_gone", seq=entry.seq)
    if source.header != entry.header.encode() or source.detail_id != entry.detail_id:
        raise RuleBroken("audit.row_changed", seq=entry.seq)
    missing = salt is None or body is None
    if missing and erased_at is None and entry.commitment != NOTHING:
        raise RuleBroken("audit.detail_gone", seq=entry.seq)


def _check_counts(session: Session, place: Place, counts: Counter[str], last: int) -> None:
    """See that no row stands among those that are sealed without being so itself."""
    there = count_until(session, place)
    unsealed = sum(there.values()) - sum(counts[kind] for kind in there)
    if unsealed:
        raise RuleBroken("audit.row_added", seq=last, rows=unsealed)
