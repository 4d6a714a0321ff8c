"""A virtual screen for tests of the native window: what is seen and done from outside of it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess

import pytest
from PIL import ImageGrab

from tests.field_client.running import ROOT


class ClientMessage(ctypes.Structure):
    """An event of X11 by which one program asks something of another's window."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("room_for_any_other_event", ctypes.c_long * 24),
    )


class Screen:
    """A virtual screen, and what can be seen and done from outside the program shown on it."""

    def __init__(self) -> None:
        for program in ("Xvfb", "xdotool"):
            if shutil.which(program) is None:
                pytest.fail(f"{program} was not found: run `make setup`")
        reading, writing = os.pipe()
        self.process = subprocess.Popen(
            [
                "Xvfb",
                "-displayfd",
                str(writing),
                "-screen",
                "0",
                "1100x1100x24",
                "-nolisten",
                "tcp",
            ],
            pass_fds=[writing],
            stderr=subprocess.DEVNULL,
        )
        os.close(writing)
        with os.fdopen(reading) as file:
            self.display = f":{file.readline().strip()}"
        self.environment = {
            **os.environ,
            "DISPLAY": self.display,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
        }
        if os.geteuid() == 0:
            self.environment["QTWEBENGINE_DISABLE_SANDBOX"] = "1"

    def titles(self) -> list[str]:
        """Read every window's title, as any program on this screen can."""
        told = self._xdotool("search", "--onlyvisible", "--name", ".", "getwindowname", "%@")
        return told.splitlines()

    def do(self, *what: str) -> None:
        self._xdotool(*what)

    def close_window(self, title: str) -> None:
        """Press a window's cross: ask it to close, as a window manager does."""
        x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(self.display.encode()))
        for number in self._xdotool("search", "--name", f"^{title}$").split():
            event = ClientMessage(type=33, window=int(number), format=32)
            event.message_type = x11.XInternAtom(display, b"WM_PROTOCOLS", 0)
            event.data[0] = x11.XInternAtom(display, b"WM_DELETE_WINDOW", 0)
            x11.XSendEvent(display, ctypes.c_ulong(int(number)), 0, 0, ctypes.byref(event))
        x11.XCloseDisplay(display)

    def colours(self) -> int:
        """Count the colours on the screen: a blank window has very few."""
        picture = ImageGrab.grab(xdisplay=self.display)
        return len(picture.getcolors(1_000_000) or [])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)

    def _xdotool(self, *what: str) -> str:
        return subprocess.run(
            ["xdotool", *what],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        ).stdout
