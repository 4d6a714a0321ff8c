"""Old devices are heard, newer ones are met half-way, and what was once written is read for ever."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from shared.commands import Lane, Outcome
from shared.schemas import canonical, digest
from sync import hub
from sync.office_steps import Look, Standing, Told
from sync.protocol import (
    GENESIS,
    PROTOCOL_OLDEST,
    PROTOCOL_VERSION,
    Page,
    Receipt,
    Record,
    Reply,
    Report,
    Request,
)
from sync.session import request_of
from sync.steps import run
from sync.wire import (
    NotAMessage,
    chain_hash,
    pack,
    read_envelope,
    read_reply,
    read_request,
    unpack,
    write_envelope,
    write_reply,
    write_request,
)
from tests.simulation.device import Device
from tests.sync.bench import Bench

FIXTURES = Path(__file__).with_name("fixtures")

FROZEN = {
    "envelope_v1.json": "ede590e060b0c682473298f5bc2a8001b493d3fa1f42b8479ef776329f317bb0",
    "envelope_v1_anew.json": "aeb98eca854d659a7a04264119ba7f1925e339b9392a7873a103d96dc1519fd6",
    "request_v1.zst": "e02aac7934c591adfcb95256fa3957b3b81c94942009b20fdf423ca5ea5af719",
    "reply_v1.zst": "f9a5670321b3bcccf3fc60552c4558624ed30b089a892bd7e02ea6c1e94906e4",
    "request_v2.zst": "07bc3b7e7f22ae899250714b0f9ec0b20a9b829b4fa769964ad533e66e4c6c0a",
    "reply_v2.zst": "eb8640b1143a2bb820113bbaf4cc914a5582af428ee75f5fa391f1f9a3626cdd",
}
"""The messages as they were first written, and what they are by: they are never written again."""


def frozen(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


def test_the_frozen_messages_are_the_ones_that_were_frozen() -> None:
    assert {path.name: digest(path.read_bytes()) for path in FIXTURES.iterdir()} == FROZEN


def test_an_envelope_of_the_first_day_is_still_read_and_written_the_same() -> None:
    written = frozen("envelope_v1.json")
    envelope = read_envelope(written)
    assert (envelope.name, envelope.seq, envelope.lane) == ("RecordVisit", 1, Lane.ORDINARY)
    assert envelope.body["notes"] == "Siân’s blue door 🚪, curtains drawn"
    assert envelope.clock.offset == -3.25
    assert write_envelope(json.loads(written)) == written, "canonical then is canonical now"
    assert (
        chain_hash(GENESIS, written)
        == read_reply(frozen("reply_v1.zst")).positions[Lane.ORDINARY].head
    )


def test_an_envelope_that_was_numbered_anew_says_what_it_was_first_written_as() -> None:
    written = frozen("envelope_v1_anew.json")
    anew, first = read_envelope(written), read_envelope(frozen("envelope_v1.json"))
    assert anew.identity == first.identity == anew.first
    assert (anew.body, anew.command_id) == (first.body, first.command_id)
    assert (anew.seq, first.first) == (4, None)
    assert write_envelope(json.loads(written)) == written


@pytest.mark.parametrize("version", range(PROTOCOL_OLDEST, PROTOCOL_VERSION + 1))
def test_a_message_of_every_version_that_is_spoken_is_still_read(version: int) -> None:
    request = read_request(frozen(f"request_v{version}.zst"))
    reply = read_reply(frozen(f"reply_v{version}.zst"), request.envelopes)
    assert (request.protocol, reply.protocol) == (version, version)
    assert request.cursor == 41
    assert request.envelopes == (frozen("envelope_v1.json"),)
    assert (reply.page.start, reply.page.end) == (41, 42)
    assert reply.receipts[0].outcome is Outcome.FLAGGED
    assert [record.removed for record in reply.page.records] == [False, True]


def test_a_request_of_version_one_names_no_range_and_no_manifest() -> None:
    request = read_request(frozen("request_v1.zst"))
    assert (request.oldest, request.protocol) == (1, 1)
    assert request.manifest is None
    assert request.confirm is None


def test_a_reply_of_version_one_comes_to_nothing_that_could_be_compared() -> None:
    reply = read_reply(frozen("reply_v1.zst"))
    assert (reply.scope, reply.durable, reply.seal) == (None, 0, "")


def test_what_a_newer_end_adds_to_any_part_of_a_message_is_no_reason_to_refuse_it() -> None:
    asked = unpack(write_request(request()))
    asked["invented"] = [{"deep": 1}]
    asked["manifest"] = [
        {"case_id": bench_id(1), "view": "v", "records": 1, "hash": 1, "more": True}
    ]
    assert read_request(pack(asked)).manifest is not None
    told = unpack(write_reply(reply()))
    told["page"]["records"][0]["more"] = told["page"]["more"] = told["more"] = {"a": [1]}
    told["receipts"][0]["more"] = "kept"
    read = read_reply(pack(told))
    assert read.receipts[0].more == {"more": "kept"}
    assert read_reply(write_reply(read)) == read, "and is sent on as it came"


def test_what_a_device_says_of_itself_is_read_as_it_was_written() -> None:
    said = Report(
        app="1.0",
        waiting=2,
        waiting_since="2027-03-01T09:16:00+00:00",
        photographs=1,
        needs_you=1,
        offset=-3.5,
    )
    assert read_request(write_request(request(report=said))).report == said
    assert read_request(write_request(request())).report is None


@pytest.mark.parametrize(
    ("member", "wrong"),
    [("app", "x" * 41), ("waiting", -1), ("waiting_since", "yesterday"), ("offset", "fast")],
)
def test_a_word_of_itself_that_is_none_makes_no_request(member: str, wrong: object) -> None:
    asked = unpack(write_request(request(report=Report())))
    asked["report"][member] = wrong
    with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
        read_request(pack(asked))


def test_a_record_body_is_kept_to_the_byte_whatever_is_in_it(bench: Bench) -> None:
    body = ' {"a" :1, "unheard_of": {"b": [null]} } '
    device = bench.devices[0]
    case_id = bench.world.cases[0].case_id
    record = Record(case_id=case_id, view="v", kind="case", record_id="r", commit=1, body=body)
    told = reply(page=Page(records=(record,), start=0, end=1, head=1))
    device.store.absorb(read_reply(write_reply(told)))
    assert device.store.rows("SELECT body FROM record") == [(body,)]


def test_an_envelope_with_members_nobody_knows_is_kept_to_the_byte(
    bench: Bench, device: Device
) -> None:
    device.save([bench.visit(device.cases()[0])], bench.world.now)
    (written,) = device.store.waiting(1)
    newer = canonical({**json.loads(written), "invented": {"kept": True}})
    answered = bench.answer(
        device, Request(store_id=device.store_id, epoch=None, cursor=0, envelopes=(newer,))
    )
    assert answered.receipts[0].outcome is Outcome.APPLIED
    (kept,) = bench.watch.rows(
        "SELECT body FROM command JOIN detail USING (detail_id) WHERE store_id = :id",
        id=device.store_id,
    )
    assert bytes(kept.body) == newer


# Which versions meet


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has a case, and has read all of it."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


def bench_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def request(**members: object) -> Request:
    made = Request(store_id=bench_id(1), epoch=None, cursor=3)
    return replace(made, **members)  # type: ignore[arg-type]


def reply(page: Page | None = None) -> Reply:
    record = Record(case_id=bench_id(2), view="v", kind="k", record_id="r", commit=1, body="{}")
    return Reply(
        epoch=bench_id(3),
        server_time="2027-03-01T09:16:00+00:00",
        receipts=(Receipt(command_id=bench_id(4), outcome=Outcome.APPLIED),),
        page=page or Page(records=(record,), end=1, head=1),
    )


class Empty:
    """An office with nothing in it, which remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def hear(self, _store_id: str, _command_ids: object) -> Standing:
        self.asked.append("hear")
        return Standing(epoch=bench_id(3), positions={}, known={})

    def accept(self, envelopes: tuple[object, ...]) -> tuple[Receipt, ...]:
        self.asked.append("accept")
        return tuple(
            Receipt(command_id=getattr(e, "command_id"), outcome=Outcome.APPLIED)  # noqa: B009 - the type is not told
            for e in envelopes
        )

    def look(self, look: Look) -> Told:
        self.asked.append("look")
        return Told(epoch=bench_id(3), page=Page(start=look.cursor, end=9, head=9))

    def sign(self, _statement: bytes) -> str:
        return "signed"

    def server_time(self) -> str:
        return "2027-03-01T09:16:00+00:00"


@pytest.mark.parametrize(
    ("device_speaks", "office_speaks", "agreed"),
    [((1, 1), (1, 2), 1), ((1, 2), (1, 2), 2), ((2, 9), (1, 2), 2), ((1, 4), (3, 5), 4)],
)
def test_both_speak_the_newest_version_that_both_know(
    device_speaks: tuple[int, int], office_speaks: tuple[int, int], agreed: int
) -> None:
    asked = request(oldest=device_speaks[0], protocol=device_speaks[1])
    told = run(hub.answer(asked, oldest=office_speaks[0], newest=office_speaks[1]), Empty())
    assert told.protocol == agreed


def test_a_device_too_new_for_the_office_is_told_so_and_keeps_everything() -> None:
    office = Empty()
    with pytest.raises(hub.Refused, match=hub.TOO_NEW):
        run(hub.answer(request(oldest=3, protocol=4), newest=2), office)
    assert office.asked == []


def test_what_a_device_did_is_taken_however_old_it_is_and_only_then_it_is_refused() -> None:
    """It pushes until nothing waits, is told that there is more to read, and then why it cannot."""
    written = frozen("envelope_v1.json")
    asked = replace(
        request(protocol=1),
        store_id=read_envelope(written).store_id,
        envelopes=(written,),
    )
    office = Empty()
    told = run(hub.answer(asked, oldest=2, newest=4), office)
    assert office.asked == ["hear", "accept", "look"]
    assert [receipt.outcome for receipt in told.receipts] == [Outcome.APPLIED]
    assert told.seal == "signed"
    page = told.page
    assert (page.records, page.start, page.end, page.more) == ((), 3, 3, True)
    assert told.scope is None
    with pytest.raises(hub.Refused, match=hub.TOO_OLD):
        run(hub.answer(replace(asked, envelopes=()), oldest=2, newest=4), office)


def test_the_office_speaks_with_two_versions_before_its_own_at_least() -> None:
    assert max(1, PROTOCOL_VERSION - 2) >= PROTOCOL_OLDEST


# What a device has just sent


def test_what_a_device_sent_costs_next_to_nothing_on_its_way_back(
    bench: Bench, device: Device
) -> None:
    notes = "".join(chr(33 + bench.world.random.randrange(90)) for _ in range(1_500))
    device.save([bench.visit(device.cases()[0], notes=notes)], bench.world.now)
    asked = request_of(device.store.copy())
    told = bench.answer(device, asked)
    assert any(notes[:40] in json.loads(r.body or "{}").get("notes", "") for r in told.page.records)

    pointing = write_reply(told, asked.envelopes)
    assert len(pointing) < len(write_reply(told)) - 1_200
    assert read_reply(pointing, asked.envelopes) == told
    with pytest.raises(NotAMessage):
        read_reply(pointing, ())


def test_a_device_that_cannot_follow_pointers_is_sent_none(bench: Bench, device: Device) -> None:
    device.save([bench.visit(device.cases()[0], notes="x" * 500)], bench.world.now)
    asked = replace(request_of(device.store.copy()), protocol=1)
    told = bench.answer(device, asked)
    assert told.protocol == 1
    assert read_reply(write_reply(told, asked.envelopes)) == told


def test_a_reply_that_points_nowhere_is_read_whatever_was_sent() -> None:
    plain = write_reply(replace(reply(), protocol=1))
    assert asdict(read_reply(plain, (b"anything that was sent",))) == asdict(
        replace(reply(), protocol=1)
    )
