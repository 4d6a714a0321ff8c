"""Somebody at a browser of the office who comes, works, rests when asked to, and goes home.

Whoever meets a fault or a dead line does as people do: goes back and presses the same button of the same
page again, until it answers. The page carries the ids, so that is one command however often it is pressed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException

from server.demo.pairing import signed_in
from server.demo.visitor import Answers, Files, Page, Visitor
from tests.torture.told import Told

OK, FAULT = 200, 500
AGAIN_SECONDS = 0.4


class Leaves(Exception):  # noqa: N818 - what somebody does
    """It is time to rest, and what was under way is not gone on with."""


NOT_ANSWERED = (OSError, HTTPException, UnicodeDecodeError)


@dataclass
class Persistent:
    """Somebody at a browser of the office who tries again until there is an answer."""

    office: str
    who: str
    ended: threading.Event
    _visitor: Visitor | None = None

    def open(self, path: str) -> Page:
        """Open a page."""
        return self._until_answered(lambda here: here.open(f"{self.office}{path}"))

    def press(self, page: Page, action: str, answers: Answers, files: Files | None = None) -> Page:
        """Press a button of a page, again and again of that same page."""

        def press(here: Visitor) -> Page:
            here.page = page
            return here.press(action, answers, files)

        return self._until_answered(press)

    def _until_answered(self, ask: Callable[[Visitor], Page]) -> Page:
        while not self.ended.is_set():
            try:
                if self._visitor is None:
                    self._visitor = signed_in(self.office, self.who)
                page = ask(self._visitor)
            except (*NOT_ANSWERED, LookupError) as error:
                if isinstance(error, LookupError) and self._visitor is not None:
                    raise
            else:
                if page.path == "/sign-in":
                    self._visitor = None
                elif page.status < FAULT:
                    return page
            self.ended.wait(AGAIN_SECONDS)
        raise Leaves


@dataclass(kw_only=True)
class Somebody:
    """One person's day; what they do in it is for whoever they are to say."""

    office: str
    who: str
    told: Told
    marks: Callable[[], str]
    resting: threading.Event = field(default_factory=threading.Event)
    at_rest: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    browser: Persistent = field(init=False)
    _thread: threading.Thread | None = None

    def __post_init__(self) -> None:
        self.browser = Persistent(self.office, self.who, self.ended)

    def sit_down(self) -> None:
        """Have them begin to work."""
        self._thread = threading.Thread(target=self.work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Have them go home."""
        self.ended.set()
        if self._thread is not None:
            self._thread.join()

    def said(self) -> str:
        """Say that they are not at rest."""
        raise NotImplementedError

    def work(self) -> None:
        """Do what they do until they go home."""
        raise NotImplementedError
