"""Work done without a network reaches the office from a locked device, once, and never twice."""

from __future__ import annotations

from contextlib import ExitStack, closing

import psutil
import pytest

from tests.e2e.council import RunningCouncil
from tests.e2e.field_device import QUICK, FieldDevice
from tests.e2e.proxy import Proxy, Weather
from tests.field_client.running import until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]

KILL = "import os, signal\ndead = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"

KILLED_AT = {
    "before the office has them": "from field_client import deliveries\ndeliveries._ask = dead\n",
    "before a copy is deleted": (
        "from field_client import deliveries\ndeliveries.read_answers = dead\n"
    ),
    "once the first copy is deleted": (
        "from field_client import deliveries\ndeliveries.sync_folder = dead\n"
    ),
}
"""What ends the keeper at a step of a delivery, as a loss of power would."""


@pytest.mark.proves("T17")
def test_a_locked_device_delivers_what_was_done_offline_and_nothing_is_doubled(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        device.enrol(proxy)
        first, second = device.cases()[:2]

        proxy.turn(Weather.REFUSE)
        device.visit(first, "Sealed one")
        device.visit(first, "Sealed two")
        device.visit(second, "Sealed three")
        copies = device.copies()
        assert len(copies) == 3
        for copy in copies:
            assert b"Sealed" not in copy.read_bytes()
            assert first.encode() not in copy.read_bytes()
        device.lock()
        assert until(lambda: not device.running.printed_no_more())

        for step, killed in KILLED_AT.items():
            device.running.stop()
            proxy.turn(Weather.FAIR)
            device.start(QUICK + KILL + killed)
            assert device.running.process.wait(60) == -9, step
            proxy.turn(Weather.REFUSE)
        assert len(device.copies()) == 2, "one had gone at the last step"

        proxy.turn(Weather.FAIR)
        device.start()
        assert until(lambda: not device.copies())
        notes = ["Sealed one", "Sealed two", "Sealed three"]
        assert [device.recorded(each) for each in notes] == [1, 1, 1]

        device.unlock()
        assert device.waits("nothing waiting")
        assert [device.recorded(each) for each in notes] == [1, 1, 1]
        assert council.ask("SELECT count(*) FROM set_aside") == [(0,)]
        assert council.ask("SELECT count(*) FROM sealed_copy") == [(0,)]
        assert council.ask("SELECT count(*) FROM sync_defect") == [(0,)]
        unsigned = "SELECT count(*) FROM command WHERE store_id IS NOT NULL AND signature IS NULL"
        assert council.ask(unsigned) == [(0,)], "the locked device brought its officer's signatures"
        assert council.ask("SELECT count(*) FROM officer_key") == [(1,)], "the office knows the key"


def test_a_vault_that_dies_before_it_has_sealed_seals_when_it_is_opened_again(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        device.enrol(proxy)
        proxy.turn(Weather.REFUSE)
        device.visit(device.cases()[0], "Sealed late")
        (copy,) = device.copies()
        copy.unlink()
        (vault,) = [p for p in device.running.processes() if "field_client.vault" in p.cmdline()]
        psutil.Process(vault.pid).kill()
        device.unlock()
        assert len(device.copies()) == 1
        proxy.turn(Weather.FAIR)
        device.visitor.open("/sync")
        device.visitor.press("/sync")
        assert device.waits("nothing waiting")
        assert device.recorded("Sealed late") == 1
        assert device.copies() == [], "an answered command needs no copy"
