"""Gives tests a real Chromium whose pages may neither complain nor reach beyond this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Error,
    Page,
    Request,
    expect,
    sync_playwright,
)

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
PLACES = (
    Path("/usr/bin/chromium"),
    Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
)
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-first-run",
    "--use-fake-device-for-media-stream",
)
HOST = "127.0.0.1"

WAIT_MS = 30_000
"""How long a page may take to come to what is asked of it, on the busiest machine."""

expect.set_options(timeout=WAIT_MS)


class Size(NamedTuple):
    """A window's size in CSS pixels."""

    width: int
    height: int


PHONE = Size(360, 640)
DESK = Size(1280, 800)


class Complaints:
    """What went wrong on a page without a test having looked: errors, and requests to elsewhere."""

    def __init__(self, page: Page, may_say: tuple[str, ...] = ()) -> None:
        self.found: list[str] = []
        self._may_say = may_say
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(words in message.text for words in self._may_say):
            self.found.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _error(self, error: Error) -> None:
        self.found.append(f"page: {error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"about", "blob", "data"} and address.hostname != HOST:
            self.found.append(f"request to {address.hostname}: {request.url}")


PageAt = Callable[..., Page]


def find_chromium() -> str | None:
    """Find a Chromium, or a browser made from it."""
    found = [path for path in PLACES if path.exists()]
    return str(found[0]) if found else next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start one Chromium for the tests of this process; a machine without one fails them."""
    executable = find_chromium()
    if executable is None:
        pytest.fail("No Chromium was found: run `make setup`, or `apt-get install chromium`.")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else [*FLAGS]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, headless=True, args=flags)
        yield started
        started.close()


@pytest.fixture
def page_at(chromium: Browser) -> Iterator[PageAt]:
    """Open pages of a size, each in a profile of its own; at the end none may have complained.

    `may_say` names parts of console errors the test provokes ("status of 404"); other options go to
    Playwright's `new_context`.
    """
    complaints: list[Complaints] = []
    with ExitStack() as contexts:

        def open_page(size: Size = DESK, *, may_say: tuple[str, ...] = (), **options: Any) -> Page:
            context = chromium.new_context(
                viewport={"width": size.width, "height": size.height},
                locale="en-GB",
                timezone_id="Europe/London",
                reduced_motion="reduce",
                **options,
            )
            contexts.callback(context.close)
            context.set_default_timeout(WAIT_MS)
            page = context.new_page()
            complaints.append(Complaints(page, may_say))
            return page

        yield open_page
    found = [complaint for each in complaints for complaint in each.found]
    if found:
        pytest.fail("\n".join(found), pytrace=False)
