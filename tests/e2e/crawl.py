"""Walks through every page that links lead to, looks at each as people would, and says what is wrong."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urldefrag, urljoin, urlsplit

from playwright.sync_api import Error, Page, Response

from tests.browser import DESK, PHONE, Complaints, Size
from tests.e2e.axe import violations
from tests.pages import faults_of

NARROW = Size(320, 640)
"""The width at which nothing may scroll sideways: also a desk screen at 400 % zoom."""

TABLET = Size(800, 1280)

SMALLEST_PICTURE_NAME = "start"
_MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9]+|[A-Z]{2}[0-9]{2}[A-Z0-9]*")
_OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
_HEIGHT = "Math.min(document.documentElement.scrollHeight, 12000)"
_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


class Finding(NamedTuple):
    """One thing wrong on one page: where, at which size, and what."""

    address: str
    size: str
    what: str

    def __str__(self) -> str:
        return f"{self.address} at {self.size}: {self.what}"


@dataclass
class Crawl:
    """A walk over one program as one signed-in person; `visited` and `findings` grow as it goes.

    Pages that differ only in an id or a number are looked at `alike_max` times.
    """

    page: Page
    base: str
    pictures: Path | None = None
    device: bool = False
    pages_max: int = 400
    alike_max: int = 2
    statuses: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    _alike: Counter[str] = field(default_factory=Counter)

    def walk(self, starts: Iterable[str]) -> list[Finding]:
        """Look at the starts and at every page of this program that links lead to from them.

        `statuses` names addresses that answer with an error on purpose, and with which.
        """
        waiting = deque(urljoin(self.base, start) for start in starts)
        seen = set(waiting)
        while waiting and len(self.visited) < self.pages_max:
            address = waiting.popleft()
            if not self._is_wanted(address):
                continue
            for link in self._look(address):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
        return self.findings

    def _is_wanted(self, address: str) -> bool:
        """Tell whether a page is of this program and not one of many alike."""
        if not address.startswith(self.base):
            return False
        kind = _kind(address)
        self._alike[kind] += 1
        return self._alike[kind] <= self.alike_max

    def _look(self, address: str) -> list[str]:
        """Look at one page at every size, and return the links on it."""
        may_say = ("status of",) if _path(address) in self.statuses else ()
        complaints = Complaints(self.page, may_say)
        response = self._open(address)
        if response is None:
            return []
        self.visited.append(address)
        self._report(address, "any size", faults_of(response.text()))
        for size in (PHONE, DESK):
            self._look_at(address, size)
        for size in (NARROW, *((TABLET,) if self.device else ())):
            self._resize(size)
            self._check_width(address, size)
        links = self.page.eval_on_selector_all("a[href]", "all => all.map(each => each.href)")
        self._report(address, "any size", complaints.found)
        self._stop_listening(complaints)
        return [urldefrag(link).url for link in links]

    def _open(self, address: str) -> Response | None:
        """Open a page; what is not HTML is left alone, what fails is reported."""
        self._resize(PHONE)
        try:
            response = self.page.goto(address, wait_until="load")
        except Error as error:
            if "Download is starting" in str(error):
                return None
            raise
        if response is not None and "text/html" not in response.headers.get("content-type", ""):
            return None
        expected = self.statuses.get(_path(address), 200)
        if response is None or response.status != expected:
            status = "nothing" if response is None else str(response.status)
            self.findings.append(Finding(_path(address), "any size", f"answers with {status}"))
            return None
        return response

    def _look_at(self, address: str, size: Size) -> None:
        self._resize(size)
        self._check_width(address, size)
        # All of it at once: what stays at the bottom of a window covers nothing then.
        self._resize(Size(size.width, max(size.height, self.page.evaluate(_HEIGHT))))
        self._photograph(address, size)
        self.page.evaluate(_OPEN_ALL)
        self._report(address, _name(size), violations(self.page))
        if self.device:
            measured = self.page.evaluate(_MEASURES)
            self._report(address, _name(size), [f"target {each}" for each in measured["targets"]])
            self._report(address, _name(size), [f"text {each}" for each in measured["texts"]])

    def _check_width(self, address: str, size: Size) -> None:
        over = self.page.evaluate(_SIDEWAYS)
        if over > 0:
            self._report(address, _name(size), [f"scrolls sideways by {over} pixels"])

    def _photograph(self, address: str, size: Size) -> None:
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            name = f"{_picture_name(address)}-{size.width}.png"
            self.page.screenshot(path=self.pictures / name, full_page=True)

    def _resize(self, size: Size) -> None:
        self.page.set_viewport_size({"width": size.width, "height": size.height})

    def _report(self, address: str, size: str, faults: Iterable[str]) -> None:
        self.findings.extend(Finding(_path(address), size, fault) for fault in faults)

    def _stop_listening(self, complaints: Complaints) -> None:
        self.page.remove_listener("console", complaints._console)
        self.page.remove_listener("pageerror", complaints._error)
        self.page.remove_listener("request", complaints._request)


def _kind(address: str) -> str:
    """Name what kind of page an address is: its path without ids, its questions without answers."""
    parts = urlsplit(address)
    asked = ",".join(sorted({name for name, _ in parse_qsl(parts.query)}))
    return f"{_VARYING.sub('*', parts.path)}?{asked}"


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def _picture_name(address: str) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "-", _path(address)).strip("-")
    return words[:120] or SMALLEST_PICTURE_NAME


def _name(size: Size) -> str:
    return f"{size.width} by {size.height}"
