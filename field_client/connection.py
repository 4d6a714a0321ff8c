"""Tells whether the connection this device is on costs money by the byte, where a system says so.

Windows says it of the connection in use; that is asked through its own COM interface, without any
package. Elsewhere nothing that comes with the system says it reliably: a telephone's hot spot looks
like any Wi-Fi. There the answer is that it is not known, and whoever asks decides what follows.
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
import uuid
from collections.abc import Callable, Iterator

_MANAGER = uuid.UUID("dcb00c01-570f-4a9b-8d69-199fdba5723b")
_COST_MANAGER = uuid.UUID("dcb00008-570f-4a9b-8d69-199fdba5723b")

_UNRESTRICTED = 0x1
_FIXED, _VARIABLE = 0x2, 0x4
_OVER_LIMIT, _ROAMING = 0x10000, 0x40000

_IN_ANY_PROCESS = 0x17  # CLSCTX_ALL
_RELEASE, _GET_COST = 2, 3  # places in the interface's table of functions


def metered() -> bool | None:
    """Tell whether sending may cost money; none when this system does not say."""
    if platform.system() != "Windows":
        return None
    try:
        return of_cost(_windows_cost())
    except (OSError, AttributeError):
        return None


def of_cost(cost: int) -> bool | None:
    """Read what Windows says of a connection's cost; a limit or roaming counts as costing."""
    if cost & (_FIXED | _VARIABLE | _OVER_LIMIT | _ROAMING):
        return True
    return False if cost & _UNRESTRICTED else None


def _windows_cost() -> int:
    """Ask Windows for the cost of the connection to the Internet; raises OSError when it fails."""
    cost = ctypes.c_uint32()
    with _cost_manager() as manager:
        _call(manager, _GET_COST, ctypes.byref(cost), None)
    return cost.value


@contextlib.contextmanager
def _cost_manager() -> Iterator[ctypes.c_void_p]:
    """Open the interface that knows costs, for this thread alone, and give it back."""
    ole = ctypes.CDLL("ole32")
    ole.CoInitializeEx(None, 0)
    try:
        manager = ctypes.c_void_p()
        made = ole.CoCreateInstance(
            _guid(_MANAGER), None, _IN_ANY_PROCESS, _guid(_COST_MANAGER), ctypes.byref(manager)
        )
        if made < 0 or manager.value is None:
            raise OSError(made, "Windows does not tell what connections cost")
        try:
            yield manager
        finally:
            _call(manager, _RELEASE)
    finally:
        ole.CoUninitialize()


def _call(interface: ctypes.c_void_p, place: int, *arguments: object) -> None:
    """Call a function of a COM interface by its place in the interface's table."""
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    kinds = [ctypes.c_void_p] * (len(arguments) + 1)
    function: Callable[..., int] = ctypes.CFUNCTYPE(ctypes.c_long, *kinds)(table[place] or 0)
    result = function(interface, *arguments)
    if result < 0:
        raise OSError(result, "Windows did not answer what the connection costs")


def _guid(named: uuid.UUID) -> ctypes.Array[ctypes.c_char]:
    return ctypes.create_string_buffer(named.bytes_le, 16)
