"""A lost device erases itself whatever ends it on the way, loses no unsent work, and signs for it."""

from __future__ import annotations

import base64
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from field_client.vault import keys
from field_client.wiping import STEPS
from server.demo.pairing import signed_in
from server.demo.visitor import Visitor
from shared.errors import RuleBroken
from sync.wipes import WipeReceipt
from tests.e2e.council import RunningCouncil
from tests.e2e.field_device import PASSPHRASE, QUICK, FieldDevice
from tests.e2e.proxy import Proxy, Weather
from tests.field_client.running import until

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(900), pytest.mark.long]

KILL = """
import os, signal
from field_client import wiping
rounds.ERASING_SECONDS = 0.3
note = wiping.Wiping._note
def killed(self, step, learnt):
    if step == {step!r} and {before!r}:
        os.kill(os.getpid(), signal.SIGKILL)
    note(self, step, learnt)
    if step == {step!r}:
        os.kill(os.getpid(), signal.SIGKILL)
wiping.Wiping._note = killed
"""
"""Ends the keeper once a step is done, before or after that is written down."""


@pytest.mark.proves("T17")
def test_a_lost_device_that_is_killed_at_every_step_ends_erased_with_one_receipt(
    council: RunningCouncil,
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        device = FieldDevice(council, council.home / "tablet")
        device.start()
        stack.callback(device.stop)
        device.enrol(proxy)
        proxy.turn(Weather.REFUSE)
        notes = ["Unsent one", "Unsent two"]
        for case_id, note in zip(device.cases(), notes, strict=False):
            device.visit(case_id, note)
        device.lock()
        device.stop()

        office = signed_in(council.address, "supervisor")
        page = revoke(office, council)
        assert "Not confirmed" in page
        assert "Erased" not in page
        assert "iped" not in page

        for step in STEPS:
            for before in (True, False):
                # Out of reach when it first tries to deliver, so that copies outlive their vault.
                proxy.turn(Weather.REFUSE if step == "deliver_rest" and before else Weather.FAIR)
                device.start(QUICK + KILL.format(step=step, before=before))
                if step == "deliver_rest" and before:
                    proxy.turn(Weather.FAIR)
                assert device.running.process.wait(100) == -9, (step, before)
                if step == "secret":
                    assert not device.running.kept.device_secret.exists()
                if step == "headers":
                    with pytest.raises(RuleBroken, match=r"vault\.missing"):
                        open_vault(device.running.kept.vaults)
        device.start()
        assert "This device has been erased" in erased_page(device)

        left = sorted(
            str(p.relative_to(device.running.kept.folder))
            for p in device.running.kept.folder.rglob("*")
            if p.is_file()
        )
        assert left == ["device/wipe.json"]
        check_receipt(council)
        kept = council.ask("SELECT code, convert_from(body, 'UTF8') FROM set_aside ORDER BY 2")
        assert [code for code, _body in kept] == ["device.revoked"] * 2
        assert all(any(note in str(body) for _code, body in kept) for note in notes)
        assert council.ask("SELECT count(*) FROM change WHERE name = 'DeviceWiped'") == [(1,)]
        assert "Erased: receipt of" in office.open(office.page.url).text

        visitor = device.visitor
        visitor.press("/erased")
        assert visitor.page.heading == "Enrol this device" or "/enrol" in visitor.page.url


def revoke(office: Visitor, council: RunningCouncil) -> str:
    """Revoke the one device of the demonstration as lost, and give what its page then says."""
    ((device_id,),) = council.ask("SELECT device_id FROM device")
    office.open(f"{council.address}/devices/{device_id}/revoke")
    return office.press("/revoke", {"reason": "lost"}).text


def open_vault(vaults: Path) -> None:
    """Try to open the vault with its passphrase and whatever secret."""
    (folder,) = vaults.iterdir()
    keys.open_vault(folder, keys.Factors(passphrase=PASSPHRASE, device_secret=bytes(32)))


def erased_page(device: FieldDevice) -> str:
    device.visitor = Visitor(device.wait_for("erased")["address"])
    device.visitor.open(device.visitor.base)
    said = "This device has been erased"
    assert until(lambda: said in device.visitor.open("/erased").text)
    return device.visitor.page.text


def check_receipt(council: RunningCouncil) -> None:
    """Hold the one receipt against the device's own key."""
    ((receipt, public_key, acknowledged_at),) = council.ask(
        "SELECT receipt, public_key, acknowledged_at FROM wipe JOIN device USING (device_id)"
    )
    assert isinstance(receipt, dict)
    assert isinstance(public_key, bytes)
    assert acknowledged_at is not None
    members = {name: receipt[name] for name in WipeReceipt.__dataclass_fields__}
    signature = base64.b64decode(receipt["signature"])
    said = WipeReceipt(**members)
    Ed25519PublicKey.from_public_bytes(public_key).verify(signature, said.statement)
    assert said.secret_gone
    assert said.files > 0
    assert said.size_bytes > 100_000
