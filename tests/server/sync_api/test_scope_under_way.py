"""While cases change hands, no page holds a record of a case its officer did not have at that moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sqlalchemy import text

from server.cases.commands import AssignCase, UnassignCase
from server.spine import clock
from server.sync_api.store import OfficeOnPostgres
from shared.errors import RuleBroken
from shared.visits import PlanVisit
from sync.office_steps import Look
from sync.protocol import Page
from tests.server.day import Day, Someone, day, new_id

__all__ = ["day"]

CASES, CHANGES, WRITERS = 4, 60, 2
PAGES_MAX = 5_000

ASSIGNMENTS = text(
    "SELECT change.name, line->>'case_id' AS case_id, line->>'officer_id' AS officer_id, "
    "command.commit_number AS number FROM change JOIN command USING (command_id) "
    "WHERE change.name IN ('CaseAssigned', 'CaseUnassigned') ORDER BY number, change_id"
)
RECORDS = text(
    "SELECT case_id::text, kind, record_id, body FROM field_record JOIN case_access USING (case_id, view) "
    "WHERE granted AND officer_id = :officer AND body IS NOT NULL"
)


@dataclass
class Reader:
    """One officer's device, as far as pages go: it reads in pages of any size, all the while."""

    day: Day
    officer: Someone
    random: Random
    cursor: int = 0
    pages: list[Page] = field(default_factory=list)
    copy: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def read(self) -> bool:
        """Read one page; tell whether there is more."""
        with self.day.app.app_context():
            door = self.day.app.extensions["fieldfare"]["door"]
            store = OfficeOnPostgres(door=door, actor=self.officer.actor, now=clock.now())
            look = Look(
                store_id=new_id(),
                epoch=None,
                cursor=self.cursor,
                records_max=self.random.choice((1, 2, 5, 500)),
            )
            page = store.look(look).page
        self.pages.append(page)
        for purge in page.purges:
            self.copy = {key: body for key, body in self.copy.items() if key[0] != purge.case_id}
        for record in page.records:
            key = (record.case_id, record.kind, record.record_id)
            self.copy.pop(key, None)
            if record.body is not None:
                self.copy[key] = record.body
        self.cursor = page.end
        return page.more


def change_hands(day: Day, case_ids: list[str], seed: int) -> None:
    """Give cases, take them away and plan visits, as several people in the office do at once."""
    random = Random(seed)
    for _change in range(CHANGES):
        case_id, officer = random.choice(case_ids), random.choice((day.amina, day.bryn))
        asked = random.choice(
            (
                AssignCase(case_id=case_id, officer_id=officer.user_id),
                UnassignCase(case_id=case_id, officer_id=officer.user_id),
                PlanVisit(
                    planned_visit_id=new_id(),
                    case_id=case_id,
                    officer_id=officer.user_id,
                    purpose="arrears",
                    planned_on=clock.today(),
                ),
            )
        )
        try:
            day.give(day.supervisor, asked)
        except RuleBroken:
            continue


def together(*work: Callable[[], Any]) -> None:
    """Do several things at once, and fail with whichever failed."""
    failures: list[BaseException] = []

    def done(one: Callable[[], Any]) -> None:
        try:
            one()
        except BaseException as failure:  # noqa: BLE001 - raised again in the test's own thread
            failures.append(failure)

    threads = [threading.Thread(target=done, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


def test_no_page_holds_a_record_of_a_case_that_was_another_s(day: Day) -> None:
    cases = [day.household(f"Household {n}").case_id for n in range(CASES)]
    readers = [Reader(day, who, Random(n)) for n, who in enumerate((day.amina, day.bryn))]
    ended: list[int] = []

    def write(seed: int) -> None:
        try:
            change_hands(day, cases, seed)
        finally:
            ended.append(seed)

    def read(reader: Reader) -> None:
        while len(ended) < WRITERS:
            reader.read()
        assert any(not reader.read() for _page in range(PAGES_MAX)), "the pages have an end"

    together(
        *(lambda seed=seed: write(seed) for seed in range(WRITERS)),
        *(lambda reader=reader: read(reader) for reader in readers),
    )

    with day.session() as session:
        events = session.execute(ASSIGNMENTS).all()
    assert len(events) > CHANGES / 3
    seen = 0
    for reader in readers:
        for page in reader.pages:
            scope: set[str] = set()
            for event in events:
                if event.officer_id == reader.officer.user_id and event.number <= page.head:
                    (scope.add if event.name == "CaseAssigned" else scope.discard)(event.case_id)
            assert {record.case_id for record in page.records} <= scope
            assert {purge.case_id for purge in page.purges}.isdisjoint(scope)
            seen += len(page.records)
        with day.session() as session:
            rows = session.execute(RECORDS, {"officer": reader.officer.user_id}).all()
        assert reader.copy == {(r.case_id, r.kind, r.record_id): r.body for r in rows}
    assert seen > CASES, "records were read meanwhile"
