"""Gives the real SQLCipher disks of the simulation: one VFS, registered once, whose files are ours."""

from __future__ import annotations

import ctypes
import itertools
import os
import time
import weakref
from ctypes import c_double, c_int, c_int64, c_void_p, memmove, string_at
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol

from tests.simulation.vfs_tables import POINTER_BYTES, Registration, register

OK, BUSY, IOERR, FULL, CANTOPEN = 0, 5, 10, 13, 14
"""SQLite's words for how a call ended."""

NAME = "simulated"
"""What SQLite calls this VFS."""

SHORT_READ = IOERR | 2 << 8
NOTFOUND = 12
POWERSAFE_OVERWRITE = 0x1000
"""A write harms nothing beside it; SQLite believes so of real disks as well."""

OPEN_CREATE, OPEN_DELETE_ON_CLOSE = 0x4, 0x8
ACCESS_EXISTS = 0
SHM_UNLOCK, SHM_EXCLUSIVE = 1, 8
SHARED, RESERVED, PENDING, EXCLUSIVE = 1, 2, 3, 4
PLATFORM_SECTOR_BYTES = 4096
UNIX_EPOCH_JULIAN_MS = 210_866_760_000_000


class DiskFailed(Exception):  # noqa: N818 - it says what happened
    """A call to the disk did not do what it was asked; `code` is SQLite's word for it."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class File(Protocol):
    """One file, as far as SQLite sees it."""

    now: bytearray


class Disk(Protocol):
    """What a disk must do for SQLite; each of these may raise DiskFailed."""

    life: int
    """Rises when a process or the power is lost: who opened a file before is dead."""
    has_power: bool

    def find(self, name: str) -> File | None:
        """Find a file by its name."""

    def open(self, name: str, *, create: bool) -> File:
        """Open a file, making it where it may be made."""

    def write(self, file: File, at: int, data: bytes) -> None:
        """Write some bytes."""

    def truncate(self, file: File, size: int) -> None:
        """Cut a file off."""

    def sync(self, file: File) -> None:
        """Put a file on the platter."""

    def delete(self, name: str) -> None:
        """Delete a file."""


_disks: weakref.WeakValueDictionary[str, Disk] = weakref.WeakValueDictionary()


def mount(folder: str, disk: Disk) -> None:
    """Have SQLite find a disk's files below a folder of one name."""
    if not _registered:
        _registered.append(register(NAME, {**_METHODS, **_VFS}, on_fault=_word_for))
    _disks[folder] = disk


def _disk_of(name: str) -> Disk:
    try:
        return _disks[str(PurePath(*PurePath(name).parts[:2]))]
    except KeyError:
        raise DiskFailed(CANTOPEN) from None


@dataclass(eq=False)
class _Shared:
    """What the connections to one file share: who holds which lock, and the index of its log."""

    levels: dict[int, int] = field(default_factory=dict)
    regions: list[ctypes.Array[ctypes.c_char]] = field(default_factory=list)
    slots: dict[tuple[int, int], bool] = field(default_factory=dict)
    """By holder and slot, whether it is held alone."""


@dataclass(eq=False)
class _Handle:
    """One file opened by one connection."""

    number: int
    disk: Disk
    name: str
    file: File
    life: int
    deletes: bool
    shared: _Shared

    @property
    def is_dead(self) -> bool:
        return self.life != self.disk.life or not self.disk.has_power

    def check(self) -> None:
        """Fail once the process that opened this file is gone."""
        if self.is_dead:
            raise DiskFailed(IOERR)


_handles: dict[int, _Handle] = {}
_shared: weakref.WeakKeyDictionary[File, dict[int, _Shared]] = weakref.WeakKeyDictionary()
_numbers = itertools.count(1)


def _shared_of(disk: Disk, file: File) -> _Shared:
    """Find what connections to a file share; a new life of the disk begins with nothing held."""
    lives = _shared.setdefault(file, {})
    for life in [each for each in lives if each != disk.life]:
        del lives[life]
    return lives.setdefault(disk.life, _Shared())


def _handle(file: int) -> _Handle:
    return _handles[c_int64.from_address(file + POINTER_BYTES).value]


# The methods of an open file


def _close(at: int) -> int:
    handle = _handles.pop(c_int64.from_address(at + POINTER_BYTES).value)
    if not handle.is_dead:
        handle.shared.levels.pop(handle.number, None)
        if handle.deletes:
            handle.disk.delete(handle.name)
    return OK


def _read(at: int, into: int, amount: int, offset: int) -> int:
    handle = _handle(at)
    handle.check()
    found = bytes(handle.file.now[offset : offset + amount])
    memmove(into, found, len(found))
    if len(found) < amount:
        memmove(into + len(found), bytes(amount - len(found)), amount - len(found))
        return SHORT_READ
    return OK


def _write(at: int, what: int, amount: int, offset: int) -> int:
    handle = _handle(at)
    handle.check()
    handle.disk.write(handle.file, offset, string_at(what, amount))
    return OK


def _truncate(at: int, size: int) -> int:
    handle = _handle(at)
    handle.check()
    handle.disk.truncate(handle.file, size)
    return OK


def _sync(at: int, _flags: int) -> int:
    handle = _handle(at)
    handle.check()
    handle.disk.sync(handle.file)
    return OK


def _size(at: int, into: int) -> int:
    handle = _handle(at)
    handle.check()
    c_int64.from_address(into).value = len(handle.file.now)
    return OK


def _lock(at: int, level: int) -> int:
    handle = _handle(at)
    handle.check()
    others = [held for number, held in handle.shared.levels.items() if number != handle.number]
    in_the_way = {SHARED: PENDING, RESERVED: RESERVED, PENDING: RESERVED, EXCLUSIVE: SHARED}[level]
    if any(held >= in_the_way for held in others):
        return BUSY
    handle.shared.levels[handle.number] = max(level, handle.shared.levels.get(handle.number, 0))
    return OK


def _unlock(at: int, level: int) -> int:
    handle = _handle(at)
    if level:
        handle.shared.levels[handle.number] = level
    else:
        handle.shared.levels.pop(handle.number, None)
    return OK


def _is_reserved(at: int, into: int) -> int:
    held = _handle(at).shared.levels.values()
    c_int.from_address(into).value = int(any(level >= RESERVED for level in held))
    return OK


def _control(_at: int, _what: int, _with: int) -> int:
    return NOTFOUND


def _sector_size(_at: int) -> int:
    return PLATFORM_SECTOR_BYTES


def _characteristics(_at: int) -> int:
    return POWERSAFE_OVERWRITE


def _map(at: int, region: int, size: int, extend: int, into: int) -> int:
    handle = _handle(at)
    handle.check()
    regions = handle.shared.regions
    while extend and len(regions) <= region:
        regions.append((ctypes.c_char * size)())
    address_ = ctypes.addressof(regions[region]) if region < len(regions) else None
    c_void_p.from_address(into).value = address_
    return OK


def _lock_shared(at: int, offset: int, count: int, flags: int) -> int:
    handle = _handle(at)
    slots = handle.shared.slots
    wanted = range(offset, offset + count)
    if flags & SHM_UNLOCK:
        for slot in wanted:
            slots.pop((handle.number, slot), None)
        return OK
    handle.check()
    alone = bool(flags & SHM_EXCLUSIVE)
    for (number, slot), held_alone in slots.items():
        if number != handle.number and slot in wanted and (alone or held_alone):
            return BUSY
    slots.update({(handle.number, slot): alone for slot in wanted})
    return OK


def _barrier(_at: int) -> None:
    return None


def _unmap(at: int, delete: int) -> int:
    handle = _handle(at)
    for key in [key for key in handle.shared.slots if key[0] == handle.number]:
        del handle.shared.slots[key]
    if delete and not handle.is_dead:
        handle.shared.regions.clear()
    return OK


# The methods of the VFS


def _open(_vfs: int, name: bytes | None, into: int, flags: int, out_flags: int | None) -> int:
    c_void_p.from_address(into).value = None
    path = name.decode() if name else ""
    disk = _disk_of(path)
    file = disk.open(path, create=bool(flags & OPEN_CREATE))
    number = next(_numbers)
    _handles[number] = _Handle(
        number=number,
        disk=disk,
        name=path,
        file=file,
        life=disk.life,
        deletes=bool(flags & OPEN_DELETE_ON_CLOSE),
        shared=_shared_of(disk, file),
    )
    c_int64.from_address(into + POINTER_BYTES).value = number
    c_void_p.from_address(into).value = _registered[0].methods_at
    if out_flags:
        c_int.from_address(out_flags).value = flags
    return OK


def _delete(_vfs: int, name: bytes, _sync_folder: int) -> int:
    path = name.decode()
    _disk_of(path).delete(path)
    return OK


def _access(_vfs: int, name: bytes, flags: int, into: int) -> int:
    path = name.decode()
    found = _disk_of(path).find(path)
    there = found is not None and (flags != ACCESS_EXISTS or bool(found.now))
    c_int.from_address(into).value = int(there)
    return OK


def _full_name(_vfs: int, name: bytes, length: int, into: int) -> int:
    memmove(into, name + b"\0", min(length, len(name) + 1))
    return OK


def _randomness(_vfs: int, length: int, into: int) -> int:
    memmove(into, os.urandom(length), length)
    return length


def _sleep(_vfs: int, microseconds: int) -> int:
    return microseconds


def _time(_vfs: int, into: int) -> int:
    c_double.from_address(into).value = time.time() / 86_400 + 2_440_587.5
    return OK


def _last_error(_vfs: int, _length: int, _into: int) -> int:
    return OK


def _time_ms(_vfs: int, into: int) -> int:
    c_int64.from_address(into).value = UNIX_EPOCH_JULIAN_MS + int(time.time() * 1000)
    return OK


_METHODS = {
    "xClose": _close,
    "xRead": _read,
    "xWrite": _write,
    "xTruncate": _truncate,
    "xSync": _sync,
    "xFileSize": _size,
    "xLock": _lock,
    "xUnlock": _unlock,
    "xCheckReservedLock": _is_reserved,
    "xFileControl": _control,
    "xSectorSize": _sector_size,
    "xDeviceCharacteristics": _characteristics,
    "xShmMap": _map,
    "xShmLock": _lock_shared,
    "xShmBarrier": _barrier,
    "xShmUnmap": _unmap,
}
_VFS = {
    "xOpen": _open,
    "xDelete": _delete,
    "xAccess": _access,
    "xFullPathname": _full_name,
    "xRandomness": _randomness,
    "xSleep": _sleep,
    "xCurrentTime": _time,
    "xGetLastError": _last_error,
    "xCurrentTimeInt64": _time_ms,
}

_registered: list[Registration] = []

faults: list[BaseException] = []
"""Our own mistakes in here; a test that finds one is not to be believed."""


def _word_for(failure: BaseException) -> int:
    """Turn a failing disk into SQLite's word for it, and note what is our own mistake."""
    if isinstance(failure, DiskFailed):
        return failure.code
    faults.append(failure)
    return IOERR
