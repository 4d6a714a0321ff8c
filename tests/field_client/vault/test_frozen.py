"""A vault that any earlier program left, with work queued in it, is opened by this one and sent whole."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from field_client.vault import drafts, outbox, photographs
from field_client.vault.schema import SCHEMA_VERSION
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.protocol import PROTOCOL_OLDEST, PROTOCOL_VERSION
from sync.wire import read_envelope
from tests.field_client.vault import frozen
from tests.field_client.vault.sample import id_of
from tests.simulation.scripted import EPOCH, SEAL

pytestmark = pytest.mark.proves("T49")

FROZEN: dict[str, str] = {
    "vault_v1.db": "2953aae1887c7fb18080de8ea486d519dc969a54192445b3e8ae8c3238a1429f",
    "vault_v2.db": "3d6dd5d30043afb9a30b8403d9739081dbb7dd77479a27c5de2814b675dc9c2b",
    "vault_v3.db": "7e4079a082658deedc086cd9e5faf5ee84fd436f0c426f47a20ee159894187bb",
    "vault_v4.db": "b8eebc83ea455ba26480c5c4c99338e4274dfbad9ce9cf44f34c3de955a90d2c",
    "vault_v5.db": "2e464f20fb69f2b3c0cb6f1aa44a5a51ed1005a7d05154677fde9654c9d53d5b",
    "vault_v6.db": "cf66b51961aaa8efa744c76d9ed3ad94bf2a4f402daa547039cf4b14e0a128d2",
    "vault_v7.db": "5759488462fbf0463bc65a33edf60092248507e0ac49a735c15ee20719eca9cf",
    "vault_v8.db": "6ee46eec39da563fbb49bdb109003d17afe97d8d7135053916fd0390a09b23ec",
}
"""The vaults as they were first written, and what they are by: they are never written again."""

NAMES = ["RecordVisit", "RecordVisit", "RecordPhoneNumber", "RecordPhotograph"]


def test_the_frozen_vaults_are_the_ones_that_were_frozen() -> None:
    found = {path.name: digest(path.read_bytes()) for path in frozen.FOLDER.iterdir()}
    assert found == FROZEN


def test_every_version_before_this_one_has_a_frozen_vault() -> None:
    there = sorted(int(name.removeprefix("vault_v").removesuffix(".db")) for name in FROZEN)
    assert there == list(range(1, len(FROZEN) + 1))
    assert len(FROZEN) >= SCHEMA_VERSION - 1, "run `python -m tests.field_client.vault.frozen`"


@pytest.fixture(params=sorted(FROZEN))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    shutil.copyfile(frozen.FOLDER / request.param, tmp_path / "vault.db")
    opened = open_store(tmp_path / "vault.db", bytearray(frozen.KEY))
    yield opened
    opened.close()


def test_what_was_queued_is_there_to_the_byte(store: Store) -> None:
    assert store.rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
    assert store.rows("PRAGMA integrity_check") == [("ok",)]
    assert (store.store_id(), store.epoch(), store.cursor()) == (frozen.STORE_ID, EPOCH, 1)
    rows = store.rows("SELECT written, hash, outcome FROM outbox ORDER BY seq")
    envelopes = [read_envelope(bytes(row[0])) for row in rows]
    assert [envelope.name for envelope in envelopes] == NAMES
    assert [each.prev for each in envelopes[1:]] == [row[1] for row in rows[:-1]], "one chain"
    assert [row[2] for row in rows] == ["applied", None, None, None]
    assert store.waiting(100) == [bytes(row[0]) for row in rows[1:]]
    (draft,) = drafts.every(store)
    assert draft.typed == {"notes": ("Siân said the gate 🚪",)}
    (photograph,) = photographs.waiting(store)
    assert photographs.is_whole(store, photograph)


@pytest.mark.parametrize("speaks", range(PROTOCOL_OLDEST, PROTOCOL_VERSION + 1))
def test_it_is_sent_to_an_office_of_any_version_and_brought_up_to_date(
    store: Store, speaks: int
) -> None:
    office = frozen.the_office()
    office.speaks = speaks
    for written in store.rows("SELECT written FROM outbox WHERE outcome IS NOT NULL"):
        office.answered[read_envelope(bytes(written[0])).command_id] = bytes(written[0])
    queued = store.waiting(100)
    syncing = Syncing(store, office, lambda least, _most: least, office_key=SEAL.public_text)
    assert syncing.sync_once().problem is None
    assert [office.answered[read_envelope(written).command_id] for written in queued] == queued
    assert outbox.counts(store).waiting == 0
    assert len(office.blobs.kept) == 1
    assert [kind for kind, _times, _at in store.defects()] == []
    assert store.cursor() == 2
    held = {row[0] for row in store.rows("SELECT DISTINCT case_id FROM record")}
    assert held == {id_of("One"), id_of("Two"), id_of("Three")}, "Two has a draft still"
    (draft,) = drafts.every(store)
    drafts.discard(store, draft.draft_id)
    assert syncing.sync_once().problem is None
    held = {row[0] for row in store.rows("SELECT DISTINCT case_id FROM record")}
    assert held == {id_of("One"), id_of("Three")}


def test_a_vault_of_a_newer_program_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "vault.db"
    opened = open_store(path, bytearray(frozen.KEY))
    opened._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    opened.close()
    before = path.read_bytes()
    with pytest.raises(RuleBroken, match="A newer Fieldfare has used these records"):
        open_store(path, bytearray(frozen.KEY))
    assert path.read_bytes() == before
