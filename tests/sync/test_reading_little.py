"""A sync that has nothing new to do reads none of all that was ever saved on the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.simulation.device import Device
from tests.sync.bench import Bench

ONLY_WHAT_WAITS = ("outbox_waiting", "outbox_unsettled")
"""The indexes that hold the few commands somebody still has to see to."""


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device whose day has been answered for."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    bench.save(found, 5)
    bench.sync(found)
    return found


@contextmanager
def statements(device: Device) -> Iterator[list[str]]:
    """Collect what the vault's database is asked meanwhile, with the values."""
    asked: list[str] = []
    connection = device.store._connection
    connection.set_trace_callback(asked.append)
    try:
        yield asked
    finally:
        connection.set_trace_callback(None)


def whole_readings(device: Device, asked: list[str]) -> list[str]:
    """List the statements that read the outbox from its first row to its last."""
    return [
        statement
        for statement in asked
        if statement.startswith(("SELECT", "INSERT", "UPDATE", "DELETE", "WITH"))
        for (*_ids, step) in device.store.rows(f"EXPLAIN QUERY PLAN {statement}")
        if "SCAN outbox" in step and not any(name in step for name in ONLY_WHAT_WAITS)
    ]


def test_all_that_was_saved_is_read_once_after_a_backup_or_a_day(
    bench: Bench, device: Device
) -> None:
    with statements(device) as asked:
        bench.sync(device, watched=False)
    assert any("FROM outbox" in statement for statement in asked)
    assert whole_readings(device, asked) == []


def test_saving_reads_none_of_it(bench: Bench, device: Device) -> None:
    with statements(device) as asked:
        bench.save(device)
    assert any("outbox" in statement for statement in asked)
    assert whole_readings(device, asked) == []
