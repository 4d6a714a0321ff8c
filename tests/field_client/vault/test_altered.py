"""A vault's file that was altered is noticed, and nothing it works on goes to a file without a key."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from field_client.vault.database import DatabaseError, VaultUnreadable
from field_client.vault.store import open_store
from shared.errors import RuleBroken
from tests.field_client.vault.sample import a_day, fill

NOW = datetime.now(UTC)
KEY = bytes(range(32))
FLIPS = 150
SORTED_ROWS = 60_000


def a_vault(folder: Path) -> Path:
    folder.mkdir()
    path = folder / "vault.db"
    store = open_store(path, bytearray(KEY))
    store.put("store_id", "a-vault")
    fill(store, a_day(NOW), NOW)
    store.close()
    return path


def is_noticed(path: Path) -> bool:
    try:
        store = open_store(path, bytearray(KEY))
    except (VaultUnreadable, RuleBroken, DatabaseError):
        return True
    try:
        return store.rows("PRAGMA cipher_integrity_check") != []
    finally:
        store.close()


@pytest.mark.proves("T19")
def test_a_flipped_bit_anywhere_in_a_vault_is_noticed(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    whole = a_vault(tmp_path / "whole")
    assert not is_noticed(whole)
    size = whole.stat().st_size
    noticed = 0
    for number in range(FLIPS):
        path = tmp_path / str(number) / whole.name
        path.parent.mkdir()
        shutil.copy(whole, path)
        with path.open("r+b") as file:
            file.seek(number * size // FLIPS)
            (byte,) = file.read(1)
            file.seek(number * size // FLIPS)
            file.write(bytes([byte ^ 1 << number % 8]))
        noticed += is_noticed(path)
    record_property("figure", f"{noticed} of {FLIPS} flipped bits noticed")
    assert noticed == FLIPS


@pytest.mark.proves("T03")
@pytest.mark.skipif(sys.platform != "linux", reason="open files are listed by Linux alone")
def test_a_large_sort_opens_no_file(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    store = open_store(a_vault(tmp_path / "vault"), bytearray(KEY))
    assert store.rows("PRAGMA temp_store") == [(2,)]
    before = opened()
    with store.transaction() as connection:
        sorting = connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "SELECT hex(randomblob(250)) AS text FROM n ORDER BY text",
            (SORTED_ROWS,),
        )
        sorting.fetchone()
        during = opened()
        sorting.close()
    store.close()
    record_property("figure", f"{SORTED_ROWS * 500 // 1_000_000} MB sorted, 0 files opened")
    assert during <= before


def opened() -> set[str]:
    """Name the files this process has open."""
    names = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            names.add(str(descriptor.readlink()))
        except FileNotFoundError:  # the one that listed them
            continue
    return {name for name in names if name.startswith("/") and "/proc/" not in name}


def test_a_sort_that_may_use_files_would_be_seen(tmp_path: Path) -> None:
    (tmp_path / "etilqs_1").write_bytes(b"")
    with (tmp_path / "etilqs_1").open("rb"):
        assert str(tmp_path / "etilqs_1") in opened()
