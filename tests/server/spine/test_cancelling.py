"""A task that is to end does end, though asyncio may forget a cancellation."""

from __future__ import annotations

import asyncio

import pytest

from server.spine.worker import cancel_until_ended


async def _deaf(times: int) -> None:
    """Forget so many cancellations, as `asyncio.wait_for` does one that comes at the wrong moment."""
    while True:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            times -= 1
            if times < 0:
                raise


@pytest.mark.parametrize("times", [0, 1, 3])
def test_a_task_that_forgets_a_cancellation_is_cancelled_again(times: int) -> None:
    async def begin_and_end() -> bool:
        task = asyncio.create_task(_deaf(times))
        await asyncio.sleep(0)
        await cancel_until_ended(task, again_seconds=0.01)
        return task.cancelled()

    assert asyncio.run(begin_and_end())


def test_a_task_that_had_failed_is_spoken_of_and_stops_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail() -> None:
        raise ZeroDivisionError

    async def begin_and_end() -> None:
        task = asyncio.create_task(fail())
        await asyncio.wait({task})
        await cancel_until_ended(task, again_seconds=0.01)

    asyncio.run(begin_and_end())
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ZeroDivisionError
    ]
