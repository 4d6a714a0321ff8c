"""The real native window on a real (virtual) screen: what it shows, and how it goes."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from field_client import window
from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, ROOT, RunningDevice, enrol
from tests.field_client.screen import Screen

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="this screen is Xvfb's")


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
    unlock_in_window(screen, keeper)
    assert until(lambda: screen.colours() != locked)
    assert set(screen.titles()) <= {"Fieldfare"}
    everyone = family(keeper)
    keeper.kill()
    keeper.wait(10)
    assert until(lambda: not alive(everyone))
    kept = [path for path in (tmp_path / "home" / "window").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"Patel" in path.read_bytes()]
    office.stop()


ANOTHER_PROGRAM = """
from qtpy.QtWidgets import QApplication, QLineEdit
app = QApplication([])
line = QLineEdit()
line.setWindowTitle("A map")
line.show()
app.exec()
"""


@pytest.mark.long
@pytest.mark.proves("T07")
@LINUX
def test_an_open_vault_that_is_left_for_another_program_locks_and_stays_out_of_the_way(
    screen: Screen, keep: Callable[[], subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    office = SmallOffice()
    device = RunningDevice(tmp_path / "home", environment=screen.environment)
    enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    keeper = keep()
    assert until(lambda: is_drawn(screen))
    unlock_in_window(screen, keeper)
    shown = running(keeper, "field_client.window")
    assert shown is not None
    other = subprocess.Popen(
        [sys.executable, "-c", ANOTHER_PROGRAM], env=screen.environment, stderr=subprocess.DEVNULL
    )
    assert until(lambda: "A map" in screen.titles())
    left_at = time.monotonic()
    screen.do("search", "--name", "^A map$", "windowfocus", "%@")
    assert until(lambda: not vault_is_open(keeper), 90)
    assert time.monotonic() - left_at >= window.LEFT_SECONDS - 1
    assert until(lambda: not alive([shown]))
    assert until(lambda: running(keeper, "field_client.window") not in {None, shown})
    locked = running(keeper, "field_client.window")
    time.sleep(window.LEFT_SECONDS + 5)
    assert running(keeper, "field_client.window") == locked, "a locked window is left as it is"
    assert keeper.poll() is None
    other.terminate()
    other.wait(10)
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


def unlock_in_window(screen: Screen, keeper: subprocess.Popen[bytes]) -> None:
    """Type the passphrase into the window, as an officer does."""
    screen.do("search", "--name", "^Fieldfare$", "windowfocus", "%@")
    for _ in range(8):
        if vault_is_open(keeper):
            break
        screen.do("key", "--delay", "30", "Tab")
        screen.do("type", "--delay", "5", PASSPHRASE)
        screen.do("key", "Return")
        until(lambda: vault_is_open(keeper), 8)
    assert vault_is_open(keeper)


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
