"""Tells the SQLCipher of this process of a VFS whose methods are written in Python."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from ctypes import CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_int64, c_void_p
from dataclasses import dataclass
from functools import wraps
from typing import Any

import sqlcipher3._sqlite3 as sqlcipher_module

POINTER_BYTES = ctypes.sizeof(c_void_p)

PATH_CHARACTERS_MAX = 512

Method = Callable[..., int | None]

_P = c_void_p
_FILE: dict[str, tuple[Any, ...]] = {
    "xClose": (_P,),
    "xRead": (_P, _P, c_int, c_int64),
    "xWrite": (_P, _P, c_int, c_int64),
    "xTruncate": (_P, c_int64),
    "xSync": (_P, c_int),
    "xFileSize": (_P, _P),
    "xLock": (_P, c_int),
    "xUnlock": (_P, c_int),
    "xCheckReservedLock": (_P, _P),
    "xFileControl": (_P, c_int, _P),
    "xSectorSize": (_P,),
    "xDeviceCharacteristics": (_P,),
    "xShmMap": (_P, c_int, c_int, c_int, _P),
    "xShmLock": (_P, c_int, c_int, c_int),
    "xShmBarrier": (_P,),
    "xShmUnmap": (_P, c_int),
}
"""What can be done with an open file, in SQLite's order, and what each is given."""

_SYSTEM: dict[str, tuple[Any, ...]] = {
    "xOpen": (_P, c_char_p, _P, c_int, _P),
    "xDelete": (_P, c_char_p, c_int),
    "xAccess": (_P, c_char_p, c_int, _P),
    "xFullPathname": (_P, c_char_p, c_int, _P),
    "xDlOpen": (),
    "xDlError": (),
    "xDlSym": (),
    "xDlClose": (),
    "xRandomness": (_P, c_int, _P),
    "xSleep": (_P, c_int),
    "xCurrentTime": (_P, _P),
    "xGetLastError": (_P, c_int, _P),
    "xCurrentTimeInt64": (_P, _P),
}
"""What can be done with files by name, likewise."""

_ANSWERS_NOTHING = {"xShmBarrier"}


class _Methods(Structure):
    """SQLite's table of what can be done with an open file."""

    _fields_ = [("iVersion", c_int), *((name, c_void_p) for name in _FILE)]


class _Vfs(Structure):
    """SQLite's table of what can be done with files by name."""

    _fields_ = [
        ("iVersion", c_int),
        ("szOsFile", c_int),
        ("mxPathname", c_int),
        ("pNext", c_void_p),
        ("zName", c_char_p),
        ("pAppData", c_void_p),
        *((name, c_void_p) for name in _SYSTEM),
    ]


@dataclass(frozen=True)
class Registration:
    """Everything SQLite was given, to be kept for as long as this process lives."""

    methods: _Methods
    vfs: _Vfs
    callbacks: tuple[object, ...]

    @property
    def methods_at(self) -> int:
        """Say where the table of an open file's methods lies."""
        return ctypes.addressof(self.methods)


def register(
    name: str, methods: Mapping[str, Method], on_fault: Callable[[BaseException], int]
) -> Registration:
    """Register a VFS; what a method raises is what `on_fault` makes of it.

    An open file is a pointer to the table of methods and eight bytes of the VFS's own.
    """
    file, system, callbacks = _Methods(iVersion=2), _Vfs(iVersion=2), []
    for table, entries in ((file, _FILE), (system, _SYSTEM)):
        for method, takes in entries.items():
            if method in methods:
                answers = None if method in _ANSWERS_NOTHING else c_int
                made = CFUNCTYPE(answers, *takes)(_guarded(methods[method], on_fault))
                callbacks.append(made)
                setattr(table, method, ctypes.cast(made, c_void_p).value)
    system.szOsFile, system.mxPathname = 2 * POINTER_BYTES, PATH_CHARACTERS_MAX
    system.zName = name.encode()
    library = ctypes.CDLL(sqlcipher_module.__file__)
    library.sqlite3_vfs_register.argtypes = (POINTER(_Vfs), c_int)
    if library.sqlite3_vfs_register(ctypes.byref(system), 0):
        raise AssertionError("SQLite did not take the simulated disk")
    return Registration(file, system, tuple(callbacks))


def _guarded(method: Method, on_fault: Callable[[BaseException], int]) -> Method:
    @wraps(method)
    def called(*arguments: object) -> int | None:
        try:
            return method(*arguments)
        except BaseException as failure:  # noqa: BLE001 - nothing may be raised through SQLite
            return on_fault(failure)

    return called
