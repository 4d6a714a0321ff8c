"""Only what may show what was written is projected again, and nothing that shows it is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import event, text, update
from sqlalchemy.orm import Session

from server.access.roles import ensure_roles
from server.accounts.tables import DebtRow
from server.app import house
from server.bench.council import Council, make_council
from server.spine import projections
from server.spine.areas import Projection
from server.spine.tables import CaseAccessRow
from server.spine.written import SUBJECTS, Written
from server.visits.tables import PlannedVisitRow
from shared.commands import Outcome
from shared.visits import PlanVisit, RecordVisit
from tests.server.office import NOW, Office, new_id

_LOOKED_AT = re.compile(r'(?:FROM|JOIN)\s+"?([a-z_]+)"?')
VIEWS = {"case_subject": SUBJECTS, "anon_1": set()}


@pytest.fixture
def council(office: Office) -> Council:
    """Write a few cases that are assigned, each with a record of most kinds."""
    with office.sessions() as session, session.begin():
        ensure_roles(session)
    return make_council(
        office.sessions, office.door.house, cases=3, scope=2, now=NOW, tell=lambda _done: None
    )


WRITTEN_LAST = {"command"}
"""The door writes it after the records, so that no transaction sees its own in them."""

SAYING = [projection for projection in house().projections if projection.reads is not None]


@pytest.mark.parametrize("projection", SAYING, ids=lambda projection: projection.kind)
def test_a_projection_names_every_table_it_looks_at(
    office: Office, council: Council, projection: Projection
) -> None:
    seen: set[str] = set()
    with office.look() as session:
        connection = session.connection()

        @event.listens_for(connection, "before_cursor_execute")
        def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            for name in _LOOKED_AT.findall(statement):
                seen.update(VIEWS.get(name, {name}))

        projection.build(session, council.scope)
    assert projection.reads is not None
    assert seen - WRITTEN_LAST <= projection.reads
    assert seen, "or this looked at nothing"


@pytest.fixture
def session(office: Office) -> Iterator[Session]:
    with office.look() as opened:
        yield opened


def test_what_a_session_writes_is_known_however_it_is_said(session: Session) -> None:
    written = Written(session)
    assert not written.may_show_in(frozenset({"debt"}))
    session.execute(update(DebtRow).values(stage="billed"))
    assert written.may_show_in(frozenset({"debt", "person"}))
    assert not written.may_show_in(frozenset({"person"}))
    assert written.may_show_in(None), "what does not say what it reads is always built"


def test_words_that_may_write_anything_are_taken_to_have(session: Session) -> None:
    written = Written(session)
    session.execute(text("SELECT 1 FROM person FOR UPDATE"))
    assert not written.may_show_in(frozenset({"person"}))
    session.execute(text("UPDATE person SET title = ''"))
    assert written.may_show_in(frozenset({"planned_visit"}))


def test_rows_that_are_added_one_by_one_are_known_too(session: Session) -> None:
    written = Written(session)
    session.add(PlannedVisitRow(planned_visit_id=new_id(), case_id=new_id()))
    with pytest.raises(Exception, match="null value"):
        session.flush()
    assert written.may_show_in(frozenset({"planned_visit"}))


def test_a_visit_moves_its_own_record_and_leaves_every_other_true(
    office: Office, council: Council
) -> None:
    case_id = council.scope[0]
    office.give(_visit(case_id))
    with office.look() as opened:
        assert projections.check_all(opened, office.door.house) == (3, 0)


def test_a_case_that_is_assigned_is_projected_whole_whatever_else_was_written(
    session: Session,
) -> None:
    written = Written(session)
    session.execute(update(CaseAccessRow).values(reason="moved"))
    assert written.may_show_in(frozenset({"nothing of this"}))


def _visit(case_id: str, visit_id: str | None = None, plan: str | None = None) -> RecordVisit:
    return RecordVisit(
        visit_id=visit_id or new_id(),
        case_id=case_id,
        planned_visit_id=plan,
        happened_at=NOW - timedelta(hours=1),
        outcome="no_answer",
        notes="Curtains drawn.",
    )


def statements(office: Office, commands: list[RecordVisit]) -> tuple[int, list[Outcome]]:
    """Give commands as one transaction; say how many statements it took and how each ended."""
    count = 0
    with office.look() as opened:
        engine = opened.get_bind()

    def one_more(*_about: object) -> None:
        nonlocal count
        count += 1

    event.listen(engine, "before_cursor_execute", one_more)
    try:
        results = office.door.execute_many([office.order(c) for c in commands], now=NOW)
    finally:
        event.remove(engine, "before_cursor_execute", one_more)
    return count, [result.outcome for result in results]


def test_many_visits_to_one_case_are_decided_together(office: Office, council: Council) -> None:
    case_id = council.scope[0]
    few, _outcomes = statements(office, [_visit(case_id), _visit(case_id)])
    many, outcomes = statements(office, [_visit(case_id) for _ in range(20)])
    assert many == few
    assert set(outcomes) == {Outcome.FLAGGED}, "the officer of these tests has no case"


def test_one_visit_twice_and_one_plan_twice_are_still_decided_in_turn(
    office: Office, council: Council
) -> None:
    case_id, same = council.scope[0], new_id()
    plan = PlanVisit(
        planned_visit_id=new_id(),
        case_id=case_id,
        officer_id=council.officers[0],
        purpose="arrears",
        planned_on=NOW.date(),
    )
    office.give(plan)
    orders = [
        office.order(_visit(case_id, same)),
        office.order(_visit(case_id, same)),
        office.order(_visit(case_id, plan=plan.planned_visit_id)),
        office.order(_visit(case_id, plan=plan.planned_visit_id)),
    ]
    results = office.door.execute_many(orders, now=NOW)
    assert [result.code for result in results] == [None, "visit.already_recorded", None, None]
    assert ["visit.plan_closed" in result.flags for result in results] == [
        False,
        False,
        False,
        True,
    ]
