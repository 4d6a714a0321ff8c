"""Where pictures are taken: a browser, what is started for them, and one walk after the other."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, RequestRedirect

from server.spine.postgres_programs import end_servers
from tests.e2e.crawl import Crawl, Finding
from tests.e2e.language import find_unspoken
from tests.e2e.mistakes import NONSENSE, try_forms

Story = Callable[[Crawl], None]
"""Something done on pages that no link leads to, with looks at what comes of it."""


@dataclass
class Routes:
    """The pages of one program that somebody must come to, and those they came to so far.

    Several walks may share them. `excused` are pages that need not be seen, each with the reason.
    """

    map: Map
    wanted: frozenset[str]
    excused: Mapping[str, str] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def has(self, address: str) -> bool:
        """Tell whether an address is one of these pages."""
        return self._endpoint(urlsplit(address).path) in self.wanted

    def note(self, paths: set[str]) -> None:
        """Note which pages these paths are."""
        self.seen.update(filter(None, map(self._endpoint, paths)))

    def missing(self) -> list[str]:
        """List the pages nobody came to, by the rule of their address."""
        left = self.wanted - self.seen - set(self.excused)
        rules = {rule.endpoint: rule.rule for rule in self.map.iter_rules()}
        return sorted(rules[endpoint] for endpoint in left)

    def _endpoint(self, path: str) -> str | None:
        try:
            endpoint: str = self.map.bind("127.0.0.1").match(path, method="GET")[0]
        except (HTTPException, RequestRedirect):
            return None
        return endpoint


@dataclass(frozen=True)
class Walk:
    """One program walked through by one person, who is signed in on `page`."""

    name: str
    base: str
    page: Page
    starts: tuple[str, ...]
    device: bool = False
    statuses: Mapping[str, int] = field(default_factory=dict)
    stories: tuple[Story, ...] = ()
    mistakes: bool = False
    nonsense: str = NONSENSE
    alike_max: int = 2
    within: tuple[str, ...] = ("/",)
    words: frozenset[str] = frozenset()
    """Every word of the data: what stands on a page of pseudo-language beside these is a fault."""
    routes: Routes | None = None


@dataclass
class Studio:
    """The browser, and the stack on which whatever is started is ended."""

    browser: Browser
    stack: ExitStack

    def page(self, **options: Any) -> Page:
        """Open a page in a profile of its own."""
        context = self.browser.new_context(
            locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce", **options
        )
        self.stack.callback(context.close)
        context.set_default_timeout(30_000)
        return context.new_page()

    def home(self) -> Path:
        """Make a FIELDFARE_HOME, and leave no server in it."""
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldfare-")))
        folder.chmod(0o711)
        self.stack.callback(end_servers, folder / "home" / "postgres" / "data")
        return folder / "home"


Walks = Callable[[Studio], Iterator[Walk]]


def take(walk: Walk, pictures: Path | None, say: Callable[[str], None]) -> list[Finding]:
    """Walk through one program: its pages, its stories, its forms in error; return what is wrong."""
    began = time.monotonic()
    crawl = Crawl(
        walk.page,
        walk.base,
        pictures / walk.name if pictures else None,
        device=walk.device,
        statuses=walk.statuses,
        alike_max=walk.alike_max,
        within=walk.within,
    )
    crawl.walk(walk.starts)
    for story in walk.stories:
        story(crawl)
    if walk.words:
        find_unspoken(crawl, walk.words)
    if walk.mistakes:
        try_forms(crawl, walk.nonsense)
    if walk.routes is not None:
        walk.routes.note(crawl.opened)
    crawl.leave()
    seconds = round(time.monotonic() - began)
    say(
        f"{walk.name}: {len(crawl.visited)} pages, {crawl.judged} looks, "
        f"{len(crawl.findings)} findings, {seconds} s"
    )
    for line in summary(crawl.findings):
        say(f"  {line}")
    return crawl.findings


def summary(findings: list[Finding]) -> list[str]:
    """Say each thing once, with the first address it was found at and how often."""
    places: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        places.setdefault((finding.what, finding.size), []).append(finding.address)
    return [
        f"{where[0]} at {size}: {what}" + (f" (and {len(where) - 1} more)" if where[1:] else "")
        for (what, size), where in places.items()
    ]


def press(crawl: Crawl, button: Locator, name: str) -> None:
    """Press a button that leads to another page, and look at that."""
    with crawl.page.expect_navigation(wait_until="load") as going:
        button.click()
    response = going.value
    crawl.judge(f"{crawl.page.url} ({name})", response.text(), name, refused=response.status < 500)
