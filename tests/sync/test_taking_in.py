"""A vault takes in what the office says whole, in its order, and erases only what it may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault.absorbing import DRAFT_DAYS
from field_client.vault.execute import execute
from server.cases.commands import AssignCase, UnassignCase
from shared.errors import RuleBroken
from shared.visits import PlanVisit, WithdrawPlannedVisit
from sync import session
from sync.protocol import Clock, Reply, Request
from sync.wire import NotAMessage, read_request, write_request
from tests.simulation.device import Device
from tests.sync.bench import Bench


def request_of(device: Device) -> Request:
    return session.request_of(device.store.copy())


def plan(bench: Bench, device: Device, case_id: str) -> str:
    planned_visit_id = bench.ids()
    bench.ask(
        PlanVisit(
            planned_visit_id=planned_visit_id,
            case_id=case_id,
            officer_id=device.officer.user_id,
            purpose="arrears",
            planned_on=bench.world.today,
        )
    )
    return planned_visit_id


def take_away(bench: Bench, device: Device, case_id: str) -> None:
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))


def kinds(device: Device) -> list[str]:
    return [row[0] for row in device.store.rows("SELECT kind FROM record ORDER BY kind")]


def two_replies(bench: Bench, device: Device, case_id: str) -> tuple[Reply, Reply]:
    """Ask twice from the same place, with a plan made before and called off in between."""
    planned_visit_id = plan(bench, device, case_id)
    early = bench.answer(device, request_of(device))
    bench.ask(WithdrawPlannedVisit(planned_visit_id=planned_visit_id, case_id=case_id))
    return early, bench.answer(device, request_of(device))


def test_a_page_that_comes_late_does_not_put_old_records_over_new_ones(bench: Bench) -> None:
    device = bench.devices[0]
    early, later = two_replies(bench, device, bench.assign(device, 0))

    device.store.absorb(later)
    device.store.absorb(early)

    assert "planned_visit" not in kinds(device)
    bench.watch.device_holds(device)


def test_a_page_that_comes_late_does_not_bring_back_a_case_that_was_erased(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    late = bench.answer(device, request_of(device))
    bench.sync(device)
    take_away(bench, device, case_id)
    bench.sync(device)

    device.store.absorb(late)

    assert kinds(device) == []


def test_the_receipts_of_a_late_reply_are_kept(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    device.save([bench.visit(case_id)], bench.world.now)
    late = bench.answer(device, request_of(device))
    nothing = bench.answer(device, replace(request_of(device), envelopes=()))
    device.store.absorb(nothing)
    assert device.store.waiting(1)

    device.store.absorb(late)

    assert not device.store.waiting(1)


def test_a_page_that_begins_beyond_this_copy_is_not_taken(bench: Bench) -> None:
    device = bench.devices[0]
    bench.assign(device, 0)
    ahead = bench.answer(device, replace(request_of(device), cursor=1))

    device.store.absorb(ahead)

    assert device.store.cursor() == 0
    assert kinds(device) == []


def test_a_case_given_back_before_it_was_erased_keeps_nothing_from_before(bench: Bench) -> None:
    first, second = bench.devices[:2]
    case_id = bench.assign(first, 0)
    bench.assign(second, 0)
    planned_visit_id = plan(bench, first, case_id)
    bench.sync(first)
    with first.store.transaction() as connection:
        connection.execute("INSERT INTO draft VALUES ('d', ?, 'visit', '{}', '')", (case_id,))
    take_away(bench, first, case_id)
    bench.sync(first)
    assert "planned_visit" in kinds(first), "the visit in hand may be finished"

    bench.ask(WithdrawPlannedVisit(planned_visit_id=planned_visit_id, case_id=case_id))
    bench.sync(first)
    bench.ask(AssignCase(case_id=case_id, officer_id=first.officer.user_id))
    bench.sync(first)

    assert "case" in kinds(first)
    assert "planned_visit" not in kinds(first)
    assert first.store.rows("SELECT * FROM purge") == []


@pytest.mark.parametrize("what", ["a draft", "a photograph", "a visit"])
def test_a_case_taken_away_stays_until_the_work_on_it_has_arrived(bench: Bench, what: str) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    take_away(bench, device, case_id)
    page = bench.answer(device, request_of(device))
    with device.store.transaction() as connection:
        if what == "a draft":
            connection.execute("INSERT INTO draft VALUES ('d', ?, 'v', '{}', '')", (case_id,))
        elif what == "a photograph":
            connection.execute(
                "INSERT INTO photograph (photograph_id, visit_id, case_id, purpose, body) "
                "VALUES ('p', 'v', ?, 'premises', x'00')",
                (case_id,),
            )
        else:
            device.save([bench.visit(case_id)], bench.world.now)

    device.store.absorb(page)
    assert "case" in kinds(device)
    assert device.store.purged() == []

    with device.store.transaction() as connection:
        connection.execute("DELETE FROM draft")
        connection.execute("UPDATE photograph SET arrived = 1")
    bench.sync(device)
    assert kinds(device) == []
    assert device.store.rows("SELECT * FROM photograph") == []
    assert bench.erasures(device) == [case_id], "the same sync tells the office so"
    assert device.store.purged() == []


@pytest.mark.parametrize(("days", "goes"), [(DRAFT_DAYS - 1, False), (DRAFT_DAYS + 1, True)])
def test_a_forgotten_draft_holds_a_case_for_so_long_and_then_stays_alone(
    bench: Bench, days: int, *, goes: bool
) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    touched = (bench.world.now - timedelta(days=days)).isoformat()
    with device.store.transaction() as connection:
        connection.execute(
            "INSERT INTO draft VALUES ('d', ?, 'visit', '{\"notes\":\"x\"}', ?)", (case_id, touched)
        )
        connection.execute(
            "INSERT INTO photograph (photograph_id, visit_id, case_id, purpose, body) "
            "VALUES ('p', 'd', ?, 'premises', x'00')",
            (case_id,),
        )
    take_away(bench, device, case_id)

    bench.sync(device)

    assert (kinds(device) == []) == goes
    assert (device.store.rows("SELECT 1 FROM photograph") == []) == goes
    assert device.store.rows("SELECT body FROM draft") == [('{"notes":"x"}',)], "never lost"
    assert bench.erasures(device) == ([case_id] if goes else [])


def test_an_erasure_from_before_a_case_came_back_is_not_noted(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    take_away(bench, device, case_id)
    bench.answer(device, request_of(device))
    device.store.absorb(bench.answer(device, request_of(device)))
    reporting = request_of(device)
    assert reporting.purged == (case_id,)

    bench.ask(AssignCase(case_id=case_id, officer_id=device.officer.user_id))
    assert bench.answer(device, reporting).noted == ()
    device.store.absorb(bench.answer(device, replace(reporting, purged=())))
    take_away(bench, device, case_id)

    assert bench.answer(device, reporting).noted == (), "the device has it again"
    assert bench.erasures(device) == []
    bench.sync(device)
    assert bench.erasures(device) == [case_id]


def test_a_commit_that_fails_leaves_no_transaction_open(bench: Bench) -> None:
    """What is said to be saved afterwards would otherwise never reach the disk."""
    device = bench.devices[0]
    device.store._connection.executescript(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
        "CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);"
    )
    with pytest.raises(sqlcipher.IntegrityError), device.store.transaction() as connection:
        connection.execute("INSERT INTO child VALUES (7)")

    device.store.put("kept", "yes")
    device.lose_power()
    assert device.store.get("kept") == "yes"
    assert device.store.rows("SELECT * FROM child") == []


def test_what_could_not_be_read_at_the_office_is_not_saved(bench: Bench) -> None:
    """An envelope nobody can read would stand in its lane for ever, and all others behind it."""
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    clock = Clock(wall=bench.world.now.isoformat(), monotonic=1.0, boot="b" * 65)

    with pytest.raises(NotAMessage):
        execute(
            device.store,
            device.officer.user_id,
            [bench.visit(case_id)],
            clock=clock,
            now=bench.world.now,
        )
    assert device.store.rows("SELECT * FROM outbox") == []


def test_a_group_is_never_sent_by_halves(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    device.save([bench.visit(case_id)], bench.world.now)
    group = [bench.visit(case_id) for _ in range(3)]
    device.save(group, bench.world.now, group=bench.ids())
    device.save([bench.visit(case_id)], bench.world.now)

    assert [len(device.store.waiting(most)) for most in range(1, 7)] == [1, 1, 1, 4, 5, 5]
    bench.sync(device, envelopes_max=1)
    assert device.store.waiting(100) == []


def test_the_first_group_is_sent_whole_even_if_it_is_more_than_was_asked_for(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    group = [bench.visit(case_id) for _ in range(3)]
    device.save(group, bench.world.now, group=bench.ids())

    assert len(device.store.waiting(1)) == 3


def test_a_request_stays_within_what_the_office_opens(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)
    for _ in range(70):
        device.save([bench.visit(case_id, notes="\U0001f6aa" * 4_000)], bench.world.now)

    request = request_of(device)
    assert 0 < len(request.envelopes) < 70
    assert read_request(write_request(request)) == request


def test_a_group_that_no_request_could_carry_is_not_saved(bench: Bench) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    bench.sync(device)

    for notes, how_many in (("", 101), ("\U0001f6aa" * 4_000, 66)):
        savings = [bench.visit(case_id, notes=notes) for _ in range(how_many)]
        with pytest.raises(RuleBroken, match=r"command\.too_large"):
            device.save(savings, bench.world.now, group=bench.ids())
    assert device.store.waiting(100) == []
