"""One tablet and the officers enrolled on it: each has a folder with an enrolment, keys and a vault.

Nothing of one officer's is needed to open another's, nor opened by what is theirs: not the device
secret, the signing key, the lease or the passphrase. What is wiped, revoked or begun anew is one
folder. The office sees as many devices, and by the tablet's own id that they are one piece of hardware.

An older version kept its one officer in the tablet's own folder. What it kept is moved as it is, piece
by piece, into a folder beside the officers', which is given its place among them last: ended at any
moment, the next start goes on from there.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

from fasteners import InterProcessLock
from keyring.backend import KeyringBackend

from field_client import clock
from field_client.device import Device, Stage
from field_client.files import make_private_folder, read_private, sync_folder, write_private
from field_client.home import Home
from shared.errors import RuleBroken
from shared.schemas import canonical
from shared.values import is_id

OFFICERS = "officers"
"""Holds a folder for each officer of a tablet."""

MOVING = "taking-over"
"""Holds what an older version kept, until all of it is there."""

_BEFORE = ("vaults", "sealed", "device")
"""What an older version kept in the tablet's own folder; what says whose it is comes last."""

_LOCK = "in-use.lock"


def homes_in(folder: Path) -> list[Home]:
    """List the folders of officers on a tablet, that of an older version too, in no telling order."""
    before = [Home(each) for each in (folder, folder / MOVING) if (each / "device").is_dir()]
    return [*before, *(Home(each) for each in sorted((folder / OFFICERS).glob("*")))]


class Tablet:
    """The officers of one tablet, as its keeper knows them; one of them at a time is here."""

    def __init__(self, folder: Path, keystore: KeyringBackend | None = None) -> None:
        self.folder = folder
        self.chosen: Device | None = None
        self._keystore = keystore
        self._id = ""
        self._every: list[Device] = []

    @property
    def window(self) -> Path:
        """The window's own files while nobody in particular is here."""
        return self.folder / "window"

    @property
    def devices(self) -> list[Device]:
        """List the devices of this tablet's officers, and not one that was never asked for."""
        return [each for each in self._every if not _is_fresh(each)]

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Have this tablet for one keeper alone, and know its officers; raises RuleBroken otherwise."""
        make_private_folder(self.folder)
        with _alone(self.folder / _LOCK):
            take_over(self.folder)
            shutil.rmtree(self.window, ignore_errors=True)
            self._id = _tablet_id(self.folder)
            self._read()
            self.step_back()
            yield

    def found(self) -> list[Device]:
        """List the devices of this tablet's officers, whether or not a keeper has it open.

        Raises RuleBroken while a keeper of an older version has.
        """
        if any(each.folder.parent.name != OFFICERS for each in homes_in(self.folder)):
            with self.held():
                return self.devices
        self._read()
        return self.devices

    def _read(self) -> None:
        self._every = [Device(each, self._keystore, self._id) for each in homes_in(self.folder)]

    def step_back(self) -> None:
        """Go back to the first page: who is visiting, wherever that is a question."""
        devices = self.devices
        if len(devices) > 1:
            self.chosen = None
        elif devices:
            self.chosen = devices[0]
        else:
            self.join()

    def leave(self) -> None:
        """Ask who is visiting, though there may be only one who can be."""
        self.chosen = None

    def choose(self, name: str) -> None:
        """Have the officer here whose folder has this name; another name changes nothing."""
        for device in self.devices:
            if device.home.folder.name == name:
                self.chosen = device

    def join(self) -> None:
        """Have somebody here who is not enrolled yet, in a folder nobody uses."""
        fresh = next((each for each in self._every if _is_fresh(each)), None)
        if fresh is None:
            place = Home(self.folder / OFFICERS / clock.new_id())
            fresh = Device(place, self._keystore, self._id)
            self._every.append(fresh)
        self.chosen = fresh

    def look(self) -> None:
        """Hold every lease here to the clocks of now, so that each ends on time whoever is here."""
        for device in self._every:
            device.look()

    def forget_pins(self) -> None:
        """Overwrite what any officer's PIN would open."""
        for device in self._every:
            device.pin.forget()


def take_over(folder: Path) -> None:
    """Move what an older version kept in the tablet's own folder to a folder of its officer's."""
    moving = folder / MOVING
    if (folder / "device").is_dir():
        with _alone(folder / "device" / _LOCK):
            pass  # no keeper of that version has it open
        (folder / "device" / _LOCK).unlink(missing_ok=True)
        make_private_folder(moving)
        for name in _BEFORE:
            _move(folder / name, moving / name)
    if moving.is_dir():
        make_private_folder(folder / OFFICERS)
        _move(moving, folder / OFFICERS / clock.new_id())


def _move(source: Path, place: Path) -> None:
    if not source.exists():
        return
    if place.exists():  # both versions have run since: a person has to say which counts
        raise RuleBroken("device.damaged")
    source.rename(place)
    sync_folder(place.parent)
    sync_folder(source.parent)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock = InterProcessLock(path)
    if not lock.acquire(blocking=False):
        lock.lockfile.close()  # which it leaves open
        raise RuleBroken("device.open_already")
    try:
        yield
    finally:
        lock.release()


def _is_fresh(device: Device) -> bool:
    """Tell whether a folder is nobody's: nothing was enrolled, and nothing of anybody's was kept."""
    if device.stage is not Stage.ENROL:
        return False
    kept = (device.home.vaults, device.home.sealed)
    return not any(folder.is_dir() and any(folder.iterdir()) for folder in kept)


def _tablet_id(folder: Path) -> str:
    """Give the id this tablet has at every office, made once; one that cannot be read is made anew."""
    path = folder / "tablet.json"
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        kept = json.loads(read_private(path))["tablet_id"]
        if is_id(str(kept)):
            return str(kept)
    made = clock.new_id()
    write_private(path, canonical({"tablet_id": made}))
    return made
