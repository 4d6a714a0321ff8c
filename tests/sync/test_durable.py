"""A device keeps what it sent until a backup of the office holds it, and then lets it go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from field_client.vault.absorbing import KEPT_DAYS
from server.cases.commands import UnassignCase
from shared.commands import Lane
from sync.session import request_of
from tests.simulation.device import Device
from tests.sync.bench import Bench


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with two cases and one visit that the office has."""
    found = bench.devices[0]
    for number in (0, 4):
        bench.assign(found, number)
    bench.sync(found)
    bench.save(found)
    bench.sync(found)
    return found


@pytest.fixture(autouse=True)
def _nothing_durable_afterwards(bench: Bench) -> Iterator[None]:
    yield
    durable(bench, 0)


def durable(bench: Bench, number: int) -> None:
    with bench.watch.engine.begin() as connection:
        connection.execute(text("UPDATE sync_head SET durable_commit_number = :n"), {"n": number})


def outcomes(device: Device) -> list[str | None]:
    return [row[0] for row in device.store.rows("SELECT outcome FROM outbox ORDER BY seq")]


def everything(device: Device) -> str:
    """Write out every value of every table of an opened vault."""
    tables = device.store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return "".join(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for (table,) in tables
        for row in device.store.rows(f"SELECT * FROM {table}")  # noqa: S608 - its own tables
        for value in row
    )


def test_the_place_of_a_lane_is_kept_though_its_commands_are_let_go(
    bench: Bench, device: Device
) -> None:
    bench.save(device, 2)
    bench.sync(device)
    at = device.store.lane_head(Lane.ORDINARY)
    bench.world.now += timedelta(days=KEPT_DAYS + 2)
    durable(bench, 10**6)
    bench.sync(device)

    assert outcomes(device) == []
    assert device.store.rows("SELECT count(*) FROM seal") == [(0,)]
    assert device.store.lane_head(Lane.ORDINARY) == at
    bench.save(device)
    bench.sync(device)
    assert set(outcomes(device)) <= {"applied"}
    assert len(bench.watch.visits()) == 4
    assert "lane.forked" not in {kind for kind, _times, _at in device.store.defects()}


def test_an_answer_that_comes_after_its_command_was_let_go_is_not_called_false(
    bench: Bench, device: Device
) -> None:
    bench.save(device)
    late = bench.answer(device, request_of(device.store.copy()))
    bench.sync(device)
    bench.world.now += timedelta(days=KEPT_DAYS + 2)
    durable(bench, 10**6)
    bench.sync(device)
    assert outcomes(device) == []

    sealed = device.is_sealed(late)
    assert device.store.absorb(late, device.seal, sealed=sealed).receipts == 0
    noticed = {kind for kind, _times, _at in device.store.defects()}
    assert noticed == {"receipt.not_kept"}, "the bytes that were signed for are not here any more"


def test_a_copy_that_let_everything_go_still_notices_the_other(
    bench: Bench, device: Device
) -> None:
    durable(bench, 10**6)
    bench.world.now += timedelta(days=KEPT_DAYS + 2)
    bench.sync(device)
    assert outcomes(device) == []
    name = device.store.store_id()
    with bench.watch.engine.begin() as connection:
        connection.execute(
            text("UPDATE lane_position SET head = :h WHERE store_id = :s"),
            {"h": "f" * 64, "s": name},
        )
    bench.sync(device, watched=False)
    assert device.store.store_id() != name


def test_nothing_of_an_erased_case_stays_once_a_backup_holds_it(
    bench: Bench, device: Device
) -> None:
    """Canaries in notes and records: every table of the opened vault is read for them."""
    case_id = device.cases()[0]
    device.save([bench.visit(case_id, notes="CANARY-7d2e in the notes")], bench.world.now)
    bench.sync(device)
    assert "CANARY-7d2e" in everything(device)
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    bench.sync(device)
    assert case_id not in device.cases()
    assert "CANARY-7d2e" in everything(device), "no backup holds it yet"

    durable(bench, 10**6)
    bench.sync(device)

    assert "CANARY-7d2e" not in everything(device)


def test_what_no_backup_holds_is_never_let_go(bench: Bench, device: Device) -> None:
    bench.save(device, 2)
    bench.sync(device)
    bench.world.now += timedelta(days=10 * KEPT_DAYS)
    bench.sync(device)
    assert outcomes(device) == ["applied"] * 3


def test_what_a_backup_holds_goes_with_its_case(bench: Bench, device: Device) -> None:
    bench.save(device, 2)
    bench.sync(device)
    case_id = device.cases()[0]
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    bench.sync(device)
    assert outcomes(device) == ["applied"] * 3, "the office may still lose them"

    durable(bench, 10**6)
    bench.sync(device)
    assert outcomes(device) == []
