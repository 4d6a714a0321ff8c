"""People in the office at their browsers: they plan, reassign, review, take money, edit, take files in.

Whoever meets a fault or a dead line does as people do: goes back and presses the same button of the same
page again, until it answers. The page carries the ids, so that is one command however often it is pressed.
"""

from __future__ import annotations

import random as draws
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException

from server.demo.pairing import signed_in
from server.demo.visitor import Answers, Files, Page, Visitor
from server.spine import clock
from tests.torture.told import State, Told

OK, REFUSED, FAULT = 200, 400, 500
THINK_SECONDS = (0.1, 0.9)
AGAIN_SECONDS = 0.4
_VISIT = re.compile(r"/visits/([0-9a-f-]{36})$")


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


@dataclass
class Desk:
    """One person's day in the office."""

    office: str
    who: str
    told: Told
    random: draws.Random
    marks: Callable[[], str]
    cases: Sequence[str]
    officers: Sequence[str]
    debts: Sequence[str]
    people: Sequence[str]
    resting: threading.Event = field(default_factory=threading.Event)
    at_rest: threading.Event = field(default_factory=threading.Event)
    faults: list[str] = field(default_factory=list)
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _somebody: Persistent = field(init=False)

    def __post_init__(self) -> None:
        self._somebody = Persistent(self.office, self.who, self._ended)

    def sit_down(self) -> None:
        """Have them begin to work."""
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Have them go home."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def said(self) -> str:
        """Say that they are not at rest."""
        return f"{self.who} does not get an answer from the office"

    def _work(self) -> None:
        acts: list[tuple[Callable[[], None], int]] = [
            (self._plan, 30),
            (self._reassign, 12),
            (self._review, 28),
            (self._take_money, 20),
            (self._edit, 10),
        ]
        kinds, weights = [act for act, _ in acts], [weight for _, weight in acts]
        while not self._ended.wait(self.random.uniform(*THINK_SECONDS)):
            if self.resting.is_set():
                self.at_rest.set()
                continue
            self.at_rest.clear()
            try:
                self.random.choices(kinds, weights)[0]()
            except Leaves:
                return
            except LookupError as error:
                self.faults.append(str(error))

    def _plan(self) -> None:
        case_id, mark = self.random.choice(self.cases), self.marks()
        action = f"/cases/{case_id}/visits/new"
        page = self._somebody.open(action)
        answers = {
            "officer_id": self.random.choice(self.officers),
            "purpose": "arrears",
            "instructions": mark,
            "planned_on": clock.today().isoformat(),
        }
        self._send("plan", page, action, answers, mark, then=f"/cases/{case_id}")

    def _reassign(self) -> None:
        """Give some cases to one officer and take them from the other, as a list of cases lets one."""
        chosen = self.random.sample(list(self.cases), self.random.randint(1, 4))
        to, of = self.random.sample(list(self.officers), 2)
        for officer_id, what in ((to, "give"), (of, "take")):
            page = self._somebody.open("/cases")
            page.forms = [form for form in page.forms if form.method == "post"]
            asked = {"scope": "ticked", "case_id": chosen, "officer_id": officer_id, "what": what}
            shown = self._somebody.press(page, "/cases", asked)
            if shown.status == OK:
                mark = self.marks()
                self._send("assign", shown, "/cases/assignment", {}, mark, then="/cases", what=what)

    def _review(self) -> None:
        listed = self._somebody.open("/visits/review")
        found = [m[1] for href, _ in listed.links if (m := _VISIT.search(href.partition("?")[0]))]
        if not found:
            return
        visit_id = self.random.choice(found)
        page = self._somebody.open(f"/visits/{visit_id}")
        if self.random.random() < 0.5:
            action = f"/visits/{visit_id}/approve"
            self._send("approve", page, action, {}, visit_id, visit=visit_id)
        else:
            action, mark = f"/visits/{visit_id}/return", self.marks()
            answers = {"about": "notes", "comment": mark}
            self._send("return", page, action, answers, mark, visit=visit_id)

    def _take_money(self) -> None:
        debt_id, mark = self.random.choice(self.debts), self.marks()
        action = f"/debts/{debt_id}/payments/new"
        page = self._somebody.open(action)
        pence = self.random.randint(1, 999)
        answers = {
            "amount_pence": f"{pence / 100:.2f}",
            "method": "cheque",
            "payer_reference": mark,
        }
        self._send("payment", page, action, answers, mark, debt=debt_id, pence=pence)

    def _edit(self) -> None:
        person_id, mark = self.random.choice(self.people), self.marks()
        action = f"/people/{person_id}/details"
        page = self._somebody.open(action)
        self._send("office edit", page, action, {"household": mark}, mark, person=person_id)

    def _send(
        self,
        kind: str,
        page: Page,
        action: str,
        answers: Answers,
        mark: str,
        then: str = "",
        **more: str | int,
    ) -> None:
        """Write down what is meant, press, and write down what the page said."""
        held = dict(page.form(action).holds)
        command_id = held["command_id"]
        self.told.means(kind, command_id, mark, who=self.who, **more)
        after = self._somebody.press(page, action, answers)
        saved = after.status == OK and after.path != action and (not then or after.path == then)
        state = State.TOLD if saved else State.REFUSED
        self.told.ended(command_id, state, page=after.heading)
