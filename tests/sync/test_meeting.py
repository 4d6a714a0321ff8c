"""Wherever one writer is held, another that moves the same records leaves them true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from server.accounts.movements import PostTransaction
from server.app import house
from server.cases.commands import AssignCase, UnassignCase
from server.people.commands import RecordContact
from server.people.markers import EndMarker, RecordMarker
from server.recovery.commands import PlaceHold
from server.spine import projections
from shared.commands import Command
from shared.visits import PlanVisit, RecordVisit
from tests.simulation.office import Hold
from tests.sync.bench import Bench

STATEMENTS_MAX = 120
"""Statements after which a held order has surely ended."""

Maker = Callable[[Bench], Command]


def stale(bench: Bench) -> list[str]:
    """Name the stored field records that are not what a fresh projection gives."""
    with Session(bench.watch.engine) as session:
        assigned = projections.assigned(session, bench.watch.cases)
        found = projections.compare(session, house(), assigned).stale
    return sorted(f"{kind} of {bench.world.label_of_case(case)}" for case, _, kind, _ in found)


def visit_on(case: int) -> Maker:
    """Record a visit, as its officer's device would."""

    def make(bench: Bench) -> Command:
        return RecordVisit(
            visit_id=bench.ids(),
            case_id=bench.world.cases[case].case_id,
            happened_at=bench.world.now,
            outcome="no_answer",
        )

    return make


def plan_on(case: int) -> Maker:
    """Plan a visit by the officer who has the case."""

    def make(bench: Bench) -> Command:
        return PlanVisit(
            planned_visit_id=bench.ids(),
            case_id=bench.world.cases[case].case_id,
            officer_id=bench.devices[0].officer.user_id,
            purpose="arrears",
            planned_on=bench.world.today,
        )

    return make


def hold_on(debt: int) -> Maker:
    """Hold a debt."""

    def make(bench: Bench) -> Command:
        reason = ("dispute", "complaint", "bereavement")[bench.world.random.randrange(3)]
        return PlaceHold(
            hold_id=bench.ids(),
            debt_id=bench.world.debts[debt],
            reason=reason,
            from_on=bench.world.today + timedelta(days=bench.world.random.randrange(900)),
            last_day=None,
        )

    return make


def post_on(debt: int) -> Maker:
    """Add costs to a debt."""

    def make(bench: Bench) -> Command:
        return PostTransaction(
            transaction_id=bench.ids(),
            debt_id=bench.world.debts[debt],
            kind="costs",
            amount_pence=100,
            effective_on=bench.world.today,
        )

    return make


def contact_of(person: int) -> Maker:
    """Add a number somebody gave."""

    def make(bench: Bench) -> Command:
        return RecordContact(
            contact_id=bench.ids(),
            person_id=bench.world.people[person],
            kind="phone",
            value=f"07700{bench.world.random.randrange(10**6):06d}",
        )

    return make


def give_or_take(case: int) -> Maker:
    """Give a case to the second officer, or take it from them again."""

    def make(bench: Bench) -> Command:
        case_id = bench.world.cases[case].case_id
        officer_id = bench.devices[1].officer.user_id
        if (case_id, officer_id) in bench.watch.assignments():
            return UnassignCase(case_id=case_id, officer_id=officer_id)
        return AssignCase(case_id=case_id, officer_id=officer_id)

    return make


def warn_of(place: bool) -> Maker:  # noqa: FBT001 - a person or a place
    """Warn of a place or a person."""

    def make(bench: Bench) -> Command:
        return RecordMarker(
            marker_id=bench.ids(),
            person_id=None if place else bench.world.people[4],
            address_id=bench.world.cases[3].address_id if place else None,
            kind="dog",
            note="A large dog",
            from_on=bench.world.today,
            review_on=bench.world.today + timedelta(days=30),
        )

    return make


def end_warning(bench: Bench) -> Command:
    """Take the latest warning back; its command names nobody and no case."""
    (marker_id,) = bench.watch.rows(
        "SELECT marker_id::text FROM marker WHERE until IS NULL AND (person_id = :p "
        "OR address_id = :a) ORDER BY marker_id LIMIT 1",
        p=bench.world.people[4],
        a=bench.world.cases[3].address_id,
    )[0]
    return EndMarker(marker_id=marker_id, reason="Mistaken")


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """Two orders that move the same records, the first of which is held."""

    held: Maker
    meanwhile: Maker
    first: tuple[Maker, ...] = ()


MEETINGS = {
    "two visits on a joint debt": Meeting(held=visit_on(0), meanwhile=visit_on(1)),
    "two visits that a third case shows": Meeting(held=visit_on(0), meanwhile=visit_on(2)),
    "a plan and a hold": Meeting(held=plan_on(1), meanwhile=hold_on(0)),
    "a hold and costs": Meeting(held=hold_on(0), meanwhile=post_on(0)),
    "a number and a visit": Meeting(held=contact_of(0), meanwhile=visit_on(1)),
    "a grant and a visit next door": Meeting(held=give_or_take(1), meanwhile=visit_on(0)),
    "a warning of a place and a grant": Meeting(
        held=warn_of(place=True), meanwhile=give_or_take(3)
    ),
    "a grant and a warning of a place": Meeting(
        held=give_or_take(3), meanwhile=warn_of(place=True)
    ),
    "the end of a warning and a grant": Meeting(
        held=end_warning, meanwhile=give_or_take(5), first=(warn_of(place=False),)
    ),
    "a grant and the end of a warning": Meeting(
        held=give_or_take(5), meanwhile=end_warning, first=(warn_of(place=False),)
    ),
    "the end of a warning of a place and a grant": Meeting(
        held=end_warning, meanwhile=give_or_take(3), first=(warn_of(place=True),)
    ),
}


def meet(bench: Bench, meeting: Meeting, hold: Hold) -> bool:
    """Let the two meet with the first held at one point; tell whether it was held at all."""
    for maker in meeting.first:
        bench.ask(maker(bench))
    held = bench.begin(meeting.held(bench), hold=hold)
    was_held = not held.ended
    other = bench.begin(meeting.meanwhile(bench))
    assert other.failure is None or other.is_busy, other.failure
    if was_held:
        bench.office.go_on(held)
    assert held.failure is None or held.is_busy, held.failure
    if other.is_busy:
        bench.ask(meeting.meanwhile(bench))
    assert stale(bench) == [], f"held before {hold}"
    return was_held


@pytest.mark.parametrize("name", MEETINGS)
def test_records_stay_true_when_two_meet(bench: Bench, name: str) -> None:
    """Held before its commit, and at a few of the statements where it has decided but not written."""
    for case in range(len(bench.world.cases)):
        bench.assign(bench.devices[0], case)
    meet(bench, MEETINGS[name], Hold(commit=1))
    for statement in range(9, 60, 10):
        meet(bench, MEETINGS[name], Hold(statement=statement))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", MEETINGS)
def test_records_stay_true_wherever_the_first_is_held(bench: Bench, name: str) -> None:
    for case in range(len(bench.world.cases)):
        bench.assign(bench.devices[0], case)
    for statement in range(1, STATEMENTS_MAX):
        if not meet(bench, MEETINGS[name], Hold(statement=statement)):
            break
    else:
        pytest.fail("the held order never came to its end")
