"""Between pages a copy may hold half of what happened: facts are taken then, decisions wait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from field_client.vault import execute
from shared.commands import Kind
from shared.errors import RuleBroken
from sync.session import request_of
from tests.simulation.device import Device
from tests.sync.bench import Bench


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has read the first page of two."""
    found = bench.devices[0]
    bench.assign(found, 4)
    bench.sync(found)
    bench.assign(found, 0)
    bench.assign(found, 1)
    take_one(bench, found)
    assert found.store.cursor() > 0
    return found


def take_one(bench: Bench, device: Device) -> None:
    request = replace(request_of(device.store.copy()), records_max=1)
    device.store.absorb(bench.answer(device, request))


@pytest.fixture
def _decisions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have visits be decisions, because nothing an officer gives today is one."""
    visits = execute._KINDS["RecordVisit"]
    monkeypatch.setitem(execute._KINDS, "RecordVisit", replace(visits, kind=Kind.DECISION))


@pytest.mark.usefixtures("_decisions")
def test_no_decision_is_taken_on_a_case_that_is_still_coming(bench: Bench, device: Device) -> None:
    before, half = bench.world.cases[4].case_id, bench.world.cases[0].case_id
    assert set(device.cases()) == {before, half}

    with pytest.raises(RuleBroken, match=r"case\.catching_up"):
        device.save([bench.visit(half)], bench.world.now)
    assert device.save([bench.visit(before)], bench.world.now) == 1, "no page has touched it"

    take_one(bench, device)
    with pytest.raises(RuleBroken, match=r"case\.catching_up"):
        device.save([bench.visit(half)], bench.world.now)
    bench.sync(device)
    assert device.save([bench.visit(half)], bench.world.now) == 1


def test_facts_are_taken_whatever_is_still_coming(bench: Bench, device: Device) -> None:
    assert device.save([bench.visit(bench.world.cases[0].case_id)], bench.world.now) == 1
