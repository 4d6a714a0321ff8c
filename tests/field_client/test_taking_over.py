"""What an older version kept on a tablet is taken over whole, whatever ends that on the way."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from field_client import tablet as tablets
from field_client.cli import field
from field_client.tablet import MOVING, OFFICERS, homes_in, take_over
from shared.errors import RuleBroken
from tests.field_client.office import SmallOffice
from tests.field_client.running import StartDevice, enrol, unlock
from tests.field_client.test_deliveries import put
from tests.field_client.test_tablet import SAM, enrolled, opened

HOLDING = """
import sys
from fasteners import InterProcessLock
held = InterProcessLock(sys.argv[1])
assert held.acquire(blocking=False)
print("held", flush=True)
sys.stdin.readline()
"""
"""What the keeper of an older version does to a tablet it has open."""

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]


def before(folder: Path, office: SmallOffice) -> dict[str, bytes]:
    """Make a folder as the version before kept it, with one officer; give every file of it."""
    enrolled(folder, office, SAM)
    (home,) = homes_in(folder)
    (home.vaults / "officer").mkdir(parents=True)
    (home.vaults / "officer" / "vault.db").write_bytes(b"encrypted")
    put(home.sealed, 1)
    for kept in home.folder.iterdir():
        kept.rename(folder / kept.name)
    shutil.rmtree(folder / OFFICERS)
    (folder / "tablet.json").unlink()
    (folder / "in-use.lock").unlink()
    (folder / "device" / "in-use.lock").write_bytes(b"")
    return _files(folder)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "in-use.lock"
    }


class _Killed(BaseException):
    """The power went."""


@pytest.mark.parametrize("after", range(5))
def test_what_an_older_version_kept_is_taken_over_whole_whenever_that_is_cut_off(
    office: SmallOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    folder = tmp_path / "tablet"
    kept = before(folder, office)
    moved: list[Path] = []
    move = tablets._move

    def killed(source: Path, place: Path) -> None:
        if len(moved) == after:
            raise _Killed
        move(source, place)
        moved.append(source)

    monkeypatch.setattr(tablets, "_move", killed)
    if after < 4:
        with pytest.raises(_Killed):
            take_over(folder)
        assert sorted(_names(_files(folder))) == sorted(_names(kept)), "nothing is ever gone"
    monkeypatch.setattr(tablets, "_move", move)
    tablet = opened(folder)
    (home,) = homes_in(folder)
    assert _files(home.folder) == kept
    assert not (folder / MOVING).exists()
    assert tablet.chosen is tablet.devices[0]
    assert tablet.chosen.enrolment is not None
    assert tablet.chosen.enrolment.officer_name == SAM
    assert opened(folder).devices[0].home == home, "the next start moves nothing"


def _names(files: dict[str, bytes]) -> list[str]:
    return [Path(name).name for name in files]


def test_a_vault_of_the_version_before_opens_with_its_passphrase(
    start: StartDevice, office: SmallOffice
) -> None:
    device = start()
    person = enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    (home,) = homes_in(device.home)
    for kept in home.folder.iterdir():
        kept.rename(device.home / kept.name)
    shutil.rmtree(device.home / OFFICERS)
    again = start()
    unlock(person, again.next_address("locked"))
    again.next_address("unlocked")


def test_nothing_is_moved_while_the_version_before_is_open_or_has_run_since(
    office: SmallOffice, tmp_path: Path
) -> None:
    folder = tmp_path / "tablet"
    kept = before(folder, office)
    earlier = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(folder / "device" / "in-use.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert earlier.stdout is not None
    assert earlier.stdout.readline() == b"held\n"
    with pytest.raises(RuleBroken) as refused:
        opened(folder)
    assert refused.value.code == "device.open_already"
    told = CliRunner().invoke(field, ["--home", str(folder), "--rescue-to", str(tmp_path)])
    assert "already open on this device" in told.output
    earlier.communicate(b"\n")
    (folder / MOVING / "vaults").mkdir(parents=True)
    with pytest.raises(RuleBroken) as refused:
        opened(folder)
    assert refused.value.code == "device.damaged"
    assert _files(folder).items() >= kept.items()
