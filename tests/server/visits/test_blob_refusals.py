"""What is no photograph, not recorded, or not this device's to send is refused, and changes nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import update

from server.spine import clock
from server.visits import blobs
from server.visits.blobs import Part, is_plain_jpeg
from server.visits.tables import BlobUploadRow
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.blobs import BLOB_PATH, PART_BYTES, PARTS_MAX, SIZE_MAX, write_metadata
from tests.server.day import Day, Household
from tests.server.visits.phones import NO_SUCH, Phone, kept, noisy, phone_of, record, refusal
from tests.server.visits.pictures import jpeg


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
