"""How a device stands: each thing the doctor looks at, when it is well and when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from keyring.backends.fail import Keyring

from field_client import device_secret, posture
from field_client.home import Home
from field_client.vault.drive import Folder
from shared.posture import Level


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "field" / "officers" / "one")


def test_where_there_is_no_device_nothing_is_called_good(home: Home) -> None:
    assert posture.folders(home.folder).level is Level.UNKNOWN
    assert posture.secrets([home]).level is Level.UNKNOWN
    assert posture.room(home.folder / "nowhere" / "at all").level is Level.UNKNOWN


def test_a_file_that_others_may_open_stops(home: Home) -> None:
    home.folder.mkdir(mode=0o700, parents=True)
    path = home.folder / "keys.json"
    path.write_bytes(b"{}")
    path.chmod(0o600)
    assert posture.folders(home.folder).level is Level.GOOD
    path.chmod(0o604)
    assert posture.folders(home.folder).level is Level.STOP
    assert "keys.json" in posture.folders(home.folder).says


def test_a_secret_in_a_file_is_said_and_one_that_cannot_be_read_stops(home: Home) -> None:
    device_secret.make(home.device_secret, Keyring())
    assert posture.secrets([home]).level is Level.MIND
    home.device_secret.write_bytes(b"{")
    assert posture.secrets([home]).level is Level.STOP


def test_swapping_is_said(tmp_path: Path) -> None:
    listed = tmp_path / "swaps"
    assert posture.swap(listed).level is Level.UNKNOWN
    listed.write_text("Filename\tType\tSize\n")
    assert posture.swap(listed).level is Level.GOOD
    listed.write_text("Filename\tType\tSize\n/dev/sda2\tpartition\t1\n")
    assert posture.swap(listed).level is Level.MIND
    assert "/dev/sda2" in posture.swap(listed).says


def test_a_drive_without_room_stops(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.folder.mkdir(parents=True)
    assert posture.room(home.folder).level is Level.GOOD
    free = Folder(home.folder).free_bytes()
    monkeypatch.setattr(posture, "ROOM_BYTES_MIN", free * 2)
    assert posture.room(home.folder).level is Level.STOP


def test_everything_is_looked_at_once_and_the_libraries_are_named(home: Home) -> None:
    found = list(posture.look(home.folder))
    assert len({each.about for each in found}) == len(found) == 6
    assert "SQLCipher 4." in found[-1].says
    assert "OpenSSL" in found[-1].says
