"""What one end cannot read of the other is kept and answered, and nothing behind it is held up."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from field_client.vault import outbox
from field_client.vault.outbox import State
from shared.commands import Lane, Outcome
from shared.schemas import canonical, digest
from sync.protocol import Place, Receipt, Reply, Request
from sync.seals import members_of, statement
from sync.session import request_of
from sync.wire import (
    NotAMessage,
    chain_hash,
    pack,
    read_reply,
    read_request,
    unpack,
    write_reply,
    write_request,
)
from tests.simulation.device import Device
from tests.simulation.office import SEAL
from tests.sync.bench import Bench


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has a case, and has read all of it."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


def strange(device: Device, number: int, written: bytes) -> None:
    """Put other bytes in the place of a saved command, and chain those behind it to them."""
    rows = device.store.rows("SELECT command_id, written, hash FROM outbox ORDER BY seq")
    head = json.loads(rows[number][1])["prev"]
    with device.store.transaction() as connection:
        for at, (command_id, was, _hash) in enumerate(rows[number:]):
            now = written if at == 0 else canonical({**json.loads(was), "prev": head})
            head = chain_hash(head, now)
            connection.execute(
                "UPDATE outbox SET written = ?, hash = ? WHERE command_id = ?",
                (now, head, command_id),
            )


def outcomes(device: Device) -> list[tuple[str | None, str | None]]:
    return device.store.rows("SELECT outcome, code FROM outbox ORDER BY rowid")  # type: ignore[return-value]  # rows of two


STRANGE = {
    "no object": b"[1]",
    "an empty one": b"{}",
    "a name twice": b'{"a":1,"a":2}',
    "too deep": b"[" * 5_000,
}


@pytest.mark.parametrize("written", STRANGE.values(), ids=STRANGE.keys())
def test_what_the_office_cannot_read_is_answered_and_its_lane_goes_on(
    bench: Bench, device: Device, written: bytes
) -> None:
    bench.save(device, 3)
    strange(device, 1, written)

    bench.sync(device, watched=False)

    assert outcomes(device) == [
        ("applied", None),
        ("quarantined", "envelope.unreadable"),
        ("applied", None),
    ]
    (kept,) = bench.watch.rows(
        "SELECT body FROM command JOIN detail USING (detail_id) "
        "WHERE outcome = 'quarantined' AND store_id = :id",
        id=device.store_id,
    )
    assert bytes(kept.body) == written, "for a supervisor"
    bench.save(device)
    bench.sync(device, watched=False)
    assert outcomes(device)[-1] == ("applied", None)


def test_the_last_of_a_lane_may_be_the_one_that_cannot_be_read(
    bench: Bench, device: Device
) -> None:
    bench.save(device, 2)
    strange(device, 1, b"{}")
    bench.sync(device, watched=False)
    assert outcomes(device)[1] == ("quarantined", "envelope.unreadable")
    assert not device.store.waiting(1), "it is not sent for ever"

    bench.save(device)
    bench.sync(device, watched=False)
    assert outcomes(device)[2] == ("applied", None)


def test_an_envelope_that_names_another_vault_is_one_of_them(bench: Bench, device: Device) -> None:
    bench.save(device, 2)
    (written, _after) = device.store.waiting(2)
    strange(device, 0, canonical({**json.loads(written), "store_id": bench.ids()}))
    bench.sync(device, watched=False)
    assert outcomes(device) == [("quarantined", "envelope.unreadable"), ("applied", None)]


def test_a_lane_this_office_does_not_know_is_answered_all_the_same(
    bench: Bench, device: Device
) -> None:
    """A newer device has a third lane: its work is kept, and asked for again gets the same answer."""
    bench.save(device)
    asked = request_of(device.store.copy())
    written = canonical({**json.loads(asked.envelopes[0]), "lane": "at_once"})
    place = replace(asked.places[0], lane="at_once")
    asked = replace(asked, envelopes=(written,), places=(place,))

    for _ in range(2):
        reply = bench.answer(device, asked)
        assert [(r.command_id, r.code) for r in reply.receipts] == [
            (place.command_id, "envelope.unreadable")
        ]
        assert reply.seal
    (kept,) = bench.watch.rows("SELECT body FROM set_aside WHERE digest = :d", d=digest(written))
    assert bytes(kept.body) == written


def test_what_cannot_be_read_and_has_no_place_is_kept_without_an_answer(
    bench: Bench, device: Device
) -> None:
    reply = bench.answer(
        device,
        Request(store_id=device.store_id, epoch=None, cursor=0, envelopes=(b'{"no":"place"}',)),
    )
    assert reply.receipts == ()


def test_an_officer_reads_that_the_office_holds_it(bench: Bench, device: Device) -> None:
    bench.save(device)
    item = outbox.some(device.store, (), first=0)[0]
    written = canonical({**json.loads(device.store.waiting(1)[0]), "version": 10**6})
    strange(device, 0, written)
    bench.sync(device, watched=False)
    found = outbox.find(device.store, item.item_id, ())
    assert found is not None
    assert found.state is State.HELD


@pytest.mark.parametrize(
    "place",
    [
        "no object",
        {"command_id": "x", "lane": "ordinary", "seq": 1},
        {"command_id": "00000000-0000-4000-8000-000000000001", "lane": "ordinary", "seq": 0},
        {"command_id": "00000000-0000-4000-8000-000000000001", "lane": "ordinary", "seq": True},
        {"command_id": "00000000-0000-4000-8000-000000000001", "lane": 7, "seq": 1},
    ],
)
def test_a_place_that_is_none_is_refused(place: object) -> None:
    asked = unpack(write_request(request()))
    asked["places"] = [place]
    with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
        read_request(pack(asked))


def test_places_arrive_as_they_were_written() -> None:
    asked = replace(request(), places=(Place(command_id=id_of(2), lane="ordinary", seq=9),))
    assert read_request(write_request(asked)) == asked


# What a newer office says


def id_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def request() -> Request:
    return Request(store_id=id_of(1), epoch=None, cursor=3)


def newer(reply: Reply) -> Reply:
    """Have a newer office say of every command what this version has no word for."""
    told = unpack(write_reply(reply))
    for receipt in told["receipts"]:
        receipt["outcome"] = "postponed"
    told["positions"]["at_once"] = {"seq": 3, "head": "0" * 64}
    return read_reply(pack(told))


def test_an_ending_this_version_does_not_know_is_read_as_held(bench: Bench, device: Device) -> None:
    bench.save(device)
    asked = request_of(device.store.copy())
    reply = newer(bench.answer(device, asked))
    (receipt,) = reply.receipts
    assert receipt.outcome is Outcome.QUARANTINED
    assert members_of(receipt)["outcome"] == "postponed", "in the office's own word"
    assert set(reply.positions) == {Lane.ORDINARY}
    sealed = replace(reply, seal=SEAL.sign(_signed(device, reply)))

    assert device.is_sealed(sealed), "the seal covers the word that was said"
    device.absorb(sealed, device.read_clock(), sealed=True)

    assert outcomes(device) == [("quarantined", None)]
    ((more,),) = device.store.rows("SELECT more FROM outbox")
    assert json.loads(more) == {"outcome": "postponed"}
    (item,) = outbox.some(device.store, (), first=0)
    assert item.state is State.HELD
    assert device.store.cursor() == reply.page.end, "and the rest of the reply counts"


def _signed(device: Device, reply: Reply) -> bytes:
    return statement(
        store_id=device.store_id,
        epoch=reply.epoch,
        receipts=reply.receipts,
        sent=device.store.sent([receipt.command_id for receipt in reply.receipts]),
        confirmed=None,
    )


def test_a_receipt_of_a_newer_office_is_sent_on_as_it_came() -> None:
    told = Reply(
        epoch=id_of(3),
        server_time="2027-03-01T09:16:00+00:00",
        receipts=(Receipt(command_id=id_of(4), outcome=Outcome.APPLIED),),
    )
    assert read_reply(write_reply(newer(told))) == newer(told)
