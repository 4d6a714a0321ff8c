"""An office that stops before any of its statements has recorded all of a request or nothing of it."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from sync.protocol import ENVELOPES_MAX, RECORDS_MAX
from tests.simulation.device import Device
from tests.simulation.office import Hold
from tests.sync.bench import Bench

VISITS = 3
EVERY = 7
STATEMENTS_MAX = 150
COMMITS_MAX = 20

pytestmark = pytest.mark.parametrize(
    "every", [pytest.param(EVERY, id="some"), pytest.param(1, id="every", marks=pytest.mark.long)]
)


def count(bench: Bench, table: str, key: str, ids: list[str]) -> int:
    """Count how many of these the office has."""
    found = bench.watch.rows(
        f"SELECT count(*) AS n FROM {table} WHERE {key} = ANY(CAST(:ids AS uuid[]))",  # noqa: S608 - our own words
        ids=ids,
    )
    return int(found[0].n)


def stop_at(bench: Bench, device: Device, case_id: str, hold: Hold) -> bool:
    """Stop the office at one point of an answer; tell whether there was such a point."""
    savings = [bench.visit(case_id, notes=f"visit {n}") for n in range(VISITS)]
    commands = [saving.command_id for saving in savings]
    visits = [str(asdict(saving.command)["visit_id"]) for saving in savings]
    for saving in savings:
        device.save([saving], bench.world.now)
    attempt = device.begin_sync(RECORDS_MAX, ENVELOPES_MAX)
    assert attempt.request is not None
    call = bench.office.conversation(attempt.request, device.actor, bench.world.now, hold)
    bench.office.go_on(call)
    was_held = not call.ended
    bench.office.stop()
    assert count(bench, "command", "command_id", commands) in {0, VISITS}, "a chunk or nothing"
    device.give_up(attempt)
    bench.sync(device)
    assert count(bench, "command", "command_id", commands) == VISITS
    assert count(bench, "visit", "visit_id", visits) == VISITS, "each visit once"
    assert device.store.waiting(1) == []
    return was_held


def test_the_office_may_stop_before_any_statement(bench: Bench, every: int) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 4)
    bench.sync(device)
    points = 0
    for number in range(1, STATEMENTS_MAX, every):
        if not stop_at(bench, device, case_id, Hold(statement=number)):
            break
        points += 1
    else:
        pytest.fail("an answer takes fewer statements than that")
    assert points * every > 15


def test_the_office_may_stop_before_any_commit(bench: Bench, every: int) -> None:
    assert every
    device = bench.devices[0]
    case_id = bench.assign(device, 4)
    bench.sync(device)
    number = 1
    while stop_at(bench, device, case_id, Hold(commit=number)):
        number += 1
        assert number < COMMITS_MAX, "an answer takes fewer commits than that"
    assert number > 1
