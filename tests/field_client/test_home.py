"""Where a device keeps things, how small files are written, and which clocks it reads."""

from __future__ import annotations

import logging
import time
from datetime import UTC
from pathlib import Path

import pytest
from click.testing import CliRunner

from field_client import clock, incidents
from field_client.cli import field
from field_client.files import (
    PRIVATE_BYTES_MAX,
    make_private_folder,
    read_private,
    write_private,
)
from field_client.home import Home, tablet_folder
from shared.values import is_id


def test_a_device_lives_where_it_is_told_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDFARE_HOME", str(tmp_path / "everything"))
    assert tablet_folder(tmp_path / "one") == tmp_path / "one"
    assert tablet_folder(None) == tmp_path / "everything" / "field"
    monkeypatch.delenv("FIELDFARE_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "data"))
    assert tablet_folder(None).name == "field"
    assert tablet_folder(None) != tablet_folder(tmp_path)


def test_the_device_secret_is_never_in_a_folder_with_a_vault(tmp_path: Path) -> None:
    home = Home(tmp_path)
    vault = home.vault("officer-1")
    assert vault != home.vault("officer-2")
    assert not home.device_secret.is_relative_to(vault)
    assert not vault.is_relative_to(home.device_secret.parent)


def test_a_small_file_is_for_this_user_only_and_replaces_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "file"
    write_private(path, b"one")
    write_private(path, b"two")
    assert read_private(path) == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"one")
    with pytest.raises(ValueError, match="something small"):
        write_private(path, bytes(PRIVATE_BYTES_MAX + 1))
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"):
        write_private(tmp_path / "taken", b"a folder has this name")
    assert read_private(path) == b"one"
    assert {each.name for each in tmp_path.iterdir()} == {"file", "taken"}


def test_no_more_of_a_file_is_read_than_could_have_been_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(PRIVATE_BYTES_MAX * 3))
    assert len(read_private(tmp_path / "file")) == PRIVATE_BYTES_MAX + 1


def test_a_folder_that_others_could_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    make_private_folder(tmp_path / "open")
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_the_clocks_are_read_together_and_the_elapsed_one_only_goes_forward() -> None:
    first = clock.reading()
    time.sleep(0.01)
    second = clock.reading(offset_seconds=2.5)
    assert second.monotonic > first.monotonic
    assert first.boot == second.boot == clock.boot_id()
    assert second.offset == 2.5
    assert clock.now().tzinfo is UTC
    assert is_id(clock.new_id())
    assert clock.new_id() != clock.new_id()


@pytest.mark.proves("T04")
def test_a_log_says_where_a_fault_was_and_not_what_it_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = logging.root.handlers[:], logging.root.level
    incidents.log_to_stderr()
    try:
        try:
            dict[str, str]()["Mrs Adebayo"]
        except KeyError as fault:
            incident = incidents.note("visit", fault)
            logging.getLogger("some.library").exception("it failed")
    finally:
        logging.root.handlers[:], logging.root.level = before
    said = capsys.readouterr().err
    assert f"incident {incident}: visit: KeyError at test_home.py:" in said
    assert "some.library it failed\nKeyError at test_home.py:" in said
    assert "Adebayo" not in said


def test_the_idle_lock_can_be_shortened_and_never_lengthened() -> None:
    told = CliRunner().invoke(field, ["--idle-seconds", "301"])
    assert told.exit_code == 2
    assert "301 is not in the range 5<=x<=300" in told.output


def test_the_help_names_what_the_command_is_for() -> None:
    told = CliRunner().invoke(field, ["--help"])
    assert told.exit_code == 0
    assert "--browser" in told.output
