"""What is written is read back the same, and nothing that arrives can do more than be refused."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.commands import Lane, Outcome
from shared.schemas import DEPTH_MAX, canonical
from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    ENVELOPES_MAX,
    GENESIS,
    MANIFEST_MAX,
    PURGED_MAX,
    RECORDS_MAX,
    REPLY_BYTES_MAX,
    REQUEST_BYTES_MAX,
    CaseTotal,
    Page,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
    Request,
    Total,
    Whole,
)
from sync.scope import HASHES
from sync.wire import (
    NotAMessage,
    pack,
    read_envelope,
    read_json,
    read_reply,
    read_request,
    unpack,
    write_envelope,
    write_reply,
    write_request,
)

often = settings(max_examples=200, deadline=None, derandomize=True)

ids = st.uuids(version=4).map(str)
numbers = st.integers(0, 2**63 - 1)
texts = st.text(st.characters(codec="utf-8"), max_size=30)
moments = st.datetimes(timezones=st.timezones()).map(lambda moment: moment.isoformat())
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
lanes = st.sampled_from(Lane)
sums = st.integers(0, HASHES - 1)

ENVELOPE: dict[str, Any] = {
    "command_id": "11111111-1111-4111-8111-111111111111",
    "store_id": "22222222-2222-4222-8222-222222222222",
    "lane": "ordinary",
    "seq": 1,
    "prev": GENESIS,
    "name": "RecordVisit",
    "version": 1,
    "case_id": "33333333-3333-4333-8333-333333333333",
    "seen_commit": 0,
    "group": None,
    "happened_at": "2027-03-01T08:00:00+00:00",
    "clock": {"wall": "2027-03-01T08:00:00+00:00", "monotonic": 1.5, "boot": "b", "offset": None},
    "body": {"notes": "Nobody in"},
}

REQUEST: dict[str, Any] = {
    "protocol": 1,
    "store_id": "22222222-2222-4222-8222-222222222222",
    "epoch": None,
    "cursor": 0,
}

LINE: dict[str, Any] = {
    "case_id": "33333333-3333-4333-8333-333333333333",
    "view": "home_visit",
    "records": 1,
    "hash": 1,
}

REPLY: dict[str, Any] = {
    "protocol": 1,
    "epoch": "22222222-2222-4222-8222-222222222222",
    "server_time": "2027-03-01T08:00:00+00:00",
    "receipts": [],
    "positions": {},
    "page": {"records": [], "purges": [], "start": 0, "end": 0, "head": 0, "remaining": 0},
}

requests = st.builds(
    Request,
    store_id=ids,
    epoch=st.none() | ids,
    cursor=numbers,
    envelopes=st.lists(texts.filter(lambda text: len(text) > 1).map(str.encode), max_size=4).map(
        tuple
    ),
    purged=st.lists(ids, max_size=4).map(tuple),
    records_max=st.integers(1, RECORDS_MAX),
    manifest=st.none()
    | st.lists(
        st.builds(CaseTotal, case_id=ids, view=texts, records=numbers, hash=sums), max_size=3
    ).map(tuple),
    confirm=st.none() | hashes,
    protocol=st.integers(1, 1000),
    oldest=st.integers(1, 1000),
)

pages = st.builds(
    Page,
    records=st.lists(
        st.builds(
            Record,
            case_id=ids,
            view=texts,
            kind=texts,
            record_id=texts,
            commit=numbers,
            body=st.none() | texts,
        ),
        max_size=4,
    ).map(tuple),
    purges=st.lists(
        st.builds(Purge, case_id=ids, view=texts, commit=numbers, reason=texts), max_size=3
    ).map(tuple),
    repaired=st.lists(st.builds(Whole, case_id=ids, view=texts), max_size=3).map(tuple),
    start=numbers,
    end=numbers,
    head=numbers,
    remaining=numbers,
)

replies = st.builds(
    Reply,
    epoch=ids,
    server_time=st.just("2027-03-01T08:00:00+00:00"),
    receipts=st.lists(
        st.builds(
            Receipt,
            command_id=ids,
            outcome=st.sampled_from(Outcome),
            code=st.none() | texts,
            flags=st.lists(texts, max_size=3).map(tuple),
            commit=st.none() | numbers,
            received_at=texts,
            values=st.dictionaries(texts, texts | numbers | st.none(), max_size=3),
            more=st.dictionaries(texts.map("new_{}".format), texts | numbers, max_size=2),
        ),
        max_size=4,
    ).map(tuple),
    positions=st.dictionaries(lanes, st.builds(Position, seq=numbers, head=hashes)),
    noted=st.lists(ids, max_size=4).map(tuple),
    page=pages,
    scope=st.none() | st.builds(Total, records=numbers, hash=sums),
    durable=numbers,
    replaces=st.none() | ids,
    confirmed=st.none() | hashes,
    seal=texts,
    protocol=st.integers(1, 1000),
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(texts, inside, max_size=4),
    max_leaves=12,
)

# Round trips


@often
@given(requests)
def test_a_request_is_read_as_it_was_written(request: Request) -> None:
    assert read_request(write_request(request)) == request


@often
@given(replies, st.lists(st.binary(max_size=60), max_size=3))
def test_a_reply_is_read_as_it_was_written(reply: Reply, sent: list[bytes]) -> None:
    assert read_reply(write_reply(reply, sent), sent) == reply
    assert read_reply(write_reply(reply)) == reply


@often
@given(
    st.fixed_dictionaries(
        {
            "command_id": ids,
            "store_id": ids,
            "lane": lanes.map(lambda lane: lane.value),
            "seq": st.integers(1, 2**63 - 1),
            "prev": hashes,
            "case_id": ids,
            "seen_commit": numbers,
            "group": st.none() | ids,
            "body": st.dictionaries(texts, texts | numbers | st.none(), max_size=4),
        }
    )
)
def test_an_envelope_is_read_as_it_was_written(members: dict[str, Any]) -> None:
    written = write_envelope({**ENVELOPE, **members})
    envelope = read_envelope(written)

    assert envelope.written == written
    for name, value in members.items():
        assert getattr(envelope, name) == value


@often
@given(moments)
def test_every_clock_a_device_can_have_is_readable(moment: str) -> None:
    """A device whose clock is years off still gets its envelopes read, or does not save them."""
    clock = {"wall": moment, "monotonic": 0.0, "boot": "b"}
    try:
        envelope = read_envelope(write_envelope({**ENVELOPE, "clock": clock}))
    except NotAMessage:
        assert moment.startswith(("0001-01-01", "9999-12-31")), "only the edges of the calendar"
    else:
        assert envelope.clock.wall == moment


def test_what_a_newer_version_adds_is_left_alone() -> None:
    newer = {**ENVELOPE, "mood": "good"}
    assert read_envelope(write_envelope(newer)).name == "RecordVisit"
    assert read_request(pack({**REQUEST, "mood": "good"})).cursor == 0
    assert read_reply(pack({**REPLY, "mood": "good"})).page.end == 0


# Hostile bytes


@often
@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    for read in (read_envelope, read_request, read_reply, unpack, read_json):
        with suppress(NotAMessage):
            read(data)


@often
@given(anything)
def test_any_json_is_refused_or_read(value: object) -> None:
    plain = json.dumps(value).encode()
    packed = zstandard.compress(plain)
    for read, data in ((read_envelope, plain), (read_request, packed), (read_reply, packed)):
        with pytest.raises(NotAMessage):
            read(data)


@often
@given(st.sampled_from(sorted(ENVELOPE)), anything)
def test_any_member_of_an_envelope_is_refused_or_read(name: str, value: object) -> None:
    with suppress(NotAMessage):
        read_envelope(json.dumps({**ENVELOPE, name: value}).encode())


@often
@given(st.sampled_from([*REQUEST, "envelopes", "purged", "records_max"]), anything)
def test_any_member_of_a_request_is_refused_or_read(name: str, value: object) -> None:
    with suppress(NotAMessage):
        read_request(zstandard.compress(json.dumps({**REQUEST, name: value}).encode()))


@often
@given(st.sampled_from([*REPLY, "noted"]), anything)
def test_any_member_of_a_reply_is_refused_or_read(name: str, value: object) -> None:
    with suppress(NotAMessage):
        read_reply(zstandard.compress(json.dumps({**REPLY, name: value}).encode()))


@often
@given(requests, st.data())
def test_a_message_damaged_or_cut_on_the_way_is_refused(request: Request, data: Any) -> None:
    whole = write_request(request)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = data.draw(st.integers(1, 255))
    for damaged in (
        whole[:at],
        whole[:at] + bytes([whole[at] ^ changed]) + whole[at + 1 :],
    ):
        try:
            assert read_request(damaged) == request, "damage went unnoticed"
        except NotAMessage:
            continue


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "message.not_json"),
        (b"\xff\xfe\x00", "message.not_json"),
        (b'{"a":1,"a":2}', "message.not_json"),
        (b'{"a":{"b":1,"b":1}}', "message.not_json"),
        (b'{"a":NaN}', "message.not_json"),
        (b'{"a":-Infinity}', "message.not_json"),
        (b'{"a":1e999}', "message.not_json"),
        (b'{"a":"\\ud800"}', "message.not_json"),
        (b'{"\\udfff":1}', "message.not_json"),
        (b"9" * 5_000, "message.not_json"),
        (b"[" * 100_000, "message.not_json"),
        (b'{"a":' * 60_000, "message.not_json"),
        (b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1), "message.too_deep"),
        (b'{"a":' * 30 + b"1" + b"}" * 30, "message.too_deep"),
    ],
)
def test_json_that_no_message_needs_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(NotAMessage, match=code):
        read_json(data)
    with pytest.raises(NotAMessage):
        unpack(zstandard.compress(data))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"<html>Sign in to the hotel's network</html>", "message.not_compressed"),
        (b"", "message.not_json"),
        (b"{}", "message.not_compressed"),
        (zstandard.compress(b"[]"), "message.not_an_object"),
        (zstandard.compress(b"1"), "message.not_an_object"),
        (zstandard.compress(b"{}")[:-3], "message.not_json"),
    ],
)
def test_what_is_not_the_other_end_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(NotAMessage, match=code):
        unpack(data)


def bomb(size: int) -> bytes:
    """Compress as much of nothing as is asked for; a gigabyte takes a few dozen kilobytes."""
    compressor = zstandard.ZstdCompressor(level=1).compressobj()
    chunk = b" " * 1_048_576
    pieces = [compressor.compress(chunk) for _ in range(size // len(chunk))]
    return b"".join([*pieces, compressor.flush()])


def test_a_message_that_unfolds_without_end_is_refused_at_its_limit() -> None:
    unfolds = bomb(256 * 1_048_576)
    assert len(unfolds) < 64 * 1024
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        unpack(unfolds)
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        unpack(unfolds, REPLY_BYTES_MAX)


def test_a_message_that_asks_for_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    asks = compressor.compress(canonical(REQUEST)) + compressor.flush()
    with pytest.raises(NotAMessage, match=r"message\.not_compressed"):
        read_request(asks)


def test_limits_stand_where_they_are_said_to() -> None:
    body = {"notes": "a" * 65_000}
    room = ENVELOPE_BYTES_MAX - len(write_envelope({**ENVELOPE, "body": body}))
    full = write_envelope({**ENVELOPE, "body": {"notes": "a" * (65_000 + room)}})
    assert len(full) == ENVELOPE_BYTES_MAX
    assert read_envelope(full).written == full
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        read_envelope(write_envelope({**ENVELOPE, "body": {"notes": "a" * (65_001 + room)}}))

    for name, value in (
        ("envelopes", ["{}"] * (ENVELOPES_MAX + 1)),
        ("envelopes", ["a" * (ENVELOPE_BYTES_MAX + 1)]),
        ("purged", [REQUEST["store_id"]] * (PURGED_MAX + 1)),
        ("manifest", [LINE] * (MANIFEST_MAX + 1)),
        ("manifest", [{**LINE, "hash": HASHES}]),
        ("manifest", [{**LINE, "records": -1}]),
        ("confirm", "0" * 63),
        ("oldest", 0),
        ("protocol", 1001),
        ("records_max", RECORDS_MAX + 1),
        ("records_max", 0),
        ("cursor", -1),
        ("cursor", 2**63),
    ):
        with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
            read_request(pack({**REQUEST, name: value}))
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        read_request(pack({**REQUEST, "more": "a" * REQUEST_BYTES_MAX}))


@pytest.mark.parametrize(
    "wrong",
    [
        {"case_id": "33333333"},
        {"case_id": None},
        {"view": "v" * 41},
        {"kind": 7},
        {"record_id": "r" * 81},
        {"commit": -1},
        {"commit": True},
        {"commit": 2**63},
        {"commit": 1.0},
        {"body": {}},
        {"body": 1},
    ],
)
def test_a_record_is_an_object_whose_every_member_is_checked(wrong: dict[str, Any]) -> None:
    record = {**LINE, "kind": "case", "record_id": "r", "commit": 1, "body": None}
    page = {**REPLY["page"], "records": [record]}
    assert len(read_reply(pack({**REPLY, "page": page})).page.records) == 1
    for records in ([record, {**record, **wrong}], [record, 1], {"0": record}, None):
        with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
            read_reply(pack({**REPLY, "page": {**page, "records": records}}))


def test_a_reply_that_unfolds_without_end_is_refused_whatever_it_points_to() -> None:
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        read_reply(bomb(256 * 1_048_576), [write_envelope(ENVELOPE)])


def test_an_envelope_is_an_object_whose_every_member_is_checked() -> None:
    with pytest.raises(NotAMessage, match=r"message\.not_an_object"):
        read_envelope(b"[]")
    for name, value in (
        ("seq", 0),
        ("prev", "0" * 63),
        ("name", "Record Visit"),
        ("lane", "express"),
        ("group", "none"),
        ("body", []),
        ("clock", {**ENVELOPE["clock"], "boot": "b" * 65}),
        ("clock", {**ENVELOPE["clock"], "wall": "2027-03-01T08:00:00"}),
        ("happened_at", "yesterday"),
    ):
        with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
            read_envelope(write_envelope({**ENVELOPE, name: value}))
    for name in set(ENVELOPE) - {"group"}:
        with pytest.raises(NotAMessage, match=r"message\.wrong_shape"):
            read_envelope(write_envelope({k: v for k, v in ENVELOPE.items() if k != name}))
