"""The bytes of photographs: tus, signed, resumed where cut, kept only when whole and plain."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from server.cases.commands import UnassignCase
from server.spine import clock
from server.visits import blobs
from server.visits.blobs import Part, is_plain_jpeg
from server.visits.tables import BlobPartRow, BlobRow, BlobUploadRow
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.blobs import (
    BLOB_PATH,
    EXPIRES_SECONDS,
    PART_BYTES,
    PARTS_MAX,
    SIZE_MAX,
    UPLOADS_MAX,
    write_metadata,
)
from tests.server.day import Day, Household
from tests.server.visits.phones import Phone, kept, noisy, phone_of, record
from tests.server.visits.pictures import jpeg

NO_SUCH = f"{BLOB_PATH}/0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f"


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright", officers=[day.amina])


@pytest.fixture
def phone(day: Day) -> Phone:
    return phone_of(day, day.amina)


def refusal(answer: TestResponse) -> tuple[int, str]:
    """Read a refusal, which is in a header and in the body alike."""
    code = answer.headers["Fieldfare-Refused"]
    if answer.request.method != "HEAD":
        assert answer.get_json() == {"code": code}
    return answer.status_code, code


def test_the_office_says_what_of_tus_it_speaks(day: Day) -> None:
    for path in (BLOB_PATH, NO_SUCH):
        said = day.app.test_client().options(path)
        assert said.status_code == 204
        assert said.headers["Tus-Version"] == "1.0.0"
        assert said.headers["Tus-Extension"] == "creation,checksum,expiration,termination"
        assert said.headers["Tus-Max-Size"] == str(SIZE_MAX)
        assert said.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
        assert "Tus-Resumable" not in said.headers


def test_a_photograph_arrives_in_parts_and_is_whole(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    assert len(body) > 2 * PART_BYTES
    name = record(day, household, body)
    begun = phone.begin(name, len(body))
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")
    where = begun.headers["Location"]
    for start in range(0, len(body), PART_BYTES):
        assert phone.where(where) == start
        answer = phone.part(where, start, body[start : start + PART_BYTES])
        assert answer.status_code == 204
        assert answer.headers["Tus-Resumable"] == "1.0.0"
        assert "Content-Type" not in answer.headers
        assert answer.headers["Upload-Offset"] == str(min(start + PART_BYTES, len(body)))
    assert kept(day) == ([name], 0)
    with day.session() as session:
        assert session.scalars(select(BlobRow.body)).one() == body
    assert phone.where(where) == len(body)


def test_an_upload_says_of_what_it_is_and_until_when_it_may_go_on(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    found = phone.ask("HEAD", where)
    assert found.status_code == 200
    assert found.headers["Upload-Length"] == str(len(body))
    assert found.headers["Upload-Metadata"] == write_metadata(name)
    assert found.headers["Cache-Control"] == "no-store"
    ahead = parsedate_to_datetime(found.headers["Upload-Expires"]) - clock.now()
    assert abs(ahead.total_seconds() - EXPIRES_SECONDS) < 60
    phone.part(where, 0, body)
    assert "Upload-Expires" not in phone.ask("HEAD", where).headers


def test_an_upload_that_was_cut_goes_on_where_the_office_stands(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    phone.part(where, 0, body[:PART_BYTES])
    for start in (0, 2 * PART_BYTES):
        answer = phone.part(where, start, body[start : start + PART_BYTES])
        assert refusal(answer) == (409, "blob.offset")
        assert answer.headers["Upload-Offset"] == str(PART_BYTES)
    assert phone.where(where) == PART_BYTES


def test_a_whole_that_does_not_match_its_name_is_discarded_and_begins_again(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    assert refusal(phone.part(where, 0, body[:-2] + b"xx")) == (460, "blob.damaged")
    assert kept(day) == ([], 0)
    assert refusal(phone.ask("HEAD", where)) == (404, "blob.unknown")
    assert phone.deliver(name, body) == len(body)
    assert kept(day) == ([name], 0)


def test_a_file_changed_while_it_was_sent_is_never_published(
    day: Day, household: Household, phone: Phone
) -> None:
    before, after = noisy(), noisy()
    size = max(len(before), len(after))
    before, after = before.ljust(size, b"\0"), after.ljust(size, b"\0")
    name = record(day, household, before)
    where = phone.begin(name, size).headers["Location"]
    phone.part(where, 0, before[:PART_BYTES])
    answers = [
        phone.part(where, start, after[start : start + PART_BYTES])
        for start in range(PART_BYTES, size, PART_BYTES)
    ]
    assert refusal(answers[-1]) == (460, "blob.damaged")
    assert kept(day) == ([], 0)


@pytest.mark.parametrize("name", ["sha1", "sha256"])
def test_a_part_that_arrives_damaged_is_not_kept(
    day: Day, household: Household, phone: Phone, name: str
) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    wrong = base64.b64encode(hashlib.new(name, b"another part").digest()).decode()
    answer = phone.part(where, 0, body, **{"Upload-Checksum": f"{name} {wrong}"})
    assert refusal(answer) == (460, "blob.checksum")
    assert phone.where(where) == 0
    right = base64.b64encode(hashlib.new(name, body).digest()).decode()
    answer = phone.part(where, 0, body, **{"Upload-Checksum": f"{name} {right}"})
    assert answer.status_code == 204


@pytest.mark.parametrize(
    ("header", "value", "refused"),
    [
        ("Upload-Checksum", "md5 AAAA", (400, "blob.checksum_unknown")),
        ("Upload-Checksum", "sha1 !!!!", (400, "blob.unreadable")),
        ("Upload-Offset", "-1", (400, "blob.unreadable")),
        ("Upload-Offset", "0x10", (400, "blob.unreadable")),
        ("Upload-Offset", "9" * 40, (400, "blob.unreadable")),
        ("Content-Type", "image/jpeg", (415, "blob.type")),
        ("Tus-Resumable", "0.2.2", (412, "blob.version")),
    ],
)
def test_a_part_with_a_header_that_is_none_is_refused(
    day: Day,
    household: Household,
    phone: Phone,
    header: str,
    value: str,
    refused: tuple[int, str],
) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    answer = phone.part(where, 0, body, **{header: value})
    assert refusal(answer) == refused
    if refused[0] == 412:
        assert answer.headers["Tus-Version"] == "1.0.0"
    assert phone.where(where) == 0


@pytest.mark.parametrize(
    "said",
    [
        {"Upload-Metadata": ""},
        {"Upload-Metadata": "photograph"},
        {"Upload-Metadata": "photograph !!!"},
        {"Upload-Metadata": "photograph w7w="},
        {"Upload-Metadata": "filename " + base64.b64encode(b"a" * 64).decode()},
        {"Upload-Metadata": "photograph " + base64.b64encode(b"A" * 64).decode()},
        {"Upload-Metadata": "x" * 5_000},
        {"Upload-Length": "many"},
        {"Upload-Length": ""},
    ],
)
def test_an_upload_that_does_not_say_what_it_is_of_is_not_begun(
    day: Day, household: Household, phone: Phone, said: Mapping[str, str]
) -> None:
    body = jpeg("red")
    answer = phone.begin(record(day, household, body), len(body), **said)
    assert refusal(answer) == (400, "blob.unreadable")


def test_a_photograph_of_another_size_than_was_recorded_is_not_begun(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    assert refusal(phone.begin(name, len(body) + 1)) == (422, "blob.size")
    assert refusal(phone.begin(name, SIZE_MAX + 1)) == (413, "blob.too_large")


def test_a_first_part_does_not_come_with_the_asking(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    said = {"Upload-Length": str(len(body)), "Upload-Metadata": write_metadata(name)}
    assert refusal(phone.ask("POST", BLOB_PATH, body, **said)) == (400, "blob.unreadable")


def test_more_bytes_than_were_said_are_not_taken(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    assert refusal(phone.part(where, 0, body + b"more")) == (413, "blob.part_too_large")
    assert phone.where(where) == 0


def test_an_empty_part_changes_nothing(day: Day, household: Household, phone: Phone) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    assert phone.part(where, 0, b"").headers["Upload-Offset"] == "0"
    phone.part(where, 0, body)
    assert phone.part(where, len(body), b"").headers["Upload-Offset"] == str(len(body))


def test_what_is_no_plain_jpeg_is_refused_for_good(
    day: Day, household: Household, phone: Phone
) -> None:
    body = b"\xff\xd8\xff<script>alert(1)</script>\xff\xd9"
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    assert refusal(phone.part(where, 0, body)) == (422, "blob.not_a_picture")
    assert kept(day) == ([], 0)
    assert refusal(phone.begin(name, len(body))) == (422, "blob.not_a_picture")


def test_a_part_that_is_too_large_is_not_read(day: Day, household: Household, phone: Phone) -> None:
    body = noisy()
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    answer = phone.part(where, 0, body[: PART_BYTES + 1])
    assert refusal(answer) == (413, "blob.part_too_large")
    part = Part(start=0, body=b"x" * (PART_BYTES + 1))
    with day.session() as session, pytest.raises(RuleBroken) as broken:
        blobs.take(session, phone.device_id, where.rpartition("/")[2], part, clock.now())
    assert broken.value.code == "blob.part_too_large"


def test_an_upload_in_too_many_parts_ends(day: Day, household: Household, phone: Phone) -> None:
    body = noisy()
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    with day.session() as session:
        session.execute(update(BlobUploadRow).values(parts=PARTS_MAX))
    assert refusal(phone.part(where, 0, body[:1])) == (413, "blob.too_many_parts")
    assert refusal(phone.ask("HEAD", where)) == (404, "blob.unknown")


def test_a_photograph_nobody_recorded_is_unknown(phone: Phone) -> None:
    assert refusal(phone.begin(digest(b"never seen"), 10)) == (404, "blob.unknown")


def test_an_officer_who_never_had_the_case_can_neither_send_nor_ask(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    stranger = phone_of(day, day.bryn)
    asked = [
        stranger.begin(name, len(body)),
        stranger.ask("HEAD", where),
        stranger.part(where, 0, body),
        stranger.ask("DELETE", where),
    ]
    assert {refusal(answer) for answer in asked} == {(404, "blob.unknown")}
    phone.part(where, 0, body)
    assert refusal(stranger.begin(name, len(body))) == (404, "blob.unknown")


def test_who_only_knows_the_name_of_a_photograph_learns_nothing_of_it(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    phone.deliver(name, body)
    elsewhere = day.household("Ivy Tancred", officers=[day.bryn])
    record(day, elsewhere, body, by=day.bryn)
    begun = phone_of(day, day.bryn).begin(name, len(body))
    assert (begun.status_code, begun.headers["Upload-Offset"]) == (201, "0")


def test_a_case_taken_away_still_takes_in_its_photographs(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    day.give(day.supervisor, UnassignCase(case_id=household.case_id, officer_id=day.amina.user_id))
    assert phone.deliver(name, body) == len(body)


@pytest.mark.parametrize("state", ["revoked", "pending"])
def test_a_device_that_may_not_speak_sends_nothing(
    day: Day, household: Household, state: str
) -> None:
    body = jpeg("red")
    silent = phone_of(day, day.amina, state=state)
    answer = silent.begin(record(day, household, body), len(body))
    assert refusal(answer) == (401, f"device.{state}")
    assert refusal(silent.ask("HEAD", NO_SUCH)) == (401, f"device.{state}")


def test_an_unsigned_request_is_refused_whatever_it_asks(day: Day) -> None:
    client = day.app.test_client()
    for method, path in (("POST", BLOB_PATH), *((m, NO_SUCH) for m in ("HEAD", "PATCH", "DELETE"))):
        answer = client.open(path, method=method, headers={"Tus-Resumable": "1.0.0"})
        assert refusal(answer) == (401, "signature.unreadable")


def test_a_signature_for_one_method_does_not_open_another(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    headers = phone.tablet.signed(where, b"", method="HEAD")
    answer = day.app.test_client().delete(where, headers={**headers, "Tus-Resumable": "1.0.0"})
    assert refusal(answer) == (401, "signature.wrong")
    answer = phone.ask("POST", where, b"", **{"X-HTTP-Method-Override": "DELETE"})
    assert answer.status_code == 405
    assert phone.where(where) == 0


@pytest.mark.parametrize("upload", ["nonsense", "a" * 64, "0" * 36])
def test_an_address_that_is_none_is_unknown(phone: Phone, upload: str) -> None:
    assert refusal(phone.ask("HEAD", f"{BLOB_PATH}/{upload}")) == (404, "blob.unknown")


def test_an_upload_given_up_is_forgotten_and_what_is_whole_stays(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    phone.part(where, 0, body[:100])
    assert phone.ask("DELETE", where).status_code == 204
    assert kept(day) == ([], 0)
    assert refusal(phone.ask("HEAD", where)) == (404, "blob.unknown")
    phone.deliver(name, body)
    where = phone.begin(name, len(body)).headers["Location"]
    assert phone.ask("DELETE", where).status_code == 204
    assert phone.where(where) == len(body)


def test_beginning_again_forgets_what_was_begun(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    phone.part(where, 0, body[:100])
    phone.begin(name, len(body))
    assert refusal(phone.ask("HEAD", where)) == (404, "blob.unknown")
    assert kept(day) == ([], 0)


def test_a_device_has_so_many_uploads_begun_and_no_more(
    day: Day, household: Household, phone: Phone
) -> None:
    pictures = [jpeg("red", (40 + each, 40)) for each in range(UPLOADS_MAX + 1)]
    places = [
        phone.begin(record(day, household, body), len(body)).headers["Location"]
        for body in pictures
    ]
    with day.session() as session:
        found = session.scalar(select(func.count()).select_from(BlobUploadRow))
    assert found == UPLOADS_MAX
    assert phone.where(places[-1]) == 0


def test_an_upload_left_alone_ends_and_is_swept(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    phone.part(where, 0, body[:PART_BYTES])
    finished = jpeg("blue")
    phone.deliver(record(day, household, finished), finished)
    late = clock.now() + timedelta(seconds=EXPIRES_SECONDS + 1)
    with day.session() as session:
        assert blobs.sweep(session, clock.now()) == 0
        session.execute(update(BlobUploadRow).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert refusal(phone.ask("HEAD", where)) == (410, "blob.gone")
    answer = phone.part(where, PART_BYTES, body[PART_BYTES : 2 * PART_BYTES])
    assert refusal(answer) == (410, "blob.gone")
    with day.session() as session:
        assert blobs.sweep(session, late) == 1
        assert session.scalar(select(func.count()).select_from(BlobPartRow)) == 0
    assert kept(day) == ([digest(finished)], 0)
    assert phone.deliver(name, body) == len(body)


def test_two_devices_of_one_officer_do_not_mix_their_parts(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    other = phone_of(day, day.amina)
    beside = other.begin(name, len(body)).headers["Location"]
    phone.part(where, 0, body[:PART_BYTES])
    other.part(beside, 0, b"y" * PART_BYTES)
    for start in range(PART_BYTES, len(body), PART_BYTES):
        phone.part(where, start, body[start : start + PART_BYTES])
    assert kept(day)[0] == [name]
    assert other.where(beside) == PART_BYTES
    assert other.deliver(name, body) == len(body)
    assert kept(day) == ([name], 0)


def test_one_picture_at_two_visits_is_kept_once(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    phone.deliver(name, body)
    record(day, household, body)
    again = phone.begin(name, len(body))
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(body)))
    assert kept(day)[0] == [name]


def test_a_plain_jpeg_is_told_from_what_only_looks_like_one() -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N"}
    png = BytesIO()
    Image.new("RGB", (8, 8)).save(png, "PNG")
    plain = jpeg("red")
    assert is_plain_jpeg(plain)
    assert is_plain_jpeg(jpeg("red", (1600, 1600), optimize=True))
    refused = {
        "a place in it": jpeg("red", exif=exif.tobytes()),
        "a comment in it": jpeg("red", comment=b"Wilfred"),
        "a profile in it": jpeg("red", icc_profile=b"x" * 100),
        "something behind it": plain + b"<script>",
        "something behind it that ends as one": plain + b"<script>\xff\xd9",
        "cut short": plain[:200] + b"\xff\xd9",
        "too many pixels": jpeg("red", (2001, 2000)),
        "another format": png.getvalue(),
        "nothing": b"",
    }
    assert [why for why, body in refused.items() if is_plain_jpeg(body)] == []
