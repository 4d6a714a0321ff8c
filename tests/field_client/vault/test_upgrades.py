"""A vault written by an older program opens with all it held, unsent work first of all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from field_client.vault import database as opening
from field_client.vault.schema import SCHEMA_VERSION, STEPS
from field_client.vault.store import open_store
from shared.commands import Lane
from sync.protocol import Page, Record, Reply, Total
from sync.scope import HASHES, body_hash
from sync.wire import read_envelope

FIXTURES = Path(__file__).parents[2] / "sync" / "fixtures"
CASE = "7d2e4f60-1a3b-4c5d-8e7f-9a0b1c2d3e4f"
EPOCH = "5b7a1c9e-2f4d-4c8b-9a6e-1d3f5b7a9c0e"
HASHED_SINCE = 6
"""The version from which every record was hashed as it was put in its place."""

BODIES = ('{"reference":"C000001"}', '{"reference":"C000002","notes":"Siân 🚪"}')


def write_old(path: Path, version: int) -> None:
    """Make a vault as the program of that version left it: two records, one unsent command."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "STEPS", STEPS[:version])
        patch.setattr(opening, "SCHEMA_VERSION", version)
        old = open_store(path, bytearray(32))
        written = (FIXTURES / "envelope_v1.json").read_bytes()
        envelope = read_envelope(written)
        with old.transaction() as connection:
            connection.execute("INSERT INTO meta VALUES ('store_id', ?)", (envelope.store_id,))
            connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (EPOCH,))
            connection.execute("INSERT INTO meta VALUES ('cursor', '7')")
            hashed = ", record_hash(?1, 'v', 'case', ?2, ?3)" if version >= HASHED_SINCE else ""
            connection.executemany(
                "INSERT INTO record (case_id, view, kind, record_id, commit_number, body"  # noqa: S608 - our own words
                f"{', hash' if hashed else ''}) VALUES (?1, 'v', 'case', ?2, 7, ?3{hashed})",
                [(CASE, str(n), body) for n, body in enumerate(BODIES)],
            )
            connection.execute(
                "INSERT INTO outbox (command_id, lane, seq, hash, written, case_id, name, saved_at)"
                " VALUES (?, 'ordinary', 1, ?, ?, ?, 'RecordVisit', ?)",
                (envelope.command_id, "0" * 64, written, CASE, envelope.happened_at),
            )
        old.close()


def total(bodies: Sequence[str]) -> Total:
    hashes = [body_hash(CASE, "v", "case", str(n), body) for n, body in enumerate(bodies)]
    return Total(records=len(bodies), hash=sum(hashes) % HASHES)


@pytest.mark.parametrize("version", range(2, SCHEMA_VERSION))
def test_an_older_vault_opens_with_its_unsent_work_and_its_records(
    tmp_path: Path, version: int
) -> None:
    write_old(tmp_path / "vault.db", version)

    store = open_store(tmp_path / "vault.db", bytearray(32))

    assert store.rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    copy = store.copy()
    assert copy.waiting == ((FIXTURES / "envelope_v1.json").read_bytes(),)
    assert (copy.cursor, copy.epoch, copy.manifest) == (7, EPOCH, None)
    assert store.lane_head(Lane.ORDINARY).seq == 1
    assert store.total() == total(BODIES), "so that nothing is said to differ at the next sync"
    store.close()


def test_what_it_comes_to_is_kept_from_then_on(tmp_path: Path) -> None:
    write_old(tmp_path / "vault.db", 2)
    store = open_store(tmp_path / "vault.db", bytearray(32))
    changed = '{"reference":"C000009"}'
    record = Record(case_id=CASE, view="v", kind="case", record_id="1", commit=8, body=changed)
    page = Page(records=(record,), start=7, end=8, head=8)
    scope = total((BODIES[0], changed))
    now = datetime(2027, 3, 1, tzinfo=UTC).isoformat()

    taken = store.absorb(Reply(epoch=EPOCH, server_time=now, page=page, scope=scope))

    assert taken.page
    assert not taken.differs
    assert json.loads(store.rows("SELECT body FROM record WHERE record_id = '1'")[0][0])
    store.close()
