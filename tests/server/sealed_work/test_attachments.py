"""A sealed photograph opens as it was sealed or not at all: whatever is flipped, cut, moved or added."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Callable, Iterator

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from field_client.vault.box import seal_photograph
from server.sealed_work.photographs import unseal
from server.spine.office_box import NotOurs, OfficeBox
from sync.attachments import (
    ATTACHMENT_BYTES_MAX,
    LABEL_BYTES_MAX,
    SEALED_PART_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    Bringing,
    Header,
    Tampered,
    read_bringing,
    read_photograph,
    read_taken,
    seal_segments,
)
from sync.wire import NotAMessage

BOX = OfficeBox(bytes(range(32)))
OTHER_BOX = OfficeBox(bytes(range(1, 33)))
EACH = SEGMENT_BYTES + TAG_BYTES
HEADER_BYTES = 32


def picture(size: int, seed: int = 1) -> tuple[str, bytes]:
    """Make some bytes and the name they go by."""
    body = random.Random(seed).randbytes(size)
    return hashlib.sha256(body).hexdigest(), body


def sealed(size: int, seed: int = 1, box: OfficeBox = BOX) -> tuple[bytes, bytes]:
    """Seal some bytes: what lies on the device, and what was sealed."""
    name, body = picture(size, seed)
    return seal_photograph(box.public_text, name, body), body


def opened(written: bytes, box: OfficeBox = BOX) -> bytes | None:
    """Open what lies on a device, or say that it is refused: nothing of it is given out."""
    try:
        photograph = read_photograph(written)
        body = unseal(box, photograph)
    except (Tampered, NotOurs):
        return None
    assert len(body) == photograph.size_bytes
    return body


@pytest.mark.parametrize(
    "size", [1, SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1, 5 * SEGMENT_BYTES + 7]
)
def test_what_is_sealed_opens_as_it_was(size: int) -> None:
    written, body = sealed(size)
    assert opened(written) == body
    assert size < 64 or body[:64] not in written
    assert opened(written, OTHER_BOX) is None


def test_the_largest_photograph_fits_what_the_office_takes() -> None:
    written, _body = sealed(6_000_000)
    assert len(written) <= ATTACHMENT_BYTES_MAX


def test_no_two_files_have_a_key_or_a_nonce_in_common() -> None:
    written = {sealed(70_000)[0] for _time in range(20)}
    headers = {each.split(b"\n", 1)[1][:HEADER_BYTES] for each in written}
    assert len(written) == len(headers) == 20
    header = Header(salt=bytes(16), prefix=bytes(7))
    nonces = [header.nonce(n, last=last) for n in range(100) for last in (False, True)]
    assert len(set(nonces)) == 200
    assert {len(each) for each in nonces} == {12}


@pytest.mark.proves("T60")
def test_of_two_thousand_flipped_bits_none_is_accepted() -> None:
    written, body = sealed(3 * SEGMENT_BYTES + 1_000)
    chance = random.Random(60)
    label = written.index(b"\n") + 1
    # Every byte of the label and the header, and as many of the segments as make two thousand.
    early = range(label + HEADER_BYTES)
    places = [*early, *(chance.randrange(label, len(written)) for _ in range(2_000 - len(early)))]
    accepted = 0
    for place in places:
        flipped = bytearray(written)
        flipped[place] ^= 1 << chance.randrange(8)
        accepted += opened(bytes(flipped)) is not None
    assert (len(places), accepted) == (2_000, 0)
    assert opened(written) == body, "the one that was not touched opens"


def edits(written: bytes, other: bytes) -> Iterator[tuple[str, bytes]]:
    """Take a sealed file apart and put it together wrongly, in every way there is."""
    label, body = written.split(b"\n", 1)
    header, segments = body[:HEADER_BYTES], body[HEADER_BYTES:]
    parts = [segments[at : at + EACH] for at in range(0, len(segments), EACH)]
    others = other.split(b"\n", 1)
    its_header, its_segments = others[1][:HEADER_BYTES], others[1][HEADER_BYTES:]

    def put(*chosen: bytes, of: bytes = label, under: bytes = header) -> bytes:
        return of + b"\n" + under + b"".join(chosen)

    yield "the last segment cut off", put(*parts[:-1])
    yield "cut within a segment", put(*parts)[:-100]
    yield "nothing behind the header", put()
    yield "two segments changed about", put(parts[1], parts[0], *parts[2:])
    yield "one left out", put(parts[0], *parts[2:])
    yield "one said twice", put(parts[0], parts[0], *parts[1:])
    yield "the last said twice", put(*parts, parts[-1])
    yield "bytes behind it", put(*parts, b"x")
    yield "another file's segment", put(parts[0], its_segments[EACH : 2 * EACH], *parts[2:])
    yield "under another photograph's label", put(*parts, of=others[0])
    yield "another file's header", put(*parts, under=its_header)
    smaller = header[:5] + struct.pack(">I", SEGMENT_BYTES // 2) + header[9:]
    yield "another size of segments", put(*parts, under=smaller)
    yield "another algorithm", put(*parts, under=header[:4] + b"\2" + header[5:])
    yield "another format", put(*parts, under=b"FVA2" + header[4:])


@pytest.mark.proves("T60")
def test_of_every_way_to_cut_move_and_add_none_is_accepted() -> None:
    written, body = sealed(4 * SEGMENT_BYTES + 9, seed=1)
    other, _other_body = sealed(4 * SEGMENT_BYTES + 9, seed=2)
    tried = dict(edits(written, other))
    assert len(tried) >= 12
    assert [what for what, edited in tried.items() if opened(edited) is not None] == []
    elsewhere, _body = sealed(4 * SEGMENT_BYTES + 9, seed=1, box=OTHER_BOX)
    assert opened(elsewhere) is None, "sealed to another office's key"
    assert opened(written) == body


@pytest.mark.parametrize(
    "alter",
    [
        lambda _label: b"{}",
        lambda label: label + b" ",
        lambda label: label.replace(b'"secret":"', b'"secret":"*'),
        lambda _label: b"[" * 2_000,
        lambda label: label.replace(b"}", b',"more":1}'),
        lambda _label: bytes(LABEL_BYTES_MAX + 1),
    ],
)
def test_a_label_that_was_written_otherwise_is_none(alter: Callable[[bytes], bytes]) -> None:
    label, body = sealed(100)[0].split(b"\n", 1)
    with pytest.raises(Tampered):
        read_photograph(alter(label) + b"\n" + body)
    with pytest.raises(Tampered):
        read_photograph(label)


def test_a_file_with_a_label_and_hardly_a_header_is_refused() -> None:
    label = sealed(100)[0].split(b"\n", 1)[0]
    assert opened(label + b"\nFVA1") is None


def test_nothing_at_all_is_one_segment_that_says_it_is_the_last() -> None:
    cipher = AESGCM(bytes(32))
    written = seal_segments(Header(salt=bytes(16), prefix=bytes(7)), b"", cipher)
    assert len(written) == HEADER_BYTES + TAG_BYTES


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}\n",
        b"no label",
        Bringing(
            photograph_id="a" * 64, digest="b" * 64, size_bytes=3, start=2, part=b"too many"
        ).written(),
        Bringing(
            photograph_id="a" * 64,
            digest="b" * 64,
            size_bytes=SEALED_PART_BYTES * 2,
            start=0,
            part=bytes(SEALED_PART_BYTES + 1),
        ).written(),
    ],
)
def test_a_request_that_is_none_is_not_read(body: bytes) -> None:
    with pytest.raises(NotAMessage):
        read_bringing(body)


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"state":"done","held":1}'])
def test_an_answer_that_is_none_is_not_read(body: bytes) -> None:
    with pytest.raises(NotAMessage):
        read_taken(body)
