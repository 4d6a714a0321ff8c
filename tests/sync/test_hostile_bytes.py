"""Nothing that arrives can do more than be refused, whatever its bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas import DEPTH_MAX, canonical
from sync.protocol import (
    REPLY_BYTES_MAX,
    Request,
)
from sync.wire import (
    NotAMessage,
    read_envelope,
    read_json,
    read_reply,
    read_request,
    unpack,
    write_envelope,
    write_request,
)
from tests.sync.messages import ENVELOPE, REPLY, REQUEST, anything, often, requests

pytestmark = pytest.mark.proves("T31", "T32")


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


@pytest.mark.proves("T61")
def test_a_message_that_unfolds_without_end_is_refused_at_its_limit() -> None:
    unfolds = bomb(256 * 1_048_576)
    assert len(unfolds) < 64 * 1024
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        unpack(unfolds)
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        unpack(unfolds, REPLY_BYTES_MAX)


@pytest.mark.proves("T61")
def test_a_message_that_asks_for_much_memory_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    asks = compressor.compress(canonical(REQUEST)) + compressor.flush()
    with pytest.raises(NotAMessage, match=r"message\.not_compressed"):
        read_request(asks)


@pytest.mark.proves("T61")
def test_a_reply_that_unfolds_without_end_is_refused_whatever_it_points_to() -> None:
    with pytest.raises(NotAMessage, match=r"message\.too_large"):
        read_reply(bomb(256 * 1_048_576), [write_envelope(ENVELOPE)])
