"""Two who write at the same moment take turns: at a case's row, and at the number of a commit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from server.access.roles import ensure_roles
from server.bench.council import Council, make_council
from server.spine import projections
from server.spine.execute import REST_SECONDS, TRIES_MAX, Door
from server.spine.tables import FieldRecordRow
from server.visits.tables import PlannedVisitRow
from shared.commands import Outcome
from shared.visits import RecordVisit
from tests.server.office import NOW, Office, new_id


@pytest.fixture
def council(office: Office) -> Council:
    with office.sessions() as session, session.begin():
        ensure_roles(session)
    return make_council(
        office.sessions, office.door.house, cases=2, scope=2, now=NOW, tell=lambda _done: None
    )


@pytest.fixture
def impatient(office: Office, database_url: str) -> Iterator[Door]:
    """Give the office's door over connections that wait for no lock."""
    engine = create_engine(database_url, connect_args={"options": "-c lock_timeout=20ms"})
    yield replace(office.door, sessions=sessionmaker(engine))
    engine.dispose()


def visit(case_id: str) -> RecordVisit:
    return RecordVisit(
        visit_id=new_id(),
        case_id=case_id,
        happened_at=NOW - timedelta(hours=1),
        outcome="no_answer",
    )


def hold(session: Session, case_id: str) -> None:
    session.execute(text('SELECT 1 FROM "case" WHERE case_id = :id FOR UPDATE'), {"id": case_id})


def test_whoever_met_another_writer_rests_longer_each_time_and_then_gets_through(
    office: Office, council: Council, impatient: Door
) -> None:
    rests: list[float] = []
    with office.look() as other:
        hold(other, council.scope[0])

        def rest(seconds: float) -> None:
            rests.append(seconds)
            if len(rests) == 3:
                other.rollback()

        door = replace(impatient, rest=rest, draw=lambda _least, most: most)
        result = door.execute(office.order(visit(council.scope[0])), now=NOW)
    assert result.outcome is Outcome.FLAGGED
    assert rests == [REST_SECONDS, 2 * REST_SECONDS, 4 * REST_SECONDS]


def test_whoever_meets_another_every_time_says_so_and_nothing_is_set_aside(
    office: Office, council: Council, impatient: Door
) -> None:
    rests: list[float] = []
    door = replace(impatient, rest=rests.append, draw=lambda least, _most: least)
    with office.look() as other:
        hold(other, council.scope[0])
        with pytest.raises(OperationalError):
            door.execute(office.order(visit(council.scope[0])), now=NOW)
    assert rests == [0.0] * (TRIES_MAX - 1)


def commit_after(
    office: Office, case_id: str, numbered: Callable[[int | None], None]
) -> int | None:
    """Move a case's plan, take a number, say which, and only then commit."""
    with office.sessions() as session, session.begin():
        session.execute(
            update(PlannedVisitRow)
            .where(PlannedVisitRow.case_id == case_id)
            .values(instructions=f"Now {new_id()}.")
        )
        projections.refresh(session, office.door.house, [case_id])
        number = projections.take_commit_number(session)
        numbered(number)
    return number


def waits_for_a_lock(office: Office) -> bool:
    """Say whether somebody waits in this test's own database; the server has others beside it."""
    query = (
        "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database()"
    )
    with office.look() as session:
        return bool(session.scalar(text(query)))


def test_two_commits_at_one_moment_have_two_numbers_and_become_visible_in_their_order(
    office: Office, council: Council
) -> None:
    with office.look() as session:
        before = projections.head(session)
    first_numbered, first_may_end = threading.Event(), threading.Event()

    def hold_the_first(_number: int | None) -> None:
        first_numbered.set()
        assert first_may_end.wait(60)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(commit_after, office, council.scope[0], hold_the_first)
        assert first_numbered.wait(60)
        second = pool.submit(commit_after, office, council.scope[1], lambda _number: None)
        while not waits_for_a_lock(office) and not second.done():
            time.sleep(0.01)
        assert not second.done(), "nobody passes whoever has a number and has not committed"
        first_may_end.set()
        assert (first.result(), second.result()) == (before + 1, before + 2)
    with office.look() as session:
        moved = session.scalars(
            select(FieldRecordRow.commit_number)
            .where(FieldRecordRow.commit_number > before)
            .order_by(FieldRecordRow.commit_number)
        ).all()
    assert moved == [before + 1, before + 2]
