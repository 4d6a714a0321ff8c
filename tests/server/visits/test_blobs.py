"""The bytes of photographs: part by part, signed, resumed where cut, kept only when whole and plain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import func, insert, select
from werkzeug.test import TestResponse

from server.access.tables import DeviceRow
from server.cases.commands import UnassignCase
from server.spine import clock
from server.visits import blobs
from server.visits.blobs import Part, is_plain_jpeg
from server.visits.tables import BlobPartRow, BlobRow
from shared.errors import RuleBroken
from shared.photographs import RecordPhotograph
from shared.schemas import digest
from sync.blobs import PART_BYTES, Held, address_of, read_held
from tests.server.access.tablet import Tablet
from tests.server.day import Day, Household, Someone, new_id
from tests.server.visits.pictures import jpeg


@dataclass
class Phone:
    """A device of an officer, as its uploads reach the office."""

    day: Day
    tablet: Tablet
    device_id: str

    def send(self, photograph_id: str, start: int, body: bytes) -> TestResponse:
        return self.tablet.post(self.day.app.test_client(), address_of(photograph_id, start), body)

    def held(self, photograph_id: str, start: int = 0, body: bytes = b"") -> Held:
        answer = self.send(photograph_id, start, body)
        assert answer.status_code == 200, answer.text
        return read_held(answer.data)

    def refused(self, photograph_id: str, start: int = 0, body: bytes = b"") -> tuple[int, str]:
        answer = self.send(photograph_id, start, body)
        return answer.status_code, answer.get_json()["code"]


def phone_of(day: Day, officer: Someone, state: str = "active") -> Phone:
    tablet, device_id = Tablet(), new_id()
    with day.session() as session:
        session.execute(
            insert(DeviceRow).values(
                device_id=device_id,
                officer_id=officer.user_id,
                public_key=tablet.public_key,
                name="Blue tablet 4",
                words="",
                state=state,
                enrolled_at=clock.now(),
            )
        )
    return Phone(day, tablet, device_id)


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright", officers=[day.amina])


@pytest.fixture
def phone(day: Day) -> Phone:
    return phone_of(day, day.amina)


def noisy(size: tuple[int, int] = (900, 700)) -> bytes:
    """Write a picture of several parts: noise does not compress."""
    out = BytesIO()
    Image.effect_noise(size, 90).convert("RGB").save(out, "JPEG", quality=95)
    return out.getvalue()


def record(day: Day, household: Household, body: bytes, photograph_id: str | None = None) -> str:
    """Record a photograph at a visit, as its device does before any byte is sent."""
    name = photograph_id or digest(body)
    day.give(
        day.amina,
        RecordPhotograph(
            photograph_id=name,
            visit_id=day.visit(household.case_id, day.amina),
            case_id=household.case_id,
            purpose="premises",
            size_bytes=len(body),
        ),
    )
    return name


def kept(day: Day) -> tuple[list[str], int]:
    """Say which photographs are kept, and how many parts."""
    with day.session() as session:
        digests = list(session.scalars(select(BlobRow.digest)))
        return digests, session.scalar(select(func.count()).select_from(BlobPartRow)) or 0


def test_a_photograph_arrives_in_parts_and_is_whole(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    assert len(body) > 2 * PART_BYTES
    name = record(day, household, body)
    held = phone.held(name)
    assert held == Held(received=0, complete=False)
    while not held.complete:
        held = phone.held(name, held.received, body[held.received : held.received + PART_BYTES])
    assert kept(day) == ([name], 0)
    with day.session() as session:
        assert session.scalars(select(BlobRow.body)).one() == body
    assert phone.held(name) == Held(received=len(body), complete=True)


def test_an_upload_that_was_cut_goes_on_where_the_office_stands(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    name = record(day, household, body)
    first = phone.held(name, 0, body[:PART_BYTES])
    assert first.received == PART_BYTES
    again = phone.held(name, 0, body[:PART_BYTES])
    too_far = phone.held(name, 2 * PART_BYTES, body[2 * PART_BYTES : 3 * PART_BYTES])
    assert again == too_far == first
    assert phone.held(name) == first


def test_bytes_that_do_not_match_their_name_are_forgotten(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    wrong = body[:-2] + b"xx"
    assert phone.refused(name, 0, wrong) == (409, "blob.damaged")
    assert kept(day) == ([], 0)
    assert phone.held(name, 0, body).complete


def test_more_bytes_than_were_said_are_not_kept(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    assert phone.refused(name, 0, body + b"more") == (409, "blob.damaged")
    assert kept(day) == ([], 0)


def test_what_is_no_plain_jpeg_is_not_kept(day: Day, household: Household, phone: Phone) -> None:
    body = b"\xff\xd8\xff<script>alert(1)</script>\xff\xd9"
    name = record(day, household, body)
    assert phone.refused(name, 0, body) == (422, "blob.not_a_picture")
    assert kept(day) == ([], 0)


def test_a_part_that_is_too_large_is_not_read(day: Day, household: Household, phone: Phone) -> None:
    name = record(day, household, noisy())
    assert phone.refused(name, 0, b"x" * (PART_BYTES + 1)) == (413, "blob.part_too_large")
    with day.app.app_context(), day.session() as session:
        part = Part(digest=name, start=0, body=b"x" * (PART_BYTES + 1))
        with pytest.raises(RuleBroken) as refusal:
            blobs.take(session, day.amina.user_id, phone.device_id, part, clock.now())
    assert refusal.value.code == "blob.part_too_large"


def test_a_photograph_nobody_recorded_is_unknown(phone: Phone) -> None:
    assert phone.refused(digest(b"never seen"), 0, b"x") == (404, "blob.unknown")


def test_an_officer_who_never_had_the_case_can_neither_send_nor_ask(
    day: Day, household: Household
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    stranger = phone_of(day, day.bryn)
    assert stranger.refused(name) == (404, "blob.unknown")
    assert stranger.refused(name, 0, body) == (404, "blob.unknown")


def test_a_case_taken_away_still_takes_in_its_photographs(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    day.give(day.supervisor, UnassignCase(case_id=household.case_id, officer_id=day.amina.user_id))
    assert phone.held(name, 0, body).complete


def test_a_device_that_may_no_longer_speak_sends_nothing(day: Day, household: Household) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    revoked = phone_of(day, day.amina, state="revoked")
    assert revoked.refused(name, 0, body) == (401, "device.revoked")


def test_an_unsigned_part_is_refused(day: Day, household: Household) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    answer = day.app.test_client().post(address_of(name, 0), data=body)
    assert answer.status_code == 401
    assert answer.get_json()["code"] == "signature.unreadable"


@pytest.mark.parametrize("place", ["nonsense/0", f"{'a' * 64}/-1", f"{'a' * 64}/9999999999"])
def test_an_address_that_is_none_is_unknown(day: Day, phone: Phone, place: str) -> None:
    client = day.app.test_client()
    answer = phone.tablet.post(client, f"/sync/v1/blobs/{place}", b"x")
    assert answer.status_code == 404


def test_two_devices_of_one_officer_do_not_mix_their_parts(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    name = record(day, household, body)
    other = phone_of(day, day.amina)
    phone.held(name, 0, body[:PART_BYTES])
    assert other.held(name).received == 0
    start = PART_BYTES
    other.held(name, 0, b"y" * PART_BYTES)
    held = phone.held(name, start, body[start : 2 * start])
    while not held.complete:
        held = phone.held(name, held.received, body[held.received : held.received + PART_BYTES])
    assert kept(day) == ([name], 0)


def test_one_picture_at_two_visits_is_kept_once(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    assert phone.held(name, 0, body).complete
    record(day, household, body)
    assert phone.held(name, 0, body) == Held(received=len(body), complete=True)
    assert kept(day)[0] == [name]


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cuts=st.lists(st.integers(0, 5_000), max_size=12))
def test_any_order_of_cuts_gives_the_very_picture_or_none(
    day: Day, household: Household, phone: Phone, cuts: list[int]
) -> None:
    body = jpeg("red", (320 + len(cuts), 240))
    name = record(day, household, body)
    now: datetime = clock.now()
    with day.app.app_context():
        for start in cuts:
            part = Part(digest=name, start=start, body=body[start : start + 900])
            with day.session() as session:
                blobs.take(session, day.amina.user_id, phone.device_id, part, now)
        held = phone.held(name)
        while not held.complete:
            held = phone.held(name, held.received, body[held.received : held.received + 900])
        with day.session() as session:
            found = session.scalars(select(BlobRow.body).where(BlobRow.digest == name)).one()
    assert found == body


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
