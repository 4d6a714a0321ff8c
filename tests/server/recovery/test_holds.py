"""Shows that a hold covers the days people mean, reaches every case, and is ended by a last day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from server.accounts.movements import PostTransaction
from server.recovery.commands import EndHold, PlaceHold
from server.recovery.tables import HoldRow
from server.spine.case_files import load_case_files
from shared.commands import Outcome
from shared.visits import RecordVisit
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person, records


def _hold(debt_id: str, **more: object) -> PlaceHold:
    start = PlaceHold(
        hold_id=new_id(),
        debt_id=debt_id,
        reason="breathing_space",
        from_on=date(2027, 3, 4),
        last_day=date(2027, 5, 2),
    )
    return replace(start, **more)  # type: ignore[arg-type]  # whatever the test varies


def test_a_hold_covers_its_last_day_and_reaches_the_device(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    owed = open_debt(office, jane)
    case_id = assign_case(office, jane, owed.debt_id)
    hold = _hold(owed.debt_id)
    assert office.give(hold).outcome is Outcome.APPLIED
    assert records(office, case_id, "hold") == {
        hold.hold_id: {
            "debt_id": owed.debt_id,
            "reason": "breathing_space",
            "from_on": "2027-03-04",
            "until": "2027-05-03",
        }
    }
    with office.look() as session:
        case = load_case_files(session, office.door.house, {case_id})[case_id]
    days = (date(2027, 3, 3), date(2027, 3, 4), date(2027, 5, 2), date(2027, 5, 3))
    assert [case.is_held_on(day) for day in days] == [False, True, True, False]


def test_ending_a_hold_says_its_last_day(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    owed = open_debt(office, jane)
    case_id = assign_case(office, jane, owed.debt_id)
    hold = _hold(owed.debt_id, last_day=None)
    office.give(hold)
    end = EndHold(hold_id=hold.hold_id, debt_id=owed.debt_id, last_day=date(2027, 3, 10))
    assert [office.give(end).outcome for _ in range(2)] == [Outcome.APPLIED, Outcome.NO_CHANGE]
    assert records(office, case_id, "hold")[hold.hold_id]["until"] == "2027-03-11"
    refused = {
        "hold.ended": replace(end, last_day=date(2027, 3, 11)),
        "hold.last_day_before_first": replace(end, last_day=date(2027, 3, 3)),
    }
    for code, command in refused.items():
        result = office.ask(command)
        assert (result.code, result.at_field) == (code, "last_day")
    with office.look() as session:
        assert session.scalars(select(HoldRow.until)).all() == [date(2027, 3, 11)]


def test_a_hold_needs_a_debt_and_possible_days(office: Office) -> None:
    owed, other = open_debt(office), open_debt(office)
    hold = _hold(owed.debt_id)
    assert office.ask(_hold(new_id())).code == "debt.unknown"
    backwards = office.ask(replace(hold, last_day=date(2027, 3, 3)))
    assert (backwards.code, backwards.at_field) == ("hold.last_day_before_first", "last_day")
    office.give(hold)
    assert office.ask(hold).code == "hold.known"
    end = EndHold(hold_id=hold.hold_id, debt_id=other.debt_id, last_day=date(2027, 3, 10))
    assert office.ask(end).code == "hold.unknown"


def test_days_already_covered_for_a_reason_are_not_held_again(office: Office) -> None:
    owed = open_debt(office)
    office.give(_hold(owed.debt_id))
    within = office.ask(_hold(owed.debt_id, from_on=date(2027, 4, 1), last_day=date(2027, 5, 2)))
    assert (within.code, within.at_field) == ("hold.covered", "reason")
    office.give(_hold(owed.debt_id, last_day=None))
    office.give(_hold(owed.debt_id, reason="dispute"))
    assert (
        office.ask(_hold(owed.debt_id, from_on=date(2028, 1, 1), last_day=None)).code
        == "hold.covered"
    )


def test_a_hold_from_a_past_day_says_what_it_would_have_forbidden(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    owed, untouched = open_debt(office, jane), open_debt(office, jane)
    case_id = assign_case(office, jane, owed.debt_id)
    office.give(
        PostTransaction(
            transaction_id=new_id(),
            debt_id=owed.debt_id,
            kind="costs",
            amount_pence=7_000,
            effective_on=date(2027, 3, 2),
        )
    )
    office.give(
        RecordVisit(visit_id=new_id(), case_id=case_id, happened_at=NOW, outcome="no_answer")
    )
    found = [
        office.give(_hold(owed.debt_id, from_on=date(2027, 3, 1), reason="insolvency")),
        office.give(_hold(owed.debt_id, from_on=date(2027, 3, 3), reason="dispute")),
        office.give(_hold(owed.debt_id, from_on=date(2027, 3, 5))),
        office.give(_hold(untouched.debt_id, from_on=date(2027, 3, 1))),
    ]
    assert [result.flags for result in found] == [
        ("hold.visit_since", "hold.costs_since"),
        ("hold.visit_since",),
        (),
        (),
    ]
