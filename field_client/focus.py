"""Tells whether the person at this device looks at our window or has turned to another program.

A dialog that our own window opens (to choose a photograph, to allow the camera) belongs to this
process or to one it started, so it never counts as another program. Where the system does not say,
nobody is taken to have left: the device still locks when it lies untouched.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import wintypes
from importlib import import_module
from typing import Any

import psutil


def has_focus() -> bool:
    """Tell whether this process, or one that it started, has what a person types."""
    if sys.platform == "win32":
        return is_ours_or_nobodys(_owner_on_windows())
    if sys.platform == "darwin":
        return is_ours_or_nobodys(_owner_on_macos())
    return _is_active_in_qt()


def is_ours_or_nobodys(owner: int | None) -> bool:
    """Tell whether a process is this one or started by it; no process at all is nobody's."""
    if owner is None or owner == os.getpid():
        return True
    try:
        return any(parent.pid == os.getpid() for parent in psutil.Process(owner).parents())
    except psutil.Error:
        return False


def _owner_on_windows() -> int | None:
    """Ask Windows whose window is in the foreground; between two windows it is nobody's."""
    user: Any = getattr(ctypes, "windll").user32  # noqa: B009 - there on Windows alone
    window = user.GetForegroundWindow()
    owner = wintypes.DWORD()
    if not window or not user.GetWindowThreadProcessId(window, ctypes.byref(owner)):
        return None
    return owner.value


def _owner_on_macos() -> int | None:
    """Ask macOS which program is in front."""
    workspace: Any = import_module("AppKit").NSWorkspace.sharedWorkspace()  # pywebview brings it
    front = workspace.frontmostApplication()
    return None if front is None else int(front.processIdentifier())


def _is_active_in_qt() -> bool:
    """Ask Qt, which counts its own dialogs as ours."""
    from qtpy.QtCore import Qt  # noqa: PLC0415 - only where the window is Qt's
    from qtpy.QtGui import QGuiApplication  # noqa: PLC0415 - read in where it is used

    return bool(QGuiApplication.applicationState() == Qt.ApplicationState.ApplicationActive)
