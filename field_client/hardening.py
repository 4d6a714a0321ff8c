"""What every process of the device gives up: core files, and onlookers of the same user.

Windows has no counterpart to an undumpable process; there the error dialogue that offers a dump is
turned off.
"""

from __future__ import annotations

import ctypes
import os
import sys

_PR_SET_DUMPABLE = 4
_SEM_NO_DIALOGUES = 0x8003  # no critical-error, no fault and no open-file boxes


def leave_no_trace() -> None:
    """Have no crash write memory to disk, no other program read it, and no file be for others.

    What a process starts afterwards inherits this, but for being undumpable.
    """
    os.umask(0o077)
    if sys.platform == "win32":
        ctypes.windll.kernel32.SetErrorMode(_SEM_NO_DIALOGUES)
    else:
        import resource  # noqa: PLC0415 - there is none on Windows

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
