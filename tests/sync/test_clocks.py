"""A device's clock may be years off, jump or go backwards: what it saved is taken, once, in its order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.simulation.device import Device
from tests.sync.bench import Bench
from tests.sync.test_deliveries import saved_at_the_office, the_log

YEARS = timedelta(days=3_653)
HOUR = timedelta(hours=1)

skews = st.one_of(
    st.sampled_from((timedelta(0), YEARS, -YEARS, HOUR, -HOUR)),
    st.timedeltas(min_value=-YEARS, max_value=YEARS),
)


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with a case."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(skews, min_size=1, max_size=5))
@example([YEARS, -YEARS, timedelta(0)])
@example([HOUR, timedelta(0), -HOUR, HOUR])
def test_no_clock_keeps_a_device_from_being_heard_or_moves_its_order(
    bench: Bench, device: Device, day: list[timedelta]
) -> None:
    for skew in day:
        device.skew = skew
        device.save([bench.visit(device.cases()[0])], bench.world.now)
    bench.sync(device)
    saved = [each.command_id for each in device.saved]
    taken = saved_at_the_office(bench, device)
    assert [(seq, command_id) for seq, command_id, _outcome, _made in taken] == list(
        enumerate(saved, start=1)
    )
    assert {outcome for _seq, _id, outcome, _made in taken} <= {"applied", "flagged"}
    assert the_log(bench, device) == saved
    assert device.store.waiting(1) == []


@pytest.mark.parametrize(
    "night", [datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)]
)
def test_the_nights_on_which_clocks_are_put_on_or_back_change_nothing(
    bench: Bench, device: Device, night: datetime
) -> None:
    device.skew = timedelta(0)
    for minutes in (0, 20, 40, 60, 80):
        bench.world.now = night + timedelta(minutes=minutes)
        device.save([bench.visit(device.cases()[0])], bench.world.now)
    bench.sync(device)
    assert the_log(bench, device) == [each.command_id for each in device.saved]
