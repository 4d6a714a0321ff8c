"""Room is kept back on a real drive, given up for what was typed, and kept back again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault.database import VaultUnreadable
from field_client.vault.drive import (
    RESERVE_BYTES,
    RESERVE_FILE,
    ROOM_BYTES_MIN,
    Folder,
    is_roomy,
    make_room,
)
from field_client.vault.store import open_store
from shared.errors import RuleBroken
from tests.simulation.disk import Disk, Fault


@dataclass(frozen=True)
class Small(Folder):
    """A real folder on a drive that has as much room as a test says."""

    room: list[int]

    def free_bytes(self) -> int:
        return self.room[0]


def test_room_is_kept_back_in_a_file_that_takes_all_of_it(tmp_path: Path) -> None:
    assert is_roomy(Folder(tmp_path))
    kept = (tmp_path / RESERVE_FILE).stat()
    assert kept.st_size == RESERVE_BYTES
    assert kept.st_blocks * 512 >= RESERVE_BYTES, "it has no holes"
    assert Folder(tmp_path).kept_bytes() == RESERVE_BYTES
    make_room(Folder(tmp_path))
    assert (tmp_path / RESERVE_FILE).exists(), "there is room enough"


def test_room_kept_back_is_given_up_when_little_is_left_and_kept_back_again(tmp_path: Path) -> None:
    room = [RESERVE_BYTES + ROOM_BYTES_MIN]
    drive = Small(tmp_path, room)
    assert is_roomy(drive)
    room[0] = ROOM_BYTES_MIN - 1
    assert not is_roomy(drive)
    assert drive.kept_bytes() == RESERVE_BYTES, "what the office sends is not worth it"
    make_room(drive)
    assert drive.kept_bytes() == 0
    make_room(drive)
    assert not is_roomy(drive)
    room[0] = RESERVE_BYTES + ROOM_BYTES_MIN
    assert is_roomy(drive)


def test_where_there_is_no_room_nothing_half_kept_stays(tmp_path: Path) -> None:
    nowhere = Folder(tmp_path / "gone")
    assert not nowhere.keep_back(RESERVE_BYTES)
    assert nowhere.kept_bytes() == 0
    nowhere.give_back()


def test_a_vault_is_found_whatever_its_folder_is_called(tmp_path: Path) -> None:
    folder = tmp_path / "o'dd ?name=1&vfs=none #% é"
    folder.mkdir()
    store = open_store(folder / "vault.db", bytearray(32))
    store.put("note", "kept")
    store.close()
    assert (folder / "vault.db").exists()
    with pytest.raises(VaultUnreadable):
        open_store(folder / "vault.db", bytearray(b"1" * 32))


@pytest.mark.parametrize("kept_back", [0, RESERVE_BYTES])
def test_a_vault_that_must_grow_to_be_opened_takes_what_was_kept_back(kept_back: int) -> None:
    disk = Disk(1)
    disk.room = kept_back
    disk.keep_back(kept_back)
    path = disk.folder / "vault.db"
    if not kept_back:
        with pytest.raises(RuleBroken) as refused:
            open_store(path, bytearray(32), drive=disk)
        assert refused.value.code == "disk.full"
        disk.heal()
    store = open_store(path, bytearray(32), drive=disk)
    store.put("note", "kept")
    assert disk.kept_bytes() == 0
    store.close()


def test_a_drive_that_fails_while_a_vault_is_opened_is_not_called_a_damaged_vault() -> None:
    disk = Disk(1)
    path = disk.folder / "vault.db"
    store = open_store(path, bytearray(32), drive=disk)
    store.put("note", "kept")
    disk.cut_power()
    with pytest.raises(RuleBroken, match="disk did not answer"):
        open_store(path, bytearray(32), drive=disk)
    disk.restart()
    store.close()
    store = open_store(path, bytearray(32), drive=disk)
    assert store.get("note") == "kept"
    store.close()


def test_a_drive_that_fails_for_another_reason_gives_nothing_up() -> None:
    disk = Disk(1)
    store = open_store(disk.folder / "vault.db", bytearray(32), drive=disk)
    assert store.has_room()
    disk.fail(at=1, how=Fault.ERROR)
    with pytest.raises(sqlcipher.OperationalError, match="I/O"):
        store.put("note", "written")
    assert disk.kept_bytes() == RESERVE_BYTES
    store.close()
