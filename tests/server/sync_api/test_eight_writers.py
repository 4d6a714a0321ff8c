"""Eight write at once and one reads pages all the while: it misses nothing; by a sequence it would."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from server.app import house
from server.cases.commands import AssignCase, OpenCase
from server.spine import projections
from server.spine.execute import Beside, Door
from server.spine.orders import Order, Result
from server.spine.tables import CaseAccessRow, FieldRecordRow
from server.sync_api import pages
from shared.commands import Outcome
from shared.visits import RecordVisit
from sync.protocol import RECORDS_MAX, Page
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import add_officer, open_debt, open_person

WRITERS = 8
CASES = 10
PULL_SECONDS = 0.003
SLEEP_SECONDS_MAX = 0.004
SLOW_SECONDS_MAX = 0.02
ROLLED_BACK = 0.15
WAITS_SECONDS = 60
BUSY = {"40001", "40P01"}
LEVELS = ("READ COMMITTED", "REPEATABLE READ")


class TakenBack(Exception):  # noqa: N818 - what becomes of the transaction
    """A writer changes its mind just before the commit."""


@dataclass
class Bustle:
    """An office in which eight people record visits to the same few cases while a device reads."""

    writing: Engine
    reading: Engine
    seed: int
    officer_id: str = ""
    cases: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.door = Door(sessions=sessionmaker(self.writing), house=house())
        office = Office(door=self.door, sessions=sessionmaker(self.writing))
        self.actor = office.actor
        self.officer_id = add_officer(office)
        for number in range(CASES):
            person_id = open_person(office, "Jane", f"Smith{number}")
            debt_id = open_debt(office, person_id, pence=1_000).debt_id
            case_id = new_id()
            office.give(OpenCase(case_id=case_id, person_id=person_id, debt_ids=(debt_id,)))
            office.give(AssignCase(case_id=case_id, officer_id=self.officer_id))
            self.cases.append(case_id)

    def visit(self, case_id: str) -> tuple[str, Order]:
        """Write down that nobody was in; give the visit's id and what is asked of the door."""
        visit_id, command_id = new_id(), new_id()
        visit = RecordVisit(
            visit_id=visit_id, case_id=case_id, happened_at=NOW, outcome="no_answer"
        )
        return visit_id, Order(
            command=visit, command_id=command_id, actor=self.actor, happened_at=NOW
        )

    def record(self, case_id: str, beside: Beside | None = None) -> str:
        """Record one visit and give its id."""
        visit_id, order = self.visit(case_id)
        (result,) = self.door.execute_many([order], now=NOW, beside=beside)
        assert result.outcome in {Outcome.APPLIED, Outcome.FLAGGED}
        return visit_id

    def page(self, cursor: int) -> Page:
        """Read all there is after a cursor, as one page."""
        with Session(self.reading) as session:
            return pages.read(session, self.officer_id, cursor, RECORDS_MAX)

    def write(self, number: int, count: int) -> list[str]:
        """Record visits one after the other; give the ids of those that were answered as recorded."""
        random = Random(f"{self.seed} {number}")
        recorded = []
        for _each in range(count):
            visit_id, order = self.visit(random.choice(self.cases))
            if self._ask(order, random):
                recorded.append(visit_id)
        return recorded

    def _ask(self, order: Order, random: Random) -> bool:
        """Give a command, again while the office is busy; now and then take it back instead."""

        def dawdle(_session: Session, _results: Sequence[Result]) -> None:
            time.sleep(random.uniform(0, SLOW_SECONDS_MAX))
            if random.random() < ROLLED_BACK:
                raise TakenBack

        while True:
            try:
                (result,) = self.door.execute_many([order], now=NOW, beside=dawdle)
            except TakenBack:
                return False
            except DBAPIError as busy:
                if getattr(busy.orig, "sqlstate", None) not in BUSY:
                    raise
                continue
            assert result.outcome in {Outcome.APPLIED, Outcome.FLAGGED}
            return True

    def pull(self, writers: threading.Event) -> dict[tuple[str, ...], tuple[int, str | None]]:
        """Read page after page as a device does, until the writers have gone and the head is reached."""
        random = Random(f"{self.seed} puller")
        held: dict[tuple[str, ...], tuple[int, str | None]] = {}
        cursor, gone = 0, False
        while True:
            with Session(self.reading) as session:
                page = pages.read(session, self.officer_id, cursor, random.randint(1, 40))
            assert page.end >= cursor
            for record in page.records:
                assert cursor < record.commit <= page.end
                key = (record.case_id, record.view, record.kind, record.record_id)
                held[key] = (record.commit, record.body)
            cursor = page.end
            if gone and not page.more:
                return held
            gone = writers.is_set()
            time.sleep(random.uniform(0, 2 * PULL_SECONDS))

    def in_scope(self) -> dict[tuple[str, ...], tuple[int, str | None]]:
        """Read what the office has for the officer."""
        row, access = FieldRecordRow, CaseAccessRow
        with Session(self.reading) as session:
            found = session.execute(
                select(
                    row.case_id, row.view, row.kind, row.record_id, row.commit_number, row.body
                ).join(access, (access.case_id == row.case_id) & (access.view == row.view))
            ).all()
        return {tuple(each[:4]): (each[4] or 0, each[5]) for each in found}

    def missed(self, count: int) -> tuple[int, int]:
        """Have all write and one read; say how many records it missed, and how many visits there are."""
        ended = threading.Event()
        with ThreadPoolExecutor(WRITERS + 1) as pool:
            puller = pool.submit(self.pull, ended)
            writers = [pool.submit(self.write, number, count) for number in range(WRITERS)]
            try:
                recorded = [visit_id for writer in writers for visit_id in writer.result()]
            finally:
                ended.set()
            held = puller.result()
        wanted = self.in_scope()
        visits = {key[3] for key in wanted if key[2] in {"visit", "visit_elsewhere"}}
        assert visits == set(recorded)
        assert held.keys() <= wanted.keys()
        return sum(held.get(key) != record for key, record in wanted.items()), len(recorded)


@contextmanager
def engine(url: str, level: str, random: Random | None = None) -> Iterator[Engine]:
    """Open the database at an isolation level; with `random`, statements wait a little now and then."""
    made = create_engine(url, isolation_level=level, pool_size=WRITERS, hide_parameters=True)
    if random is not None:

        @event.listens_for(made, "before_cursor_execute")
        def wait(*_statement: Any) -> None:
            if random.random() < 0.1:
                time.sleep(random.uniform(0, SLEEP_SECONDS_MAX))

    try:
        yield made
    finally:
        made.dispose()


def missed(url: str, writing: str, reading: str, count: int, seed: int) -> tuple[int, int]:
    with engine(url, writing, Random(seed)) as writers, engine(url, reading) as reader:
        return Bustle(writers, reader, seed).missed(count)


@pytest.mark.parametrize("reading", LEVELS)
@pytest.mark.parametrize("writing", LEVELS)
def test_p3_a_reader_misses_nothing_of_eight_writers(
    database_url: str, writing: str, reading: str
) -> None:
    lost, visits = missed(database_url, writing, reading, count=6, seed=1)
    assert visits > WRITERS
    assert lost == 0


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("reading", LEVELS)
@pytest.mark.parametrize("writing", LEVELS)
def test_p3_a_reader_misses_nothing_of_eight_writers_for_long(
    database_url: str, writing: str, reading: str
) -> None:
    lost, visits = missed(database_url, writing, reading, count=60, seed=2)
    assert visits > 300
    assert lost == 0


def number_from_a_sequence(session: Session) -> int | None:
    """Number what moved from a sequence, as one would who trusts that numbers come in order."""
    number = session.scalar(text("SELECT nextval('planted')"))
    for row in (FieldRecordRow, CaseAccessRow):
        session.execute(update(row).where(row.commit_number.is_(None)).values(commit_number=number))
    return number


def greatest_number(session: Session) -> int:
    """Take the greatest number that can be seen for the head."""
    numbers = [
        session.scalar(select(func.max(row.commit_number))) or 0
        for row in (FieldRecordRow, CaseAccessRow)
    ]
    return max(numbers)


def test_p3_a_cursor_from_a_sequence_is_shown_to_miss_some(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes a number first may end last: a reader who has read past it never sees what it numbers."""
    with engine(database_url, LEVELS[0]) as writers, engine(database_url, LEVELS[1]) as reader:
        with writers.begin() as connection:
            connection.execute(text("CREATE SEQUENCE planted START 1000"))
        bustle = Bustle(writers, reader, 3)
        monkeypatch.setattr(projections, "take_commit_number", number_from_a_sequence)
        monkeypatch.setattr(projections, "head", greatest_number)
        numbered, read = threading.Event(), threading.Event()

        def dawdle(_session: Session, _results: Sequence[Result]) -> None:
            numbered.set()
            assert read.wait(WAITS_SECONDS)

        with ThreadPoolExecutor(1) as pool:
            try:
                slow = pool.submit(bustle.record, bustle.cases[0], dawdle)
                assert numbered.wait(WAITS_SECONDS)
                quick = bustle.record(bustle.cases[1])
                before = bustle.page(0)
            finally:
                read.set()
        after = bustle.page(before.end)

    seen = {record.record_id for page in (before, after) for record in page.records}
    assert quick in seen
    assert slow.result() not in seen
