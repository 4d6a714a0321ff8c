"""A disk under simulation: it counts what is written, fails where it is told, and loses power."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from random import Random

from tests.simulation import vfs
from tests.simulation.vfs import CANTOPEN, FULL, IOERR, DiskFailed

SECTOR_BYTES = 512
"""What a disk writes whole or not at all."""


class Fault(Enum):
    """What can go wrong with a disk."""

    ERROR = "a call fails once"
    FULL = "nothing can grow any more until there is room again"
    POWER = "everything stops; what was not synced may be there, in part, or not"


@dataclass(frozen=True)
class _Write:
    at: int
    data: bytes


@dataclass(frozen=True)
class _Cut:
    size: int


@dataclass(eq=False)
class File:
    """One file: what programs read, what is on the platter, and what lies between the two."""

    now: bytearray = field(default_factory=bytearray)
    durable: bytearray = field(default_factory=bytearray)
    unsynced: list[_Write | _Cut] = field(default_factory=list)
    named: bool = False
    """Whether the file's name would survive a loss of power."""

    def write(self, change: _Write | _Cut) -> None:
        """Change what programs read."""
        _apply(self.now, change)
        self.unsynced.append(change)

    def sync(self) -> None:
        """Put everything on the platter."""
        for change in self.unsynced:
            _apply(self.durable, change)
        self.unsynced.clear()
        self.named = True


def _apply(content: bytearray, change: _Write | _Cut) -> None:
    if isinstance(change, _Cut):
        del content[change.size :]
        return
    if len(content) < change.at:
        content.extend(bytes(change.at - len(content)))
    content[change.at : change.at + len(change.data)] = change.data


def _at_rest(content: bytes) -> File:
    """Make a file all of which is on the platter."""
    return File(now=bytearray(content), durable=bytearray(content), named=True)


_numbers = itertools.count(1)


class Disk:
    """One disk in memory, for vaults opened with `drive=disk` at a path in `disk.folder`.

    A step is a write, a sync, a truncation or a deletion. The same seed and the same calls leave
    the same sectors behind.
    """

    def __init__(self, seed: int) -> None:
        self.folder = Path(f"/disk{next(_numbers)}")
        self.steps = 0
        self.life = 0
        """Rises with each process or power that is lost; whoever opened a file before is dead."""
        self.files: dict[str, File] = {}
        self.has_power = True
        self.room: int | None = None
        """Bytes that files may still grow by; None for more than anybody needs."""
        self._kept = 0
        self._random = Random(seed)
        self._planned: dict[int, Fault] = {}

    # What a test says

    def fail(self, *, at: int, how: Fault) -> None:
        """Plan a fault for the at-th step from now, the first being 1."""
        self._planned[self.steps + at] = how

    def heal(self) -> None:
        """Let nothing more go wrong, and give room again."""
        self._planned.clear()
        self.room = None

    def forget(self) -> None:
        """Let no fault come any more that was planned; what happened stands."""
        self._planned.clear()

    def kill(self) -> None:
        """Lose the process that has files open; what it wrote is there, for the system lives."""
        self.life += 1

    def cut_power(self) -> None:
        """Lose power now."""
        self.has_power = False

    def restart(self) -> None:
        """Bring power back: what was synced is there, of what was written since any sectors are.

        A process that was running is dead, and no fault is planned any more.
        """
        self.life += 1
        self._planned.clear()
        chance = self._random.choice((0.0, 0.5, 0.5, 0.9, 1.0))
        for name, file in list(self.files.items()):
            if not file.named and self._random.random() >= chance:
                del self.files[name]
                continue
            self._settle(file, chance)
        self.has_power = True

    def _settle(self, file: File, chance: float) -> None:
        """Leave of a file what the platter has: each unsynced sector is there by chance, or not."""
        for change in file.unsynced:
            if isinstance(change, _Cut):
                if self._random.random() < chance:
                    _apply(file.durable, change)
                continue
            for sector in _sectors(change):
                if self._random.random() < chance:
                    _apply(file.durable, sector)
        file.unsynced.clear()
        file.now = bytearray(file.durable)
        file.named = True

    def copy(self, path: Path, to: Path) -> None:
        """Copy a vault's files, as somebody who restores an old copy of a disk does."""
        for suffix in ("", "-wal"):
            file = self.files.get(str(path) + suffix)
            self.files.pop(str(to) + suffix, None)
            if file is not None:
                content = bytes(file.now)
                self.files[str(to) + suffix] = _at_rest(content)

    def image(self) -> dict[str, bytes]:
        """Give what every file holds now, by its path on this disk."""
        return {name.removeprefix(str(self.folder)): bytes(f.now) for name, f in self.files.items()}

    def lay(self, image: Mapping[str, bytes]) -> None:
        """Put files on the platter, over those of the same name."""
        self.files.update({f"{self.folder}{name}": _at_rest(image[name]) for name in image})

    # What a vault asks of the drive it lies on

    def address(self, path: Path) -> str:
        """Say how SQLite finds a file on this disk."""
        vfs.mount(str(self.folder), self)
        return f"file:{path}?vfs={vfs.NAME}"

    def head(self, path: Path, length: int) -> bytes:
        """Read the first bytes of a file."""
        return bytes(self.files[str(path)].now[:length])

    def free_bytes(self) -> int:
        """Say how much room there is."""
        return 1 << 40 if self.room is None else self.room

    def kept_bytes(self) -> int:
        """Say how much room is kept back."""
        return self._kept

    def keep_back(self, size: int) -> bool:
        """Keep room back; False when there is not as much."""
        if size > self.free_bytes() + self.kept_bytes():
            return False
        self.give_back()
        self._take(size)
        self._kept = size
        return True

    def give_back(self) -> None:
        """Give the room that was kept back to whoever needs it."""
        if self.room is not None:
            self.room += self._kept
        self._kept = 0

    # What SQLite asks

    def find(self, name: str) -> File | None:
        """Find a file by its name."""
        return self.files.get(name)

    def open(self, name: str, *, create: bool) -> File:
        """Open a file, making it where it may be made."""
        if not self.has_power:
            raise DiskFailed(CANTOPEN)
        file = self.files.get(name)
        if file is None:
            if not create:
                raise DiskFailed(CANTOPEN)
            file = self.files[name] = File()
        return file

    def write(self, file: File, at: int, data: bytes) -> None:
        """Write some bytes; when power goes meanwhile, some sectors of them."""
        change = _Write(at, data)
        try:
            self._step()
            self._take(max(0, at + len(data) - len(file.now)))
        except DiskFailed:
            if not self.has_power:
                file.unsynced.append(change)
            raise
        file.write(change)

    def truncate(self, file: File, size: int) -> None:
        """Cut a file off."""
        self._step()
        if self.room is not None:
            self.room += max(0, len(file.now) - size)
        file.write(_Cut(size))

    def sync(self, file: File) -> None:
        """Put a file on the platter; what a failed call should have put there never gets there.

        The system shows it all the same until the power goes, and the next call says that all is well.
        """
        try:
            self._step()
        except DiskFailed:
            if self.has_power:
                file.unsynced.clear()
            raise
        file.sync()

    def delete(self, name: str) -> None:
        """Delete a file."""
        self._step()
        file = self.files.pop(name, None)
        if file is not None and self.room is not None:
            self.room += len(file.now)

    def _step(self) -> None:
        """Count a step and have it fail if that is planned."""
        if not self.has_power:
            raise DiskFailed(IOERR)
        self.steps += 1
        fault = self._planned.pop(self.steps, None)
        if fault is Fault.FULL:
            self.room = 0
        elif fault is Fault.POWER:
            self.has_power = False
            raise DiskFailed(IOERR)
        elif fault is Fault.ERROR:
            raise DiskFailed(IOERR)

    def _take(self, size: int) -> None:
        if self.room is None or not size:
            return
        if size > self.room:
            raise DiskFailed(FULL)
        self.room -= size


def _sectors(change: _Write) -> list[_Write]:
    """Take a write apart at the ends of sectors."""
    first = SECTOR_BYTES - change.at % SECTOR_BYTES
    starts = [0, *range(first, len(change.data), SECTOR_BYTES)]
    ends = [*starts[1:], len(change.data)]
    return [
        _Write(change.at + start, change.data[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]
