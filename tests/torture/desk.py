"""People in the office at their browsers: they plan, reassign, review, take money and edit."""

from __future__ import annotations

import random as draws
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from server.demo.visitor import Answers, Page
from server.spine import clock
from tests.torture.somebody import OK, Leaves, Somebody
from tests.torture.told import State

REFUSED = 400
THINK_SECONDS = (0.1, 0.9)
_VISIT = re.compile(r"/visits/([0-9a-f-]{36})$")


@dataclass(kw_only=True)
class Desk(Somebody):
    """One person's day in the office."""

    random: draws.Random
    cases: Sequence[str]
    officers: Sequence[str]
    debts: Sequence[str]
    people: Sequence[str]

    def said(self) -> str:
        """Say that they are not at rest."""
        return f"{self.who} does not get an answer from the office"

    def work(self) -> None:
        """Do one thing after the other, chosen as often as each is done in an office."""
        acts: list[tuple[Callable[[], None], int]] = [
            (self._plan, 30),
            (self._reassign, 12),
            (self._review, 28),
            (self._take_money, 20),
            (self._edit, 10),
        ]
        kinds, weights = [act for act, _ in acts], [weight for _, weight in acts]
        while not self.ended.wait(self.random.uniform(*THINK_SECONDS)):
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
        page = self.browser.open(action)
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
            page = self.browser.open("/cases")
            page.forms = [form for form in page.forms if form.method == "post"]
            asked = {"scope": "ticked", "case_id": chosen, "officer_id": officer_id, "what": what}
            shown = self.browser.press(page, "/cases", asked)
            if shown.status == OK:
                mark = self.marks()
                self._send("assign", shown, "/cases/assignment", {}, mark, then="/cases", what=what)

    def _review(self) -> None:
        listed = self.browser.open("/visits/review")
        found = [m[1] for href, _ in listed.links if (m := _VISIT.search(href.partition("?")[0]))]
        if not found:
            return
        visit_id = self.random.choice(found)
        page = self.browser.open(f"/visits/{visit_id}")
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
        page = self.browser.open(action)
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
        page = self.browser.open(action)
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
        after = self.browser.press(page, action, answers)
        saved = after.status == OK and after.path != action and (not then or after.path == then)
        state = State.TOLD if saved else State.REFUSED
        self.told.ended(command_id, state, page=after.heading)
