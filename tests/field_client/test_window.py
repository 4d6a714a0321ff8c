"""The real native window on a real (virtual) screen: what it shows, and how it goes."""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from PIL import ImageGrab

from field_client import window
from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, ROOT, RunningDevice, enrol

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this screen is Xvfb's")


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


@pytest.fixture
def screen() -> Iterator[Screen]:
    made = Screen()
    yield made
    made.stop()


@pytest.fixture
def keep(screen: Screen, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        script = "from field_client.cli import field; field()"
        process = subprocess.Popen(
            [sys.executable, "-c", script, "--home", str(tmp_path / "home")],
            env=screen.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(60)


def until(true: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    root = psutil.Process(process.pid)
    return [root, *root.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    left = []
    for process in processes:
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                left.append(process)
        except psutil.NoSuchProcess:
            continue
    return left


def command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def running(keeper: subprocess.Popen[bytes], module: str) -> psutil.Process | None:
    """Find the keeper's child that runs a module of ours."""
    return next((each for each in family(keeper) if module in command_line(each)), None)


def is_drawn(screen: Screen) -> bool:
    return "Fieldfare" in screen.titles() and screen.colours() > 50


@LINUX
def test_the_window_shows_the_device_and_its_title_says_nothing_else(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    keeper = keep()
    assert until(lambda: is_drawn(screen)), screen.titles()
    assert set(screen.titles()) <= {"Fieldfare"}
    said = [" ".join(command_line(each)) for each in family(keeper)]
    assert len(said) > 2
    assert not [line for line in said if "127.0.0.1" in line or "boot" in line]
    everyone = family(keeper)
    keeper.terminate()
    assert keeper.wait(60) == 0
    assert until(lambda: not alive(everyone))
    assert not (tmp_path / "home" / "window").exists()


@LINUX
def test_a_killed_keeper_takes_the_window_with_it(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]]
) -> None:
    keeper = keep()
    assert until(lambda: is_drawn(screen))
    everyone = family(keeper)
    keeper.kill()
    keeper.wait(10)
    assert until(lambda: not alive(everyone)), alive(everyone)
    assert until(lambda: screen.titles() == [])


@LINUX
def test_closing_the_window_ends_the_device(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]]
) -> None:
    keeper = keep()
    assert until(lambda: is_drawn(screen))
    everyone = family(keeper)
    screen.close_window("Fieldfare")
    assert keeper.wait(60) == 0
    assert until(lambda: not alive(everyone)), alive(everyone)


@LINUX
def test_a_window_that_fails_is_opened_again_behind_the_lock(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]]
) -> None:
    keeper = keep()
    assert until(lambda: is_drawn(screen))
    time.sleep(5)
    before = running(keeper, "field_client.window")
    assert before is not None
    before.kill()
    assert until(lambda: running(keeper, "field_client.window") not in {None, before})
    assert until(lambda: is_drawn(screen))
    assert not alive([before])
    assert keeper.poll() is None


@pytest.mark.proves("T09")
@LINUX
def test_an_officer_unlocks_in_the_window_and_the_profile_keeps_nothing(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    office = SmallOffice()
    device = RunningDevice(tmp_path / "home", environment=screen.environment)
    enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    keeper = keep()
    assert until(lambda: is_drawn(screen))
    locked = screen.colours()
    screen.do("search", "--name", "^Fieldfare$", "windowfocus", "%@")
    for _ in range(8):
        if vault_is_open(keeper):
            break
        screen.do("key", "--delay", "30", "Tab")
        screen.do("type", "--delay", "5", PASSPHRASE)
        screen.do("key", "Return")
        until(lambda: vault_is_open(keeper), 8)
    assert vault_is_open(keeper)
    assert until(lambda: screen.colours() != locked)
    assert set(screen.titles()) <= {"Fieldfare"}
    everyone = family(keeper)
    keeper.kill()
    keeper.wait(10)
    assert until(lambda: not alive(everyone))
    kept = [path for path in (tmp_path / "home" / "window").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"Patel" in path.read_bytes()]
    office.stop()


SAYS_WHERE_IT_IS = """
import sys, threading, time
import webview
from field_client import window

def say():
    while True:
        time.sleep(0.5)
        if webview.windows:
            print(webview.windows[0].get_current_url(), flush=True)

threading.Thread(target=say, daemon=True).start()
window.open_window(sys.argv[1], sys.argv[2])
"""


@LINUX
def test_the_window_ends_up_at_today_and_is_not_blank(screen: Screen, tmp_path: Path) -> None:
    office = SmallOffice()
    device = RunningDevice(tmp_path / "home", environment=screen.environment)
    enrol(device, office)
    unlocked = device.next_address("unlocked")
    blank = screen.colours()
    shown = subprocess.Popen(
        [sys.executable, "-c", SAYS_WHERE_IT_IS, unlocked.address, str(tmp_path / "window")],
        env=screen.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert shown.stdout is not None
    assert any(line.strip().endswith("/today") for line in shown.stdout)
    assert until(lambda: screen.colours() > blank + 50)
    assert set(screen.titles()) <= {"Fieldfare"}
    for each in alive(family(shown)):
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    shown.wait(10)
    shown.stdout.close()
    device.stop()
    office.stop()


def vault_is_open(keeper: subprocess.Popen[bytes]) -> bool:
    """Tell whether the vault's process holds its database; it shows the page to unlock as well."""
    vault = running(keeper, "field_client.vault")
    return vault is not None and any(
        Path(each.path).name == "vault.db" for each in vault.open_files()
    )


@LINUX
@pytest.mark.parametrize(
    "address",
    ["https://127.0.0.1/", "http://evil.example/", "file:///etc/passwd", "http://x@127.0.0.1/"],
)
def test_the_window_does_not_open_at_any_other_address(
    screen: Screen, tmp_path: Path, address: str
) -> None:
    given = json.dumps({"address": address, "storage": str(tmp_path)}).encode() + b"\n"
    ended = subprocess.run(
        [sys.executable, "-m", "field_client.window"],
        input=given,
        env=screen.environment,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == window.ASTRAY


def test_only_this_machine_by_its_number_is_ours() -> None:
    for ours in (None, "", "about:blank", "http://127.0.0.1:5000/today"):
        assert window.is_ours(ours)
    for other in ("http://localhost:1/", "http://127.0.0.1.evil.example/", "data:text/html,x"):
        assert not window.is_ours(other)
