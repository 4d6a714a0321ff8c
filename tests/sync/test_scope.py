"""A device and the office compare what they hold at the head, and mend what differs, case by case."""

from __future__ import annotations

import runpy
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

import server.spine
from server.cases.commands import UnassignCase
from server.spine import totals
from server.sync_api import looking
from shared.schemas import digest
from sync.protocol import CaseTotal, Purge, Record, Total
from sync.scope import HASHES, body_hash, purge_digest, record_hash, total_of
from tests.simulation.device import Device
from tests.sync.bench import Bench
from tests.sync.test_pages import a_busy_morning

migrations = Path(server.spine.__path__[0]) / "migrations" / "versions"

Bodies = dict[tuple[str, str, str, str], str]


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has read a busy morning."""
    found = bench.devices[0]
    a_busy_morning(bench, found)
    bench.sync(found)
    return found


def held(device: Device) -> Bodies:
    rows = device.store.rows("SELECT case_id, view, kind, record_id, body FROM record")
    return {row[:4]: row[4] for row in rows}


def spoil(device: Device, statement: str) -> None:
    with device.store.transaction() as connection:
        connection.execute(statement)


def defects(bench: Bench, device: Device) -> list[str]:
    found = bench.watch.rows(
        "SELECT kind FROM sync_defect WHERE store_id = :id ORDER BY defect_id", id=device.store_id
    )
    return [row.kind for row in found]


def noticed(device: Device) -> set[str]:
    return {kind for kind, _times, _last_at in device.store.defects()}


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["add", "remove"]),
            st.integers(0, 5),
            st.text(max_size=3),
        ),
        max_size=40,
    )
)
def test_a_sum_kept_as_records_move_is_the_sum_of_what_is_there(
    moves: list[tuple[str, int, str]],
) -> None:
    there: dict[int, str] = {}
    kept = 0
    for what, which, body in moves:
        if which in there:
            kept -= body_hash("c", "v", "k", str(which), there.pop(which))
        if what == "add":
            there[which] = body
            kept += body_hash("c", "v", "k", str(which), body)
    afresh = sum(body_hash("c", "v", "k", str(which), body) for which, body in there.items())
    assert kept % HASHES == afresh % HASHES


@given(
    st.lists(st.text(max_size=4), min_size=5, max_size=5), st.integers(0, 4), st.text(max_size=4)
)
def test_moving_any_part_of_a_record_moves_its_hash(
    parts: list[str], which: int, other: str
) -> None:
    moved = [*parts[:which], other, *parts[which + 1 :]]
    lines = [part.count("\n") for part in (*parts, other)]
    if any(lines):
        return
    same = body_hash(*parts[:4], parts[4]) == body_hash(*moved[:4], moved[4])
    assert same == (parts == moved)


def test_the_office_can_hash_a_record_without_its_body() -> None:
    place = ("c", "v", "k", "r")
    assert record_hash(place, digest(b"{}")) == body_hash(*place, "{}")


def test_the_order_of_purges_does_not_matter_but_each_does() -> None:
    one, other = (Purge(case_id=c, view="v", commit=1, reason="") for c in ("a", "b"))
    assert purge_digest("e", [one, other]) == purge_digest("e", [other, one])
    assert purge_digest("e", [one]) != purge_digest("e", [one, other])
    assert purge_digest("e", [one]) != purge_digest("f", [one])


def test_after_a_sync_both_ends_come_to_the_same(bench: Bench, device: Device) -> None:
    with Session(bench.watch.engine) as session:
        office = totals.of_scope(session, device.officer.user_id)
        counted = totals.counted(session, device.officer.user_id)
    assert office == total_of(counted) == device.store.total()
    assert office.records == len(held(device)) > 15
    assert noticed(device) == set()


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM record WHERE kind = 'person'",
        "DELETE FROM record",
        "UPDATE record SET record_id = record_id || 'x' WHERE kind = 'debt'",
        "INSERT INTO record SELECT case_id, view, kind, 'one more', 1, body, 7 FROM record LIMIT 1",
        "INSERT INTO record SELECT 'NOBODYS', view, kind, record_id, 1, body, 7 FROM record LIMIT 3",
    ],
)
def test_a_copy_that_differs_is_mended_to_the_byte_and_both_ends_say_so(
    bench: Bench, device: Device, fault: str
) -> None:
    wanted = held(device)
    spoil(device, fault.replace("NOBODYS", bench.ids()))
    spoil(device, "UPDATE record SET hash = (hash + 1) % 281474976710656")

    bench.sync(device, watched=False)

    assert held(device) == wanted
    assert noticed(device) == {"scope.differs"}
    assert defects(bench, device) == ["scope.differs"]
    bench.sync(device)
    assert defects(bench, device) == ["scope.differs"], "once is enough"


def test_only_the_cases_that_differ_are_sent_again(bench: Bench, device: Device) -> None:
    cases = device.cases()
    with device.store.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ? AND kind = 'case'", cases[:1])

    first, second = bench.sync(device, watched=False)

    assert first.page.records == ()
    assert {record.case_id for record in second.page.records} == {cases[0]}
    assert [whole.case_id for whole in second.page.repaired] == [cases[0]]


def test_a_copy_that_was_found_to_differ_is_not_called_up_to_date(
    bench: Bench, device: Device
) -> None:
    read_at = device.store.get("office_copy_at")
    bench.world.pass_time()
    spoil(device, "DELETE FROM record WHERE kind = 'case'")
    request = device.begin_sync(500, 100).request
    assert request is not None
    taken = device.store.absorb(bench.answer(device, request))
    assert taken.differs
    assert device.store.get("office_copy_at") == read_at
    assert device.store.copy().manifest is not None, "the next sync goes on, whatever happens"

    bench.sync(device)
    assert device.store.get("office_copy_at") != read_at
    assert device.store.copy().manifest is None


def test_a_total_the_office_kept_wrong_is_put_right(bench: Bench, device: Device) -> None:
    with bench.watch.engine.begin() as connection:
        connection.execute(
            text("UPDATE case_total SET hash = 5 WHERE case_id = :id"), {"id": device.cases()[0]}
        )

    bench.sync(device)

    assert defects(bench, device) == ["scope.totals"]
    assert noticed(device) == {"scope.differs"}
    with Session(bench.watch.engine) as session:
        assert totals.of_scope(session, device.officer.user_id) == device.store.total()


def test_a_case_taken_away_that_still_has_work_on_it_is_no_difference(
    bench: Bench, device: Device
) -> None:
    case_id = device.cases()[0]
    with device.store.transaction() as connection:
        connection.execute("INSERT INTO draft VALUES ('d', ?, 'visit', '{}', '')", (case_id,))
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    bench.sync(device)
    assert case_id in device.cases(), "the visit in hand may be finished"
    assert noticed(device) == set()


def test_a_manifest_beside_a_page_that_stops_short_is_left_for_later(
    bench: Bench, device: Device
) -> None:
    with Session(bench.watch.engine) as session:
        found = looking.look(
            session,
            device.officer.user_id,
            looking.Look(
                store_id=device.store_id, epoch=None, cursor=0, records_max=1, manifest=()
            ),
        )
    assert found.told.page.more
    assert found.told.page.repaired == ()
    assert found.told.scope is None
    assert found.defects == {}


def test_what_moved_meanwhile_is_sent_whole_but_is_no_defect(bench: Bench, device: Device) -> None:
    spoil(device, "INSERT INTO meta VALUES ('differs', 'yes')")
    bench.assign(device, 5)
    bench.sync(device)
    assert defects(bench, device) == []
    assert noticed(device) == set()


def test_pages_read_in_any_order_of_moves_end_in_equal_totals(bench: Bench) -> None:
    device = bench.devices[0]
    random = Random(7)
    for _round in range(6):
        number = random.randrange(6)
        bench.assign(device, number)
        if random.random() < 0.5:
            case_id = bench.world.cases[random.randrange(6)].case_id
            bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
        bench.sync(device, records_max=random.choice((1, 3, 500)))
        with Session(bench.watch.engine) as session:
            assert totals.of_scope(session, device.officer.user_id) == device.store.total()


def test_an_empty_manifest_is_not_no_manifest() -> None:
    assert total_of(()) == Total()
    assert total_of([CaseTotal(case_id="a", view="v", records=2, hash=HASHES - 1)] * 2) == Total(
        records=4, hash=HASHES - 2
    )
    assert Record(case_id="a", view="v", kind="k", record_id="r", commit=1, body=None).removed


def test_an_office_that_had_no_totals_is_given_the_same_ones(bench: Bench, device: Device) -> None:
    """The migration adds up in SQL what is kept in Python from then on."""
    migration = runpy.run_path(str(migrations / "0013_scope_totals.py"))
    _insert, _table, added_up = migration["ADD_UP"].strip().partition("case_total\n")
    rows = {(str(row[0]), row[1]): (row[2], row[3]) for row in bench.watch.rows(added_up)}
    with Session(bench.watch.engine) as session:
        kept = totals.kept(session, device.officer.user_id)
    assert len(kept) > 3
    for each in kept:
        assert rows[each.case_id, each.view] == (each.records, each.hash)
