"""A bit that flips in a command or in what the office says of it never becomes a receipt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.schemas import canonical
from sync.protocol import REPLY_BYTES_MAX, Reply, Request
from sync.session import request_of
from sync.wire import NotAMessage, pack, read_json, read_reply, unpack, write_reply
from tests.simulation.device import Device
from tests.sync.bench import Bench

pytestmark = pytest.mark.proves("T35")

few = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with a case."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


def flipped(data: bytes, bit: int) -> bytes:
    at, which = divmod(bit % (len(data) * 8), 8)
    return data[:at] + bytes([data[at] ^ 1 << which]) + data[at + 1 :]


def ask(bench: Bench, device: Device) -> Request:
    device.save([bench.visit(device.cases()[0])], bench.world.now)
    return request_of(device.store.copy())


def take(device: Device, reply: Reply) -> int:
    sealed = device.is_sealed(reply)
    return device.store.absorb(reply, device.seal, sealed=sealed).receipts


@few
@given(bit=st.integers(0, 100_000))
def test_a_command_that_arrives_otherwise_than_it_was_written_is_never_called_sent(
    bench: Bench, device: Device, bit: int
) -> None:
    """Its request's signature keeps this from happening on the way; this is what holds behind it."""
    device.store.put("store_id", bench.ids())  # each example has a vault of its own
    device.store._connection.execute("DELETE FROM outbox")
    request = ask(bench, device)
    (written,) = request.envelopes
    reply = bench.answer(device, replace(request, envelopes=(flipped(written, bit),)))
    take(device, reply)
    outcomes = {row[0] for row in device.store.rows("SELECT outcome FROM outbox")}
    assert outcomes <= {None, "quarantined", "review", "refused"}
    kept = device.store.rows("SELECT written FROM outbox")
    assert kept == [(written,)]


@few
@given(bit=st.integers(0, 1_000_000))
def test_a_reply_that_arrives_otherwise_than_it_was_said_gives_no_receipt_it_did_not_give(
    bench: Bench, device: Device, bit: int
) -> None:
    request = ask(bench, device)
    reply = bench.answer(device, request)
    told = unpack(write_reply(reply), REPLY_BYTES_MAX)
    plain = canonical({name: told[name] for name in ("receipts", "seal")})
    try:
        wrong = read_reply(pack({**told, **read_json(flipped(plain, bit))}))
    except NotAMessage:
        wrong = None
    if wrong is not None:
        same = (wrong.receipts, wrong.seal) == (reply.receipts, reply.seal)
        assert take(device, wrong) == (1 if same else 0)
    take(device, reply)
    assert device.store.waiting(1) == []
