"""A device's half of an upload: whatever a line does to it, the office has the very photograph or none."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas import digest
from sync.blob_session import STARTS_MAX, Answered, Asking, Ending, Sending
from sync.blobs import (
    BLOB_PATH,
    CHECKSUM,
    CHECKSUMS,
    DAMAGED,
    FOR_GOOD,
    OFFSET,
    PART_BYTES,
    PARTS,
    REFUSED_HEADER,
    SIZE,
    STATUSES,
    UNKNOWN,
    Unreadable,
    address_of,
    check_checksum,
    is_address,
    read_metadata,
    read_number,
    write_checksum,
    write_metadata,
)

SIZE_BYTES = 3 * PART_BYTES + 1_000
BODY = bytes(range(251)) * (SIZE_BYTES // 251 + 1)
BODY = BODY[:SIZE_BYTES]
EDITED = bytes(reversed(BODY))
NAME = digest(BODY)

FATES = (
    "arrives",
    "is lost",
    "is not answered",
    "comes twice",
    "is damaged",
    "is forgotten",
    "is 500",
)


@dataclass
class Office:
    """The office's half in memory, by the protocol and nothing else."""

    coming: dict[str, bytes] = field(default_factory=dict)
    published: list[bytes] = field(default_factory=list)

    def answer(self, asking: Asking) -> Answered:
        if asking.method == "POST":
            assert read_metadata(asking.headers["Upload-Metadata"]) == NAME
            address = address_of(str(uuid.uuid4()))
            self.coming = {address: self.published[0] if self.published else b""}
            return ok(201, len(self.coming[address]), Location=address)
        if asking.path not in self.coming:
            return refused(UNKNOWN)
        held = self.coming[asking.path]
        if asking.method == "HEAD":
            return ok(200, len(held))
        return self._part(asking, held)

    def _part(self, asking: Asking, held: bytes) -> Answered:
        try:
            check_checksum(asking.headers["Upload-Checksum"], asking.body)
        except Unreadable as refusal:
            return refused(refusal.code)
        if read_number(asking.headers["Upload-Offset"]) != len(held):
            return refused(OFFSET, {"Upload-Offset": str(len(held))})
        held += asking.body
        self.coming[asking.path] = held
        if len(held) < SIZE_BYTES:
            return ok(204, len(held))
        if digest(held) != NAME:
            del self.coming[asking.path]
            return refused(DAMAGED)
        self.published.append(held)
        return ok(204, len(held))


def ok(status: int, offset: int, **headers: str) -> Answered:
    return Answered(status=status, headers={"Upload-Offset": str(offset), **headers})


def refused(code: str, headers: dict[str, str] | None = None) -> Answered:
    return Answered(status=STATUSES[code], headers={REFUSED_HEADER: code, **(headers or {})})


def sending(body: bytes = BODY, address: str | None = None) -> Sending:
    return Sending(
        photograph_id=NAME,
        size_bytes=len(body),
        read=lambda start, length: body[start : start + length],
        address=address,
    )


def carried(office: Office, asking: Asking, fate: str) -> Answered | None:
    """Carry a request as a line does; none when nothing comes back."""
    if fate == "is lost":
        return None
    if fate == "is 500":
        return Answered(status=500, headers={})
    if fate == "is forgotten":
        office.coming.clear()
    if fate == "is damaged" and asking.body:
        spoiled = bytes([asking.body[0] ^ 0x55]) + asking.body[1:]
        asking = Asking(
            method=asking.method, path=asking.path, headers=asking.headers, body=spoiled
        )
    answer = office.answer(asking)
    if fate == "comes twice":
        office.answer(asking)
    return None if fate == "is not answered" else answer


def attempt(office: Office, upload: Sending, fates: list[str]) -> None:
    """Send until it ends or the line is gone; what is left of the fates is for the next time."""
    while (asking := upload.next()) is not None:
        answer = carried(office, asking, fates.pop(0) if fates else "arrives")
        if answer is None:
            return
        upload.take(answer)


@given(
    fates=st.lists(st.sampled_from(FATES), max_size=25),
    edits=st.lists(st.integers(0, 12), max_size=3),
)
def test_any_line_and_any_edit_gives_the_very_photograph_or_none(
    fates: list[str], edits: list[int]
) -> None:
    office, reads = Office(), 0

    def read(start: int, length: int) -> bytes:
        nonlocal reads
        reads += 1
        seen = EDITED if reads in edits else BODY
        return seen[start : start + length]

    address = None
    for _sync in range(40):
        upload = Sending(photograph_id=NAME, size_bytes=SIZE_BYTES, read=read, address=address)
        attempt(office, upload, fates)
        address = upload.address
        assert set(office.published) <= {BODY}
        if upload.ending is Ending.ARRIVED:
            break
        assert upload.ending is not Ending.REFUSED
    assert set(office.published) == {BODY}
    assert len(office.published) == 1


@given(
    answers=st.lists(
        st.builds(
            Answered,
            status=st.sampled_from([200, 201, 204, 301, 400, 404, 409, 410, 413, 422, 460, 500]),
            headers=st.dictionaries(
                st.sampled_from(["Upload-Offset", "Location", REFUSED_HEADER]),
                st.one_of(
                    st.sampled_from([*STATUSES, address_of(str(uuid.uuid4())), BLOB_PATH]),
                    st.integers(-5, 2 * SIZE_BYTES).map(str),
                    st.text(max_size=20),
                ),
            ),
        ),
        min_size=60,
        max_size=60,
    )
)
def test_an_office_that_answers_anything_at_all_is_given_up_on(answers: list[Answered]) -> None:
    upload, asked = sending(), 0
    for answer in answers:
        asking = upload.next()
        if asking is None:
            break
        asked += 1
        assert asking.path == BLOB_PATH or is_address(asking.path)
        assert len(asking.body) <= PART_BYTES
        upload.take(answer)
    assert upload.held >= 0
    assert upload.ending is not None or asked == len(answers)


def test_a_photograph_is_begun_so_often_and_no_more() -> None:
    office, upload = Office(), sending(EDITED)
    attempt(office, upload, [])
    assert (upload.ending, upload.code) == (Ending.LATER, DAMAGED)
    assert upload._starts == STARTS_MAX
    assert office.published == []


def test_a_last_part_without_an_answer_is_found_to_have_arrived() -> None:
    office, upload = Office(), sending()
    attempt(office, upload, ["arrives"] * 4 + ["is not answered"])
    assert (upload.ending, office.published) == (None, [BODY])
    again = sending(address=upload.address)
    attempt(office, again, [])
    assert again.ending is Ending.ARRIVED
    assert office.published == [BODY]


@pytest.mark.parametrize("code", sorted(FOR_GOOD))
def test_what_can_never_change_is_not_asked_again(code: str) -> None:
    upload = sending()
    upload.next()
    upload.take(refused(code))
    assert (upload.ending, upload.code, upload.next()) == (Ending.REFUSED, code, None)


def test_an_address_that_is_not_the_office_s_is_not_followed() -> None:
    upload = sending()
    upload.next()
    upload.take(ok(201, 0, Location="https://elsewhere.example/files/1"))
    assert (upload.ending, upload.address) == (Ending.LATER, None)


def test_too_many_small_parts_begin_again_in_large_ones() -> None:
    office, upload = Office(), sending()
    upload.next()
    upload.take(ok(201, 0, Location=address_of(str(uuid.uuid4()))))
    upload.next()
    upload.take(refused(PARTS))
    attempt(office, upload, [])
    assert upload.ending is Ending.ARRIVED


def test_each_refusal_is_a_status_tus_clients_understand() -> None:
    assert STATUSES.keys() >= FOR_GOOD
    assert {STATUSES[CHECKSUM], STATUSES[DAMAGED]} == {460}
    assert all(400 <= status < 500 for status in STATUSES.values())
    assert STATUSES[SIZE] == 422


@given(name=st.binary(min_size=32, max_size=32).map(bytes.hex), part=st.binary(max_size=2_000))
def test_what_is_written_is_read_back(name: str, part: bytes) -> None:
    assert read_metadata(write_metadata(name)) == name
    check_checksum(write_checksum(part), part)
    assert "sha256" in CHECKSUMS


@given(text=st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    codes: set[str] = set()
    for read in (read_metadata, read_number, lambda said: check_checksum(said, b"a part")):
        try:
            read(text)
        except Unreadable as refusal:
            codes.add(refusal.code)
    assert codes <= set(STATUSES)
