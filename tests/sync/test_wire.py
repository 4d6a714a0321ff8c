"""What is written is read back the same, and each member of it is held to its shape and its limit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    ENVELOPES_MAX,
    MANIFEST_MAX,
    PURGED_MAX,
    RECORDS_ASKED_MAX,
    REQUEST_BYTES_MAX,
    Reply,
    Request,
)
from sync.scope import HASHES
from sync.wire import (
    NotAMessage,
    pack,
    read_envelope,
    read_reply,
    read_request,
    unpack,
    write_envelope,
    write_reply,
    write_request,
)
from tests.sync.messages import (
    ENVELOPE,
    LINE,
    REPLY,
    REQUEST,
    hashes,
    ids,
    lanes,
    moments,
    numbers,
    often,
    replies,
    requests,
    texts,
)


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
        ("records_max", RECORDS_ASKED_MAX + 1),
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


STORE = "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"


def test_what_a_reader_takes_for_granted_is_left_out_and_an_empty_manifest_is_not() -> None:
    quiet = Request(store_id=STORE, epoch=None, cursor=7)
    assert set(unpack(write_request(quiet))) == {"store_id", "cursor", "protocol"}
    emptied = replace(quiet, manifest=())
    assert read_request(write_request(emptied)) == emptied
    assert read_request(write_request(quiet)) == quiet
    said = Reply(epoch=STORE, server_time="2027-03-01T08:30:00+00:00")
    assert not {"noted", "seal", "durable", "confirmed"} & set(unpack(write_reply(said)))
    assert read_reply(write_reply(said)) == said
