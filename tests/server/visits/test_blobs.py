"""The bytes of photographs: tus, signed, resumed where cut, kept only when whole."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import func, select, update

from server.cases.commands import UnassignCase
from server.spine import clock
from server.visits import blobs
from server.visits.tables import BlobPartRow, BlobRow, BlobUploadRow
from shared.schemas import digest
from sync.blobs import BLOB_PATH, EXPIRES_SECONDS, PART_BYTES, SIZE_MAX, UPLOADS_MAX, write_metadata
from tests.server.day import Day, Household
from tests.server.visits.phones import NO_SUCH, Phone, kept, noisy, phone_of, record, refusal
from tests.server.visits.pictures import jpeg


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


def test_an_empty_part_changes_nothing(day: Day, household: Household, phone: Phone) -> None:
    body = jpeg("red")
    where = phone.begin(record(day, household, body), len(body)).headers["Location"]
    assert phone.part(where, 0, b"").headers["Upload-Offset"] == "0"
    phone.part(where, 0, body)
    assert phone.part(where, len(body), b"").headers["Upload-Offset"] == str(len(body))


def test_a_case_taken_away_still_takes_in_its_photographs(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    day.give(day.supervisor, UnassignCase(case_id=household.case_id, officer_id=day.amina.user_id))
    assert phone.deliver(name, body) == len(body)


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
