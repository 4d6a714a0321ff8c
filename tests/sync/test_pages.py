"""Pages hold whole commits and nothing of others' cases; read in any size, they end in the same copy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from server.cases.commands import AssignCase, UnassignCase
from server.sync_api import pages
from shared.visits import PlanVisit, WithdrawPlannedVisit
from sync.protocol import Request
from tests.simulation.device import Device
from tests.sync.bench import Bench

Copy = dict[tuple[str, str, str, str], tuple[int, str]]


def plan(bench: Bench, device: Device, case_id: str) -> PlanVisit:
    return PlanVisit(
        planned_visit_id=bench.ids(),
        case_id=case_id,
        officer_id=device.officer.user_id,
        purpose="arrears",
        planned_on=bench.world.today,
    )


def a_busy_morning(bench: Bench, device: Device) -> None:
    """Assign, plan, call off, take away and give back, some of it several at a time."""
    cases = [bench.assign(device, number) for number in range(5)]
    plans = [plan(bench, device, case_id) for case_id in cases[:4]]
    bench.ask(*plans)
    for planned in plans[:2]:
        bench.ask(
            WithdrawPlannedVisit(planned_visit_id=planned.planned_visit_id, case_id=planned.case_id)
        )
    officer_id = device.officer.user_id
    bench.ask(UnassignCase(case_id=cases[1], officer_id=officer_id))
    bench.ask(UnassignCase(case_id=cases[2], officer_id=officer_id))
    bench.ask(AssignCase(case_id=cases[2], officer_id=officer_id))


def copy_by_pages(
    bench: Bench,
    device: Device,
    records_max: int,
    meanwhile: Callable[[int], object] = lambda _page: None,
) -> Copy:
    """Read everything from the beginning in pages of one size."""
    copy: Copy = {}
    cursor, read = 0, 0
    while True:
        request = Request(
            store_id=device.store_id, epoch=None, cursor=cursor, records_max=records_max
        )
        reply = bench.answer(device, request)
        page = reply.page
        bench.watch.page_given(device, request, reply)
        commits = {record.commit for record in page.records}
        assert len(page.records) <= records_max or len(commits) == 1
        for record in page.records:
            key = (record.case_id, record.view, record.kind, record.record_id)
            copy.pop(key, None)
            if record.body is not None:
                copy[key] = (record.commit, record.body)
        for purge in page.purges:
            for key in [key for key in copy if key[:2] == (purge.case_id, purge.view)]:
                del copy[key]
        cursor, read = page.end, read + 1
        assert page.more == bool(page.remaining), "what is left to come is what is announced"
        if not page.more:
            return copy
        meanwhile(read)


def the_scope(bench: Bench, device: Device) -> Copy:
    rows = bench.watch.rows(
        "SELECT r.case_id::text, r.view, kind, record_id, r.commit_number, body "
        "FROM field_record r JOIN case_access a USING (case_id, view) "
        "WHERE granted AND officer_id = :officer AND body IS NOT NULL",
        officer=device.officer.user_id,
    )
    return {tuple(row[:4]): (row[4], row[5]) for row in rows}


def test_pages_of_any_size_end_in_the_same_copy(bench: Bench) -> None:
    device = bench.devices[0]
    a_busy_morning(bench, device)
    wanted = the_scope(bench, device)
    assert len(wanted) > 15

    for records_max in (*range(1, 9), 500):
        assert copy_by_pages(bench, device, records_max) == wanted, records_max


@pytest.mark.parametrize("records_max", [1, 3])
def test_what_moves_while_pages_are_read_arrives_too(bench: Bench, records_max: int) -> None:
    device, other = bench.devices[:2]
    a_busy_morning(bench, device)
    case_ids = [case.case_id for case in bench.world.cases]

    def meanwhile(page: int) -> None:
        if page > 6:
            return
        case_id = case_ids[page % 4]
        bench.assign(other, page % 4)
        if (case_id, device.officer.user_id) in bench.watch.assignments():
            bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
        else:
            bench.assign(device, page % 4)

    assert copy_by_pages(bench, device, records_max, meanwhile) == the_scope(bench, device)


def test_a_page_stays_within_its_bytes_unless_one_commit_is_more(bench: Bench) -> None:
    device = bench.devices[0]
    a_busy_morning(bench, device)
    wanted = the_scope(bench, device)
    largest = max(len(body) for _commit, body in wanted.values())
    cursor, pages_read = 0, 0
    more = True
    while more:
        with Session(bench.watch.engine) as session:
            page = pages.read(session, device.officer.user_id, cursor, 500, bytes_aim=largest)
        commits = {record.commit for record in page.records}
        size = sum(len((record.body or "").encode()) for record in page.records)
        assert size <= largest or len(commits) == 1
        cursor, more, pages_read = page.end, page.more, pages_read + 1
    assert pages_read > 3
