"""However large each page is, and whatever moves between two of them, the copy comes to the same."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.cases.commands import AssignCase, UnassignCase
from shared.visits import PlanVisit
from sync import hub
from tests.simulation.device import Device
from tests.sync.bench import Bench
from tests.sync.test_pages import Copy, the_scope

CASES = 4
LARGEST = 40

between = st.one_of(
    st.just(("rest", 0)),
    st.tuples(st.sampled_from(("plan", "take", "give")), st.integers(0, CASES - 1)),
)
"""What happens in the office between two pages, and to which case."""

days = st.lists(st.tuples(st.integers(1, LARGEST), between), min_size=1, max_size=8)


def do(bench: Bench, device: Device, what: str, number: int) -> None:
    """Have something happen to a case, if it can."""
    case_id = bench.world.cases[number].case_id
    officer_id = device.officer.user_id
    has_it = (case_id, officer_id) in bench.watch.assignments()
    if what == "take" and has_it:
        bench.ask(UnassignCase(case_id=case_id, officer_id=officer_id))
    elif what == "give" and not has_it:
        bench.ask(AssignCase(case_id=case_id, officer_id=officer_id))
    elif what == "plan" and has_it:
        bench.ask(
            PlanVisit(
                planned_visit_id=bench.ids(),
                case_id=case_id,
                officer_id=officer_id,
                purpose="arrears",
                planned_on=bench.world.today,
            )
        )


def copy_of(device: Device) -> Copy:
    found = device.store.rows(
        "SELECT case_id, view, kind, record_id, commit_number, body FROM record"
    )
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in found}


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(day=days)
def test_pages_of_any_sizes_come_to_the_same_copy(
    bench: Bench, day: list[tuple[int, tuple[str, int]]]
) -> None:
    """A real vault takes in one page of each size, with something in between; then the rest."""
    device = bench.devices[0]
    for number in range(CASES):
        do(bench, device, "give", number)
    for records_max, (what, number) in day:
        attempt = device.begin_sync(records_max, 1)
        assert attempt.request is not None
        reply = bench.answer(device, attempt.request)
        commits = {record.commit for record in reply.page.records}
        assert len(reply.page.records) <= records_max or len(commits) == 1, "whole commits"
        device.take(attempt, reply)
        device.give_up(attempt)
        do(bench, device, what, number)
    bench.sync(device, records_max=day[0][0])
    assert copy_of(device) == the_scope(bench, device)
    assert device.store.rows("SELECT 1 FROM purge") == []


def test_a_device_that_asks_for_more_than_a_page_aims_at_gets_a_page(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = bench.devices[0]
    for number in range(CASES):
        do(bench, device, "give", number)
    monkeypatch.setattr(hub, "RECORDS_MAX", 3)
    attempt = device.begin_sync(LARGEST, 1)
    assert attempt.request is not None
    assert attempt.request.records_max == LARGEST

    page = bench.answer(device, attempt.request).page

    assert len({record.commit for record in page.records}) == 1, "no more than one whole commit"
    assert page.more
