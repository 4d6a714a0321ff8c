"""One door for every write: once for ever, whole or not at all, numbered or refused."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from server.cases.commands import CloseCase, OpenCase
from server.spine import projections
from server.spine.tables import ChangeRow, CommandRow, SyncHeadRow
from shared.commands import Actor, Outcome
from shared.contacts import RecordPhoneNumber
from shared.visits import RecordVisit
from tests.server.office import NOW, Office, as_owner, new_id
from tests.server.scenes import assign_case, open_debt, open_person, records


def visit(case_id: str, notes: str = "", visit_id: str | None = None) -> RecordVisit:
    return RecordVisit(
        visit_id=visit_id or new_id(),
        case_id=case_id,
        happened_at=NOW,
        outcome="no_answer",
        notes=notes,
    )


@pytest.fixture
def case_id(office: Office) -> str:
    person = open_person(office, "Jane", "Smith")
    return assign_case(office, person, open_debt(office, person, pence=10_000).debt_id)


def count(office: Office, table: type) -> int:
    with office.look() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_second_press_is_one_command(office: Office, case_id: str) -> None:
    order = office.order(visit(case_id, "Nobody in"))
    first = office.door.execute(order, now=NOW)
    changes = count(office, ChangeRow)
    again = office.door.execute(order, now=NOW + timedelta(hours=1))
    assert (again.outcome, again.commit, again.received_at) == (
        first.outcome,
        first.commit,
        first.received_at,
    )
    assert count(office, ChangeRow) == changes


def test_an_id_used_again_for_something_else_is_not_believed(office: Office, case_id: str) -> None:
    order = office.order(visit(case_id))
    office.door.execute(order, now=NOW)
    other = replace(order, command=visit(case_id, "another"))
    assert office.door.execute(other, now=NOW).code == "command.id_reused"


def test_the_same_id_twice_in_one_batch_is_one_command(office: Office, case_id: str) -> None:
    order = office.order(visit(case_id))
    first, second = office.door.execute_many([order, order], now=NOW)
    assert (first.outcome, first.commit) == (second.outcome, second.commit)
    assert len(records(office, case_id, "visit")) == 1


def test_a_refusal_leaves_a_command_and_nothing_else(office: Office, case_id: str) -> None:
    office.give(CloseCase(case_id=case_id))
    changes = count(office, ChangeRow)
    refused = office.ask(CloseCase(case_id=case_id))
    assert (refused.outcome, refused.code) == (Outcome.REFUSED, "case.already_closed")
    assert count(office, ChangeRow) == changes
    with office.look() as session:
        assert session.get_one(CommandRow, refused.command_id).outcome == "refused"


def test_whoever_lacks_the_permission_is_refused(office: Office, case_id: str) -> None:
    nobody = Actor(user_id=new_id(), permissions=frozenset())
    assert office.ask(visit(case_id), actor=nobody).code == "authority.lacking"


def test_a_group_is_recorded_whole_or_not_at_all(office: Office, case_id: str) -> None:
    group = new_id()
    good = office.order(visit(case_id, "part of a group"), group=group)
    number = RecordPhoneNumber(
        contact_id=new_id(), case_id=case_id, person_id=new_id(), number="07700900001"
    )
    bad = office.order(number, group=group)
    alone = office.order(visit(case_id, "by itself"))
    outcomes = [r.code for r in office.door.execute_many([good, bad, alone], now=NOW)]
    assert outcomes == ["command.group_refused", "person.not_on_case", None]
    assert [v["notes"] for v in records(office, case_id, "visit").values()] == ["by itself"]


def test_what_the_database_refuses_is_set_aside_and_the_rest_goes_on(
    office: Office, case_id: str
) -> None:
    too_long = OpenCase(case_id=new_id(), person_id=open_person(office, "A", "B"))
    clash = replace(visit(case_id), outcome="x" * 60)
    results = office.door.execute_many(
        [office.order(too_long), office.order(clash), office.order(visit(case_id))], now=NOW
    )
    assert [r.outcome for r in results] == [
        Outcome.APPLIED,
        Outcome.QUARANTINED,
        Outcome.FLAGGED,
    ]
    assert results[1].values["incident"]


@pytest.mark.parametrize("table", ["change", "command", '"transaction"'])
@pytest.mark.parametrize("change", ["DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_happened_is_only_ever_added_to(
    office: Office, case_id: str, table: str, change: str
) -> None:
    office.give(visit(case_id))
    with (
        pytest.raises(DBAPIError, match="only ever added to"),
        as_owner(office.sessions) as session,
    ):
        session.execute(text(change.format(table)))


def test_a_field_record_cannot_change_without_a_number(office: Office, case_id: str) -> None:
    with (
        pytest.raises(DBAPIError, match="without a commit number"),
        office.sessions.begin() as session,
    ):
        session.execute(
            text("UPDATE field_record SET body = '{}' WHERE case_id = :id"), {"id": case_id}
        )


def test_only_what_a_device_is_given_takes_a_number(office: Office, case_id: str) -> None:
    with office.look() as session:
        before = session.scalar(select(SyncHeadRow.commit_number))
    open_person(office, "Nobody", "Assigned")
    with office.look() as session:
        assert session.scalar(select(SyncHeadRow.commit_number)) == before


def test_writers_of_cases_that_share_a_debt_leave_both_devices_told(office: Office) -> None:
    people = [open_person(office, "Jane", "Smith"), open_person(office, "John", "Smith")]
    owed = open_debt(office, *people, pence=80_000)
    cases = [assign_case(office, person, owed.debt_id) for person in people]
    ready = threading.Barrier(2)

    def visit_often(case_id: str) -> None:
        ready.wait()
        for number in range(8):
            office.give(visit(case_id, f"visit {number}"))

    threads = [threading.Thread(target=visit_often, args=(case_id,)) for case_id in cases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for case_id in cases:
        assert len(records(office, case_id, "visit")) == 8
        assert len(records(office, case_id, "visit_elsewhere")) == 8
    with office.look() as session:
        assert projections.check_all(session, office.door.house) == (2, 0)
