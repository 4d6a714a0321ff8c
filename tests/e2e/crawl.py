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
PICTURE_NAME_MAX = 100
_MEASURES = (Path(__file__).parent / "measures.js").read_text(encoding="utf-8")
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}")
_VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{64}|[0-9]+|[A-Z]{2}[0-9]{2}[A-Z0-9]*")
_OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
_HEIGHT = "Math.min(document.documentElement.scrollHeight, 12000)"
_SIDEWAYS = """() => {
  const wide = document.documentElement.clientWidth;
  const over = document.documentElement.scrollWidth - wide;
  if (over <= 0) return "";
  const out = [...document.querySelectorAll("body *")].filter(
    each => each.getBoundingClientRect().right > wide + 0.5);
  const inmost = out.find(each => !out.some(other => other !== each && each.contains(other)));
  const name = inmost ? `${inmost.tagName.toLowerCase()}.${[...inmost.classList].join(".")}` : "?";
  return `scrolls sideways by ${over} pixels: ${name} ${JSON.stringify(
    (inmost?.textContent ?? "").trim().slice(0, 30))}`;
}"""
_LINKS = "all => all.map(each => each.href)"
_HAS_FORM = """[...document.querySelectorAll("main form[method=post]")].some(form =>
  form.querySelector("input:not([type=hidden]), select, textarea"))"""


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

    Pages that differ only in an id or a number are looked at `alike_max` times, but what a walk
    starts with always; links are followed to addresses that begin as `within` says. `opened` are
    the paths that answered, pages or not; `forms` the first page of each kind on which there is
    something to fill in.
    """

    page: Page
    base: str
    pictures: Path | None = None
    device: bool = False
    within: tuple[str, ...] = ("/",)
    pages_max: int = 400
    alike_max: int = 2
    statuses: Mapping[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    visited: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)
    forms: dict[str, str] = field(default_factory=dict)
    judged: int = 0
    _alike: Counter[str] = field(default_factory=Counter)
    _names: Counter[str] = field(default_factory=Counter)
    _complaints: Complaints = field(init=False)

    def __post_init__(self) -> None:
        self._complaints = Complaints(self.page)
        self.page.on("response", self._note_answer)

    @property
    def sizes(self) -> tuple[Size, ...]:
        """Give the sizes at which each page is looked at."""
        return (PHONE, TABLET) if self.device else (PHONE, DESK)

    def walk(self, starts: Iterable[str]) -> list[Finding]:
        """Look at the starts and at every page of this program that links lead to from them.

        `statuses` names addresses that answer with an error on purpose, and with which.
        """
        waiting = deque(urljoin(self.base, start) for start in starts)
        seen, first = set(waiting), set(waiting)
        while waiting and len(self.visited) < self.pages_max:
            address = waiting.popleft()
            if not self._is_wanted(address) and address not in first:
                continue
            for link in self.look(address):
                if link not in seen:
                    seen.add(link)
                    waiting.append(link)
        return self.findings

    def open(self, address: str) -> Response | None:
        """Open a page; what is not HTML is left alone, what fails is reported."""
        self._resize(PHONE)
        try:
            response = self.page.goto(address, wait_until="load")
        except Error as error:
            if "Download is starting" in str(error):
                return None
            raise
        if response is not None and "text/html" not in response.headers.get("content-type", ""):
            self._complaints.found.clear()  # of the browser about its own page round a picture
            return None
        expected = self.statuses.get(path_of(address), 200)
        if response is None or response.status != expected:
            status = "nothing" if response is None else str(response.status)
            self.report(address, [f"answers with {status}"])
            self._complaints.found.clear()
            return None
        return response

    def judge(self, address: str, html: str, name: str, *, refused: bool = False) -> None:
        """Look at the page that is open at every size, take its pictures and report its faults."""
        self.judged += 1
        self.report(address, faults_of(html))
        picture = self._picture_name(name)
        for size in self.sizes:
            self._look_at(address, size, picture)
        self._resize(NARROW)
        self._check_width(address, NARROW)
        found = self._complaints.found
        self.report(address, [each for each in found if not (refused and "status of 4" in each)])
        found.clear()

    def leave(self) -> None:
        """Listen no more, so that the page can be walked on by another."""
        self.page.remove_listener("response", self._note_answer)
        for name, heard in (
            ("console", self._complaints._console),
            ("pageerror", self._complaints._error),
            ("request", self._complaints._request),
        ):
            self.page.remove_listener(name, heard)

    def report(self, address: str, faults: Iterable[str], size: str = "any size") -> None:
        """Note what is wrong."""
        self.findings.extend(Finding(path_of(address), size, fault) for fault in faults)

    def _is_wanted(self, address: str) -> bool:
        """Tell whether a page is of this program and not one of many alike."""
        if not address.startswith(tuple(f"{self.base}{start}" for start in self.within)):
            return False
        kind = _kind(address)
        self._alike[kind] += 1
        return self._alike[kind] <= self.alike_max

    def look(self, address: str) -> list[str]:
        """Look at one page at every size, and return the links on it."""
        response = self.open(address)
        if response is None:
            return []
        self.visited.append(address)
        links = self.page.eval_on_selector_all("a[href]", _LINKS)
        if self.page.evaluate(_HAS_FORM):
            self.forms.setdefault(_kind(address), address)
        refused = path_of(address) in self.statuses
        self.judge(address, response.text(), words_of(address), refused=refused)
        return [urldefrag(link).url for link in links]

    def _look_at(self, address: str, size: Size, name: str) -> None:
        self._resize(size)
        self._check_width(address, size)
        # All of it at once: what stays at the bottom of a window covers nothing then.
        self._show_all(size)
        # The first picture shows a page as it comes, the next with all that can be opened open.
        self._photograph(f"{name}-{size.width}.png")
        self.page.evaluate(_OPEN_ALL)
        self._show_all(size)
        self.report(address, violations(self.page), _name(size))
        if self.device:
            measured = self.page.evaluate(_MEASURES)
            self.report(address, [f"target {each}" for each in measured["targets"]], _name(size))
            self.report(address, [f"text {each}" for each in measured["texts"]], _name(size))

    def _show_all(self, size: Size) -> None:
        self._resize(Size(size.width, max(size.height, self.page.evaluate(_HEIGHT))))

    def _check_width(self, address: str, size: Size) -> None:
        over = self.page.evaluate(_SIDEWAYS)
        if over:
            self.report(address, [over], _name(size))

    def _picture_name(self, name: str) -> str:
        """Name a picture by its page; of pages alike, the second says so."""
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}-{self._names[name]}"

    def _photograph(self, name: str) -> None:
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=self.pictures / name, full_page=True)

    def _resize(self, size: Size) -> None:
        self.page.set_viewport_size({"width": size.width, "height": size.height})

    def _note_answer(self, response: Response) -> None:
        if response.request.method == "GET" and response.status < 400:
            self.opened.add(urlsplit(response.url).path)


def path_of(address: str) -> str:
    """Give what stands behind the host of an address."""
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")


def words_of(address: str) -> str:
    """Name a page by the words of its address, without ids."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", _ID.sub("one", path_of(address))).strip("-")
    return words[:PICTURE_NAME_MAX] or SMALLEST_PICTURE_NAME


def _kind(address: str) -> str:
    """Name what kind of page an address is: its path without ids, its questions without answers."""
    parts = urlsplit(address)
    asked = ",".join(sorted({name for name, _ in parse_qsl(parts.query)}))
    return f"{_VARYING.sub('*', parts.path)}?{asked}"


def _name(size: Size) -> str:
    return f"{size.width} by {size.height}"
