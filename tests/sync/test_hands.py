"""What an officer's key has not signed is kept whole for a person, and never counts as their work."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from random import Random

import pytest

from field_client.vault.execute import Saving
from server.sync_api import hands
from shared.commands import Lane
from shared.contacts import RecordPhoneNumber
from shared.schemas import canonical
from sync import hub
from sync.officer_keys import UNSIGNED, WRONG_SIGNATURE
from sync.protocol import Envelope, Reply, Request
from sync.wire import chain_hash, read_envelope
from tests.simulation import hands as simulated
from tests.simulation.device import Device
from tests.sync.bench import Bench

EDITS = 1_000


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with a case, whose office knows its officer's key."""
    found = bench.devices[0]
    bench.tell_key(found)
    bench.assign(found, 0)
    bench.sync(found)
    return found


def send(
    bench: Bench, device: Device, envelopes: Sequence[bytes], signatures: Sequence[str] = ()
) -> Reply:
    request = Request(
        store_id=device.store_id,
        epoch=None,
        cursor=device.store.cursor(),
        envelopes=tuple(envelopes),
        signatures=tuple(signatures),
    )
    return bench.answer(device, request)


def ended(reply: Reply) -> list[tuple[str, str | None]]:
    return [(receipt.outcome.value, receipt.code) for receipt in reply.receipts]


def rewritten(written: bytes, **members: object) -> bytes:
    return canonical({**json.loads(written), **members})


def visits(bench: Bench) -> int:
    return len(bench.watch.visits())


def test_what_its_officer_signed_is_applied_and_the_signature_is_kept_with_it(
    bench: Bench, device: Device
) -> None:
    bench.save(device, 2)
    copy = device.store.copy()
    assert len(copy.signatures) == 2

    bench.sync(device)

    rows = bench.watch.rows(
        "SELECT outcome, signature FROM command WHERE store_id = :id ORDER BY seq",
        id=device.store_id,
    )
    assert [(row.outcome, row.signature) for row in rows] == [
        ("applied", signature) for signature in copy.signatures
    ]
    assert visits(bench) == 2


@pytest.mark.proves("T36")
def test_what_only_the_device_has_signed_is_set_aside_whole_and_answered_once(
    bench: Bench, device: Device
) -> None:
    """Somebody with the device's key but not the passphrase can bring it, and it waits for a person."""
    bench.save(device)
    (written,) = device.store.copy().waiting

    first = send(bench, device, [written])

    assert ended(first) == [("quarantined", UNSIGNED)]
    assert visits(bench) == 0
    (kept,) = bench.watch.rows(
        "SELECT body, signature FROM command JOIN detail USING (detail_id) WHERE store_id = :id",
        id=device.store_id,
    )
    assert bytes(kept.body) == written
    assert kept.signature is None
    again = send(bench, device, [written], device.store.copy().signatures)
    assert again.receipts == first.receipts, "that answer stands, whatever comes later"
    assert visits(bench) == 0


@pytest.mark.parametrize(
    "signature",
    ["AAAA", "not base64", "", base64.b64encode(bytes(64)).decode(), "é", "A" * 200],
)
def test_a_signature_that_is_none_sets_the_command_aside_and_what_follows_is_taken(
    bench: Bench, device: Device, signature: str
) -> None:
    bench.save(device, 2)
    copy = device.store.copy()

    reply = send(bench, device, copy.waiting, [signature, copy.signatures[1]])

    code = WRONG_SIGNATURE if signature else UNSIGNED
    assert ended(reply) == [("quarantined", code), ("applied", None)]
    assert visits(bench) == 1


def test_a_signature_of_another_device_vault_or_officer_is_not_its_officers(
    bench: Bench, device: Device
) -> None:
    bench.save(device)
    copy = device.store.copy()
    own = device.store.own_key()
    assert own is not None
    (envelope,) = hub.next_in_line([read_envelope(copy.waiting[0])], {})
    for holder in (
        replace(own.holder, device_id=bench.ids()),
        replace(own.holder, officer_id=bench.ids()),
        replace(own.holder, office=""),
    ):
        hand = hands.Hand(holder=holder, public_key=simulated.public_of(device.device_id))
        signed = replace(envelope, signature=copy.signatures[0])
        assert hands.not_by(hand, [signed]) == {envelope.command_id: WRONG_SIGNATURE}
    hand = hands.Hand(holder=own.holder, public_key=simulated.public_of(device.device_id))
    signed = replace(envelope, signature=copy.signatures[0])
    assert hands.not_by(hand, [signed]) == {}
    assert hands.not_by(hand, [replace(signed, store_id=bench.ids())])
    assert hands.not_by(hand, [replace(signed, lane=Lane.URGENT)])


def test_a_group_with_something_unsigned_in_it_is_set_aside_together(
    bench: Bench, device: Device
) -> None:
    case_id = device.cases()[0]
    number = RecordPhoneNumber(
        contact_id=bench.ids(),
        case_id=case_id,
        person_id=bench.world.case(case_id).person_id or "",
        number="07700900123",
    )
    savings = [bench.visit(case_id), Saving(command_id=bench.ids(), command=number)]
    device.save(savings, bench.world.now, group=bench.ids())
    bench.save(device)
    copy = device.store.copy()

    reply = send(bench, device, copy.waiting, ["", *copy.signatures[1:]])

    assert ended(reply) == [("quarantined", UNSIGNED)] * 2 + [("applied", None)]
    assert visits(bench) == 1


def test_a_device_that_has_told_no_key_is_heard_as_before(bench: Bench) -> None:
    device = bench.devices[1]
    bench.assign(device, 0)
    bench.sync(device)
    bench.save(device, 2)
    written = device.store.copy().waiting

    assert ended(send(bench, device, written)) == [("applied", None)] * 2


def test_work_numbered_anew_after_a_copy_is_signed_anew(bench: Bench, device: Device) -> None:
    bench.save(device, 2)
    before = device.store.copy().signatures
    device.store.renumber(bench.ids())
    after = device.store.copy().signatures
    assert len({*before, *after}) == 4, "the number, the vault and the bytes are others"

    bench.sync(device)

    assert visits(bench) == 2


# T35: whatever is done to what was signed


class Line:
    """A lane as it left the device: its envelopes in order, each with its signature."""

    def __init__(self, device: Device) -> None:
        own = device.store.own_key()
        assert own is not None
        self.hand = hands.Hand(holder=own.holder, public_key=simulated.public_of(device.device_id))
        copy = device.store.copy()
        self.sent = list(zip(copy.waiting, copy.signatures, strict=True))


_read = cache(read_envelope)


def taken(line: Line, sent: Sequence[tuple[bytes, str]]) -> list[Envelope]:
    """Give what of this would be decided: what follows on, and is signed where it stands."""
    read = [replace(_read(written), signature=signature) for written, signature in sent]
    following = hub.next_in_line(read, {})
    wrong = hands.not_by(line.hand, following)
    return [envelope for envelope in following if envelope.command_id not in wrong]


def _cut(random: Random, sent: list[tuple[bytes, str]]) -> None:
    sent.pop(random.randrange(len(sent)))


def _doubled(random: Random, sent: list[tuple[bytes, str]]) -> None:
    sent.insert(random.randrange(len(sent) + 1), random.choice(sent))


def _moved(random: Random, sent: list[tuple[bytes, str]]) -> None:
    sent.insert(random.randrange(len(sent)), sent.pop(random.randrange(len(sent))))


def _added(random: Random, sent: list[tuple[bytes, str]]) -> None:
    """Put a command of somebody else's behind a prefix, chained as it should be, under any signature."""
    at = random.randrange(1, len(sent))
    before = read_envelope(sent[at - 1][0])
    forged = rewritten(
        sent[at][0],
        command_id=f"{random.getrandbits(32):08x}-0000-4000-8000-000000000000",
        prev=chain_hash(before.prev, before.written),
        body={**json.loads(sent[at][0])["body"], "notes": "Forged"},
    )
    sent[at:] = [(forged, random.choice([signature for _written, signature in sent]))]


def _byte(random: Random, sent: list[tuple[bytes, str]]) -> None:
    at = random.randrange(len(sent))
    written, signature = sent[at]
    notes = f"Altered {random.random()}"
    body = {**json.loads(written)["body"], "notes": notes}
    sent[at] = (rewritten(written, body=body), signature)


def _signature_byte(random: Random, sent: list[tuple[bytes, str]]) -> None:
    at = random.randrange(len(sent))
    written, signature = sent[at]
    raw = bytearray(base64.b64decode(signature) or b"none")
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    sent[at] = (written, base64.b64encode(raw).decode())


def _signatures_swapped(random: Random, sent: list[tuple[bytes, str]]) -> None:
    one, other = random.sample(range(len(sent)), 2)
    (first, theirs), (second, its) = sent[one], sent[other]
    sent[one], sent[other] = (first, its), (second, theirs)


def _signature_left_out(random: Random, sent: list[tuple[bytes, str]]) -> None:
    at = random.randrange(len(sent))
    sent[at] = (sent[at][0], "")


EDITORS: tuple[Callable[[Random, list[tuple[bytes, str]]], None], ...] = (
    _cut,
    _doubled,
    _moved,
    _added,
    _byte,
    _signature_byte,
    _signatures_swapped,
    _signature_left_out,
)


@pytest.mark.proves("T35")
@pytest.mark.timeout(600)
def test_a_thousand_edits_of_what_was_signed_let_nothing_in_that_was_not_said(
    bench: Bench, device: Device, record_property: Callable[[str, object], None]
) -> None:
    """What is decided after any edit was said by the officer, and stands where they said it."""
    bench.save(device, 4)
    line = Line(device)
    said = {(read_envelope(written).seq, written) for written, _signature in line.sent}
    random = Random(35)
    silent = 0
    for number in range(EDITS):
        sent = list(line.sent)
        for editor in random.choices(EDITORS, k=1 + number % 3):
            if len(sent) > 1:
                editor(random, sent)
        for envelope in taken(line, sent):
            silent += (envelope.seq, envelope.written) not in said
    record_property("figure", f"{EDITS} edits of commands and signatures, {silent} taken silently")
    assert silent == 0
    assert len(taken(line, line.sent)) == len(line.sent), "untouched, all of it is taken"
