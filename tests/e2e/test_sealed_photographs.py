"""A photograph reaches the office from a locked device, and from a lost one before it erases itself."""

from __future__ import annotations

from contextlib import ExitStack, closing

import pytest

from server.demo.pairing import signed_in
from shared.schemas import digest
from sync.attachments import SEALED_PART_BYTES
from tests.e2e.council import RunningCouncil
from tests.e2e.field_device import QUICK, FieldDevice
from tests.e2e.proxy import Proxy, Weather
from tests.field_client.running import until
from tests.server.visits.phones import noisy

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

DYING = """
import os, signal
from field_client import bringing
ask, asked = bringing._ask, []
def dying(*what):
    answer = ask(*what)
    asked.append(answer)
    if len(asked) == {after}:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer
bringing._ask = dying
"""
"""Ends the keeper once the office has answered so many requests of a photograph."""


@pytest.mark.proves("T17")
def test_a_locked_device_brings_its_photographs_going_on_where_it_was_cut(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        device.enrol(proxy)
        proxy.turn(Weather.REFUSE)
        device.visit(device.cases()[0], "Behind a locked door", noisy((1_400, 1_000)))
        (sealed,) = device.photographs()
        assert sealed.stat().st_size > 2 * SEALED_PART_BYTES
        assert b"JFIF" not in sealed.read_bytes()
        device.lock()
        device.stop()
        proxy.turn(Weather.FAIR)
        device.start(QUICK + DYING.format(after=2))
        assert device.running.process.wait(100) == -9
        assert council.ask("SELECT received_bytes FROM sealed_photograph") == [(SEALED_PART_BYTES,)]
        device.start(QUICK + DYING.format(after=100))
        assert until(lambda: not device.photographs())
        ((name, size),) = council.ask("SELECT photograph_id, size_bytes FROM photograph")
        ((kept, body),) = council.ask("SELECT digest, body FROM blob")
        assert (kept, digest(body), len(body)) == (name, name, size)  # type: ignore[arg-type]
        assert council.ask("SELECT count(*) FROM sealed_photograph_part") == [(0,)]
        brought = council.ask("SELECT count(*) FROM blob_upload")
        device.unlock()
        assert device.waits("nothing waiting")
        assert until(lambda: not list(device.home.glob("officers/*/sealed/*/*.brought")))
        assert device.photographs() == []
        assert council.ask("SELECT count(*) FROM blob_upload") == brought


@pytest.mark.proves("T17")
def test_a_lost_device_brings_its_photographs_before_it_erases_itself(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        device.enrol(proxy)
        proxy.turn(Weather.REFUSE)
        device.visit(device.cases()[0], "Before it was lost", noisy((900, 700)))
        device.lock()
        device.stop()
        ((device_id,),) = council.ask("SELECT device_id FROM device")
        office = signed_in(council.address, "supervisor")
        office.open(f"{council.address}/devices/{device_id}/revoke")
        office.press("/revoke", {"reason": "lost"})
        proxy.turn(Weather.FAIR)
        device.start()
        assert until(lambda: council.ask("SELECT 1 FROM wipe WHERE receipt IS NOT NULL") != [])
        assert not list(device.home.rglob("*.photograph"))
        assert council.ask("SELECT count(*) FROM blob") == [(0,)]
        ((whole_at, unreadable_at),) = council.ask(
            "SELECT whole_at, unreadable_at FROM sealed_photograph"
        )
        assert whole_at
        assert unreadable_at is None
        ((delivered,),) = council.ask("SELECT receipt->>'delivered' FROM wipe")
        assert int(str(delivered)) == 2, "the visit and its photograph"
