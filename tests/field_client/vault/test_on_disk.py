"""Nothing anybody typed or was given can be read in the files of a vault, before or after a purge."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from field_client.vault.drafts import Draft, keep
from sync.protocol import Page, Purge, Record, Reply
from tests.field_client.vault.sample import EPOCH, a_day, fill, id_of, open_vault
from tests.field_client.vault.saving import save_visit

NOW = datetime.now(UTC)
CANARIES = (b"Curtains drawn", b"Castellanos", b"07700900123", b"Quern Lane", b"half a sentence")


def seen(folder: Path) -> list[tuple[str, bytes]]:
    """Look for every canary in the bytes of every file."""
    return [
        (path.name, canary)
        for path in folder.rglob("*")
        if path.is_file()
        for canary in CANARIES
        if canary in path.read_bytes() or canary.decode().encode("utf-16-le") in path.read_bytes()
    ]


@pytest.mark.proves("T01")
def test_no_file_of_a_vault_shows_what_is_in_it(tmp_path: Path) -> None:
    store = open_vault(tmp_path)
    fill(store, a_day(NOW), NOW)
    save_visit(store, "Maryam Castellanos")
    case_id = id_of("Maryam Castellanos")
    keep(store, Draft(draft_id=id_of("d"), case_id=case_id, kind="visit",
                      typed={"notes": ["half a sentence"]}, saved_at=NOW))  # fmt: skip
    assert seen(tmp_path) == []

    purge = Purge(case_id=case_id, view="home_visit", commit=2, reason="unassigned")
    page = Page(purges=(purge,), start=store.cursor(), end=2, head=2)
    store.absorb(replace(Reply(epoch=EPOCH, server_time=NOW.isoformat()), page=page))
    assert seen(tmp_path) == []
    store.close()
    assert seen(tmp_path) == []


def test_a_record_takes_its_own_room_and_little_more(tmp_path: Path) -> None:
    store, log = open_vault(tmp_path), tmp_path / "vault.db-wal"
    body = "Nobody came to the door, and a card was left. " * 20

    def came(commit: int) -> int:
        records = tuple(
            Record(case_id=id_of(f"case {n}"), view="home_visit", kind="case", record_id=id_of(f"{n}"),
                   commit=commit, body=f"{commit} {body}")
            for n in range(100)
        )  # fmt: skip
        page = Page(records=records, start=store.cursor(), end=commit, head=commit)
        before = log.stat().st_size
        store.absorb(replace(Reply(epoch=EPOCH, server_time=NOW.isoformat()), page=page))
        return log.stat().st_size - before

    least = 100 * len(body)
    assert came(1) < 2 * least
    store.sweep()
    assert came(2) < 2 * least, "as much again when all of them moved"
    store.close()
