"""Counts what the vault holds and how it syncs, for someone who helps from afar: nothing personal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from field_client.vault.absorbing import DURABLE
from field_client.vault.freshness import office_copy, offset_seconds
from field_client.vault.store import Store
from field_client.vault.syncing import Progress
from sync.protocol import PROTOCOL_VERSION, Clock


@dataclass(frozen=True, kw_only=True)
class Diagnosis:
    """Numbers and codes; every one of them could be read out in the street."""

    cases: int
    records: Mapping[str, int]
    saved: int
    waiting: int
    refused: int
    drafts: int
    photographs: int
    schema: int
    cursor: int
    protocol: int
    copy_age_seconds: int | None
    clock_off_seconds: float | None
    last_problem: str
    durable: int
    defects: Mapping[str, int]


def diagnose(store: Store, clock: Clock, progress: Progress) -> Diagnosis:
    """Count everything in one moment."""
    with store.transaction():
        records = {str(kind): int(count) for kind, count in store.rows(
            "SELECT kind, count(*) FROM record GROUP BY kind ORDER BY kind"
        )}  # fmt: skip
        [[saved, waiting, refused]] = store.rows(
            "SELECT count(*), count(*) - count(outcome), "
            "count(*) FILTER (WHERE outcome = 'refused') FROM outbox"
        )
        [[drafts]] = store.rows("SELECT count(*) FROM draft")
        [[photographs]] = store.rows("SELECT count(*) FROM photograph")
        [[schema]] = store.rows("PRAGMA user_version")
        return Diagnosis(
            cases=records.get("case", 0),
            records=records,
            saved=saved,
            waiting=waiting,
            refused=refused,
            drafts=drafts,
            photographs=photographs,
            schema=schema,
            cursor=store.cursor(),
            protocol=PROTOCOL_VERSION,
            copy_age_seconds=office_copy(store, clock).age_seconds,
            clock_off_seconds=offset_seconds(store),
            last_problem=progress.problem.code if progress.problem else "",
            durable=int(store.get(DURABLE) or 0),
            defects={kind: times for kind, times, _last_at in store.defects()},
        )
