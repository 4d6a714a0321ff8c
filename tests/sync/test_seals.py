"""What the office says of a command it signs; what it did not sign is no receipt."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from field_client.vault import outbox, sealing
from field_client.vault.keys import is_signed_by
from field_client.vault.store import Store
from server.spine import office_seal
from shared.commands import Outcome
from sync.protocol import Receipt, Reply
from sync.seals import TAG, statement
from sync.session import request_of
from tests.simulation.device import Device
from tests.simulation.office import SEAL
from tests.sync.bench import Bench


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with a visit that is not sent yet."""
    found = bench.devices[0]
    case_id = bench.assign(found, 0)
    bench.sync(found)
    found.save([bench.visit(case_id)], bench.world.now)
    return found


def answered(bench: Bench, device: Device) -> Reply:
    return bench.answer(device, request_of(device.store.copy()))


def take(device: Device, reply: Reply) -> int:
    sealed = device.is_sealed(reply)
    return device.store.absorb(reply, device.seal, sealed=sealed).receipts


def kept(store: Store) -> list[tuple[bytes, str]]:
    return [(bytes(s), t) for s, t in store.rows("SELECT statement, signature FROM seal")]


def test_a_receipt_stays_with_what_the_office_signed(bench: Bench, device: Device) -> None:
    (written,) = device.store.waiting(1)
    assert take(device, answered(bench, device)) == 1

    ((told, signature),) = kept(device.store)
    assert is_signed_by(SEAL.public_text, told, signature), "it can be shown at any time"
    said = json.loads(told)
    assert said["tag"] == TAG
    assert said["store_id"] == device.store_id
    assert len(said["receipts"]) == 1
    item = outbox.find(device.store, json.loads(written)["command_id"], ())
    assert item is not None
    assert item.first.sealed
    assert item.first.receipt_number == json.loads(written)["command_id"][:8].upper()[:4] + "-" + (
        json.loads(written)["command_id"][4:8].upper()
    )


@pytest.mark.parametrize(
    "forge",
    [
        lambda reply: replace(reply, seal=""),
        lambda reply: replace(reply, seal="not base64 at all"),
        lambda reply: replace(reply, seal=base64.b64encode(bytes(64)).decode()),
        lambda reply: replace(reply, epoch="5b7a1c9e-2f4d-4c8b-9a6e-1d3f5b7a9c0e"),
        lambda reply: replace(
            reply, receipts=tuple(replace(r, outcome=Outcome.REFUSED) for r in reply.receipts)
        ),
        lambda reply: replace(reply, receipts=tuple(replace(r, commit=9) for r in reply.receipts)),
        lambda reply: replace(
            reply, receipts=tuple(replace(r, more={"x": 1}) for r in reply.receipts)
        ),
        lambda reply: replace(reply, receipts=reply.receipts * 2),
        lambda reply: replace(reply, confirmed="0" * 64),
    ],
)
def test_what_the_office_did_not_sign_is_no_receipt_and_is_noticed(
    bench: Bench, device: Device, forge: object
) -> None:
    assert callable(forge)
    genuine = answered(bench, device)
    forged = forge(genuine)
    assert not device.is_sealed(forged)
    assert device.store.absorb(forged, device.seal, sealed=False).receipts == 0
    assert device.store.waiting(1), "it is sent again"
    assert "receipt.wrong_seal" in {kind for kind, _times, _at in device.store.defects()}
    assert kept(device.store) == []

    assert take(device, genuine) == 1
    assert not device.store.waiting(1)


def test_a_seal_over_other_bytes_than_were_sent_does_not_fit(bench: Bench, device: Device) -> None:
    """Nobody can say afterwards that the officer wrote something else."""
    reply = answered(bench, device)
    with device.store.transaction() as connection:
        connection.execute("UPDATE outbox SET written = CAST(written || ' ' AS BLOB)")
    assert not device.is_sealed(reply)


def test_a_receipt_for_a_command_nobody_here_gave_does_not_fit(
    bench: Bench, device: Device
) -> None:
    reply = answered(bench, device)
    stranger = replace(reply.receipts[0], command_id=bench.ids())
    assert not device.is_sealed(replace(reply, receipts=(*reply.receipts, stranger)))


def test_an_answer_given_again_is_sealed_again(bench: Bench, device: Device) -> None:
    lost = answered(bench, device)
    again = answered(bench, device)
    assert again.receipts == lost.receipts
    assert take(device, again) == 1


def test_a_reply_without_receipts_needs_no_seal(bench: Bench, device: Device) -> None:
    reply = bench.answer(device, replace(request_of(device.store.copy()), envelopes=()))
    assert reply.seal == ""
    assert device.is_sealed(reply)


def test_a_device_that_was_given_no_key_takes_what_the_channel_brings(
    bench: Bench, device: Device
) -> None:
    reply = answered(bench, device)
    seal = sealing.seal_of(device.store, reply)
    assert sealing.is_genuine("", replace(reply, seal=""), seal)


@pytest.mark.parametrize("key", ["", "AAAA", "=" * 43, "é" * 43, SEAL.public_text[:-1]])
def test_a_key_that_is_none_signed_nothing(key: str) -> None:
    assert not is_signed_by(key, b"told", SEAL.sign(b"told"))


def test_what_a_newer_office_adds_to_a_receipt_is_kept_and_signed(
    bench: Bench, device: Device
) -> None:
    reply = answered(bench, device)
    (receipt,) = reply.receipts
    newer = replace(receipt, more={"reviewed_by": "Nobody you know yet"})
    told = statement(
        store_id=device.store_id,
        epoch=reply.epoch,
        receipts=[newer],
        sent=device.store.sent([receipt.command_id]),
        confirmed=None,
    )
    assert take(device, replace(reply, receipts=(newer,), seal=SEAL.sign(told))) == 1
    ((more,),) = device.store.rows("SELECT more FROM outbox")
    assert json.loads(more) == {"reviewed_by": "Nobody you know yet"}


def test_the_office_makes_its_key_once(tmp_path: Path) -> None:
    first = office_seal.load(tmp_path / "secrets")
    assert office_seal.load(tmp_path / "secrets").public == first.public
    (kept_in,) = (tmp_path / "secrets").iterdir()
    assert kept_in.stat().st_mode & 0o077 == 0
    assert is_signed_by(first.public_text, b"told", first.sign(b"told"))
    assert not is_signed_by(first.public_text, b"other", first.sign(b"told"))


def test_a_number_to_read_out_is_the_beginning_of_the_commands_id() -> None:
    receipt = Receipt(command_id="3f9a07c2-1b00-4000-8000-000000000000", outcome=Outcome.APPLIED)
    assert receipt.number == "3F9A-07C2"
