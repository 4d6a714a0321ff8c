"""A device that somebody turns away from locks: at two keys, and when another program is used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from field_client import focus
from tests.browser import PageAt
from tests.field_client.office import SmallOffice
from tests.field_client.running import PASSPHRASE, StartDevice, enrol

pytestmark = [pytest.mark.enable_socket, pytest.mark.proves("T07")]


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """Give a program that this one has started, as a web view starts those that draw its pages."""
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    yield process
    process.communicate()


def test_control_and_l_hide_the_page_at_once_and_lock_the_device(
    start: StartDevice,
    office: SmallOffice,
    page_at: PageAt,
    record_property: Callable[[str, object], None],
) -> None:
    device = start()
    enrol(device, office)
    device.next_address("unlocked")
    device.stop()
    again = start()
    page = page_at()
    page.goto(again.next_address("locked").address)
    page.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()
    page.wait_for_url("**/today")
    again.next_address("unlocked")
    page.keyboard.press("Control+Shift+Alt+L")
    assert page.get_by_role("button", name="Lock").is_visible()
    began = time.monotonic()
    page.keyboard.press("Control+l")
    assert not page.locator("main").is_visible() or "locked" in page.content()
    again.next_address("locked")
    record_property(
        "figure", f"locked {round((time.monotonic() - began) * 1_000)} ms after the keys"
    )


def test_our_own_dialogs_and_what_draws_our_pages_are_not_another_program(
    other: subprocess.Popen[bytes],
) -> None:
    assert focus.is_ours_or_nobodys(os.getpid())
    assert focus.is_ours_or_nobodys(other.pid)
    assert not focus.is_ours_or_nobodys(os.getppid())


def test_nobody_has_left_where_the_system_does_not_say() -> None:
    assert focus.is_ours_or_nobodys(None)


def test_a_program_that_has_ended_meanwhile_was_not_ours(other: subprocess.Popen[bytes]) -> None:
    other.communicate()
    assert not focus.is_ours_or_nobodys(other.pid)
