"""The simulated disk keeps what was synced, loses what may be lost, and fails where it is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault.drive import RESERVE_BYTES, ROOM_BYTES_MIN
from field_client.vault.store import Store, open_store
from shared.errors import RuleBroken
from tests.simulation import vfs
from tests.simulation.disk import SECTOR_BYTES, Disk, Fault

KEY = bytes(range(32))


def opened(disk: Disk) -> Store:
    return open_store(disk.folder / "vault.db", bytearray(KEY), drive=disk)


@pytest.fixture
def disk() -> Iterator[Disk]:
    yield Disk(1)
    assert vfs.faults == [], "the simulated disk had a fault of its own"


def steps_of_a_save() -> int:
    """Count the steps of one save in a vault that is open."""
    disk = Disk(0)
    store = opened(disk)
    before = disk.steps
    store.put("note", "written")
    return disk.steps - before


def test_what_a_vault_said_it_kept_is_there_after_a_loss_of_power_at_any_step() -> None:
    kept_anyway = 0
    for at in range(1, steps_of_a_save() + 2):
        for seed in range(8):
            disk = Disk(seed)
            store = opened(disk)
            store.put("first", "kept")
            disk.fail(at=at, how=Fault.POWER)
            told = True
            try:
                store.put("note", "written")
            except sqlcipher.DatabaseError:
                told = False
            disk.restart()
            store.close()
            store = opened(disk)
            assert store.rows("PRAGMA integrity_check") == [("ok",)]
            assert store.rows("PRAGMA cipher_integrity_check") == []
            assert store.get("first") == "kept"
            if told:
                assert store.get("note") == "written"
            kept_anyway += store.get("note") == "written" and not told
            store.close()
    assert kept_anyway, "what was written and not yet synced is there at times"


def test_a_vault_that_does_not_sync_is_caught() -> None:
    lost = 0
    for seed in range(20):
        disk = Disk(seed)
        store = opened(disk)
        store._connection.execute("PRAGMA synchronous=OFF")
        store.put("note", "written")
        disk.cut_power()
        disk.restart()
        store.close()
        store = opened(disk)
        lost += store.get("note") is None
        store.close()
    assert lost


def test_writes_are_torn_at_sectors() -> None:
    found = set()
    for seed in range(30):
        disk = Disk(seed)
        file = disk.open(str(disk.folder / "file"), create=True)
        disk.write(file, 0, b"." * (3 * SECTOR_BYTES))
        disk.sync(file)
        disk.write(file, 100, b"#" * (2 * SECTOR_BYTES))
        disk.cut_power()
        disk.restart()
        assert bytes(file.now).count(b"#") in {0, 100, 412, 512, 612, 924, 1024}
        found.add(bytes(file.now))
    assert len(found) > 3
    assert b"." * (3 * SECTOR_BYTES) in found


def test_a_name_that_was_never_synced_may_be_gone() -> None:
    there = set()
    for seed in range(20):
        disk = Disk(seed)
        disk.open(str(disk.folder / "file"), create=True)
        disk.cut_power()
        disk.restart()
        there.add(disk.find(str(disk.folder / "file")) is not None)
    assert there == {True, False}


def test_whoever_had_a_file_open_when_power_went_can_do_nothing_more(disk: Disk) -> None:
    store = opened(disk)
    store.put("note", "kept")
    disk.cut_power()
    with pytest.raises(sqlcipher.DatabaseError):
        store.put("note", "other")
    disk.restart()
    with pytest.raises(sqlcipher.DatabaseError):
        store.put("note", "other")
    again = opened(disk)
    store.close()
    assert again.get("note") == "kept"
    again.close()


def test_a_killed_process_leaves_what_it_wrote(disk: Disk) -> None:
    store = opened(disk)
    store.put("note", "kept")
    disk.kill()
    again = opened(disk)
    store.close()
    assert again.get("note") == "kept"
    again.put("note", "other")
    again.close()


def test_a_call_that_fails_once_undoes_one_save(disk: Disk) -> None:
    store = opened(disk)
    for at in range(1, steps_of_a_save() + 1):
        store.put("note", "kept")
        disk.fail(at=at, how=Fault.ERROR)
        with pytest.raises(sqlcipher.DatabaseError):
            store.put("note", "written")
        assert store.get("note") == "kept"
    store.put("note", "written")
    assert store.get("note") == "written"
    store.close()


def test_what_a_failed_sync_should_have_kept_is_lost_with_the_power() -> None:
    disk = Disk(1)
    file = disk.open(str(disk.folder / "file"), create=True)
    disk.write(file, 0, b"before")
    disk.sync(file)
    disk.write(file, 0, b"after!")
    disk.fail(at=1, how=Fault.ERROR)
    with pytest.raises(vfs.DiskFailed):
        disk.sync(file)
    disk.sync(file)
    assert bytes(file.now) == b"after!"
    disk.cut_power()
    disk.restart()
    assert bytes(file.now) == b"before"


def test_two_connections_of_one_process_share_a_file(disk: Disk) -> None:
    one, other = opened(disk), opened(disk)
    one.put("note", "of one")
    assert other.get("note") == "of one"
    with one.transaction() as connection:
        connection.execute("DELETE FROM meta")
        other._connection.execute("PRAGMA busy_timeout=0")
        with pytest.raises(sqlcipher.OperationalError, match="locked"):
            other.put("note", "of the other")
    other.put("note", "of the other")
    assert one.get("note") == "of the other"
    one.close()
    other.close()


def test_a_copy_is_another_vault(disk: Disk) -> None:
    store = opened(disk)
    store.put("note", "before")
    disk.copy(disk.folder / "vault.db", disk.folder / "old.db")
    store.put("note", "after")
    store.close()
    disk.copy(disk.folder / "old.db", disk.folder / "vault.db")
    store = opened(disk)
    assert store.get("note") == "before"
    store.close()


def test_a_full_disk_takes_nothing_until_there_is_room(disk: Disk) -> None:
    store = opened(disk)
    store.put("note", "kept")
    disk.fail(at=1, how=Fault.FULL)
    with pytest.raises(RuleBroken) as refused:
        store.put("note", "x" * 50_000)
    assert refused.value.code == "disk.full"
    assert store.get("note") == "kept"
    disk.heal()
    store.put("note", "x" * 50_000)
    store.close()


def test_room_kept_back_counts_as_taken(disk: Disk) -> None:
    disk.room = RESERVE_BYTES + ROOM_BYTES_MIN
    assert disk.keep_back(RESERVE_BYTES)
    assert (disk.free_bytes(), disk.kept_bytes()) == (ROOM_BYTES_MIN, RESERVE_BYTES)
    assert not disk.keep_back(RESERVE_BYTES + ROOM_BYTES_MIN + 1)
    disk.give_back()
    assert (disk.free_bytes(), disk.kept_bytes()) == (RESERVE_BYTES + ROOM_BYTES_MIN, 0)


def test_what_lies_on_no_disk_is_not_found(disk: Disk) -> None:
    opened(disk).close()
    with pytest.raises(sqlcipher.OperationalError, match="unable to open"):
        sqlcipher.connect(f"file:/nowhere/vault.db?vfs={vfs.NAME}", uri=True)
