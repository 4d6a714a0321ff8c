"""A keeper brings sealed photographs part by part; they stand beside their visit once that is here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from field_client.vault.box import seal_photograph
from field_client.vault.keys import is_signed_by
from server.access.tables import DeviceRow
from server.sealed_work import jobs, photographs
from server.sealed_work.photographs import COMING_SECONDS, open_waiting, sweep
from server.sealed_work.tables import SealedPhotographPartRow, SealedPhotographRow
from server.spine import clock
from server.spine.office_box import OfficeBox
from server.visits.tables import BlobRow, BlobUploadRow
from shared.schemas import digest
from sync.attachments import (
    BRINGING_BYTES_MAX,
    COMING,
    SEALED_PART_BYTES,
    SEALED_PHOTOGRAPH_PATH,
    TAKEN,
    Bringing,
    attachment_statement,
    read_taken,
)
from tests.server.day import Day, Household, day
from tests.server.reading import words_of
from tests.server.visits.phones import Phone, noisy, phone_of, record
from tests.server.visits.pictures import jpeg

__all__ = ["day"]


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright", officers=[day.amina])


@pytest.fixture
def phone(day: Day) -> Phone:
    return phone_of(day, day.amina)


def box_of(day: Day) -> OfficeBox:
    found: OfficeBox = day.app.extensions["fieldfare"]["box"]
    return found


@dataclass
class Keeper:
    """The keeper of one device, with one sealed photograph."""

    phone: Phone
    photograph_id: str
    written: bytes

    def ask(self, start: int = 0, part: bytes = b"", name: str = "") -> tuple[str, int]:
        """Ask with a part, and hold the answer against the office's signature."""
        bringing = Bringing(
            photograph_id=self.photograph_id,
            digest=name or digest(self.written),
            size_bytes=len(self.written),
            start=start,
            part=part,
        )
        client = self.phone.day.app.test_client()
        answer = self.phone.tablet.post(client, SEALED_PHOTOGRAPH_PATH, bringing.written())
        assert answer.status_code == 200, answer.text
        state, held, signature = read_taken(answer.data)
        told = attachment_statement(self.phone.device_id, bringing.digest, state, held)
        seal = self.phone.day.app.extensions["fieldfare"]["seal"]
        assert is_signed_by(seal.public_text, told, signature)
        return state, held

    def bring(self) -> str:
        """Bring the whole, going on where the office stands."""
        state, held = self.ask()
        while state == COMING:
            before = held
            state, held = self.ask(held, self.written[held : held + SEALED_PART_BYTES])
            assert held > before
        return state


def keeper_of(day: Day, phone: Phone, body: bytes, name: str = "") -> Keeper:
    name = name or digest(body)
    return Keeper(phone, name, seal_photograph(box_of(day).public_text, name, body))


def lying(day: Day) -> list[SealedPhotographRow]:
    with day.session() as session:
        found = list(session.scalars(select(SealedPhotographRow)))
        session.expunge_all()
        return found


def parts(day: Day) -> int:
    with day.session() as session:
        return session.scalar(select(func.count()).select_from(SealedPhotographPartRow)) or 0


def kept(day: Day) -> list[bytes]:
    with day.session() as session:
        return list(session.scalars(select(BlobRow.body)))


def test_a_photograph_whose_visit_is_here_stands_beside_it_as_soon_as_it_is_whole(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    record(day, household, body)
    keeper = keeper_of(day, phone, body)
    assert len(keeper.written) > 2 * SEALED_PART_BYTES
    assert keeper.bring() == TAKEN
    assert (kept(day), lying(day), parts(day)) == ([body], [], 0)
    assert keeper.ask() == (TAKEN, len(keeper.written)), "and is not asked for again"
    begun = phone.begin(keeper.photograph_id, len(body))
    assert begun.headers["Upload-Offset"] == str(len(body)), "nor by the vault's own sync"


def test_an_upload_goes_on_where_it_was_cut_and_takes_a_part_only_there(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy()
    record(day, household, body)
    keeper = keeper_of(day, phone, body)
    first = keeper.written[:SEALED_PART_BYTES]
    assert keeper.ask(0, first) == (COMING, SEALED_PART_BYTES)
    for start in (0, 5, 2 * SEALED_PART_BYTES):
        assert keeper.ask(start, b"another part") == (COMING, SEALED_PART_BYTES)
    assert parts(day) == 1
    assert keeper.bring() == TAKEN
    assert kept(day) == [body]


def test_what_the_vault_has_sent_itself_is_not_brought_sealed(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg()
    phone.deliver(record(day, household, body), body)
    assert keeper_of(day, phone, body).ask()[0] == TAKEN
    assert lying(day) == []


def test_whether_another_device_has_brought_it_is_never_told(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg()
    phone.deliver(record(day, household, body), body)
    other = phone_of(day, day.bryn)
    assert keeper_of(day, other, body).ask() == (COMING, 0)


def test_a_photograph_of_a_revoked_device_waits_sealed_until_its_visit_is_taken_in(
    day: Day, household: Household, phone: Phone
) -> None:
    body = noisy((300, 200))
    with day.session() as session:
        session.execute(update(DeviceRow).values(state="revoked"))
    keeper = keeper_of(day, phone, body)
    assert keeper.bring() == TAKEN, "so that the device may be emptied"
    (row,) = lying(day)
    assert row.whole_at
    assert kept(day) == []
    page = words_of(day.browser(day.supervisor).get("/sealed-work"))
    assert "Sealed photographs that wait" in page
    assert "1 photograph" in page
    assert "Their visit is not recorded here" in page
    record(day, household, body)
    with day.session() as session:
        assert open_waiting(session, box_of(day), clock.now()) == 1
    assert (kept(day), lying(day), parts(day)) == ([body], [], 0)


def test_the_chore_opens_what_waits_with_the_offices_own_key(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg()
    keeper_of(day, phone, body).bring()
    record(day, household, body)
    with day.session() as session:
        assert jobs.open_photographs(session, clock.now()) == 1
    assert kept(day) == [body]


@pytest.mark.proves("T60")
def test_what_does_not_open_as_the_picture_it_is_named_by_is_shown_to_nobody_and_kept_as_it_came(
    day: Day, household: Household, phone: Phone
) -> None:
    body, other, text = jpeg("red"), jpeg("blue"), b"<script>alert(1)</script>"
    name = record(day, household, body)
    own = keeper_of(day, phone, body).written
    label, sealed = own.split(b"\n", 1)
    wrong = {
        "another picture under its name": keeper_of(day, phone, other, name).written,
        "no picture": keeper_of(day, phone, text, record(day, household, text)).written,
        "a flipped bit": own[:-1] + bytes([own[-1] ^ 1]),
        "sealed to another office": seal_photograph(OfficeBox(bytes(32)).public_text, name, body),
        "another's label": keeper_of(day, phone, other).written,
        "no label": sealed,
        "no segments": label + b"\n",
    }
    for what, written in wrong.items():
        named = digest(text) if what == "no picture" else name
        assert Keeper(phone, named, written).bring() == TAKEN, what
        assert kept(day) == [], what
    rows = lying(day)
    assert len(rows) == len(wrong)
    assert all(row.unreadable_at for row in rows)
    page = words_of(day.browser(day.supervisor).get("/sealed-work"))
    assert "They do not open as what they say they are" in page
    assert keeper_of(day, phone, body).bring() == TAKEN, "a whole one can still come"
    assert kept(day) == [body]


def test_what_arrives_otherwise_than_it_was_named_is_begun_again(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg()
    record(day, household, body)
    keeper = keeper_of(day, phone, body)
    assert keeper.ask(0, keeper.written, name="a" * 64) == (COMING, 0)
    assert lying(day) == []
    assert keeper.bring() == TAKEN


def test_a_photograph_of_somebody_elses_case_is_not_put_there(
    day: Day, household: Household
) -> None:
    body = jpeg()
    record(day, household, body)
    bert = phone_of(day, day.bryn)
    assert keeper_of(day, bert, body).bring() == TAKEN
    assert kept(day) == []
    assert [row.unreadable_at for row in lying(day)] == [None]


def test_what_never_comes_whole_is_forgotten_and_what_is_whole_is_not(
    day: Day, phone: Phone
) -> None:
    first, second = keeper_of(day, phone, noisy()), keeper_of(day, phone, jpeg())
    first.ask(0, first.written[:1_000])
    second.bring()
    with day.session() as session:
        sweep(session, clock.now() + timedelta(seconds=COMING_SECONDS - 60))
    assert len(lying(day)) == 2
    with day.session() as session:
        sweep(session, clock.now() + timedelta(seconds=COMING_SECONDS + 60))
    assert [row.photograph_id for row in lying(day)] == [second.photograph_id]
    assert parts(day) == 1


def test_a_device_that_brings_more_than_can_wait_is_told_so(
    day: Day, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "PHOTOGRAPHS_MAX", 1)
    assert keeper_of(day, phone, jpeg()).bring() == TAKEN
    another = keeper_of(day, phone, jpeg("blue"))
    bringing = Bringing(
        photograph_id=another.photograph_id,
        digest=digest(another.written),
        size_bytes=len(another.written),
        start=0,
        part=b"",
    )
    answer = phone.tablet.post(day.app.test_client(), SEALED_PHOTOGRAPH_PATH, bringing.written())
    assert (answer.status_code, answer.get_json()["code"]) == (
        429,
        "sealed.too_many_photographs",
    )


def test_what_is_no_part_is_refused_with_a_code(day: Day, phone: Phone) -> None:
    client = day.app.test_client()
    for body, status, code in (
        (b"no part", 400, "message.unreadable"),
        (bytes(BRINGING_BYTES_MAX + 1), 413, "sealed.too_large"),
    ):
        answer = phone.tablet.post(client, SEALED_PHOTOGRAPH_PATH, body)
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert client.post(SEALED_PHOTOGRAPH_PATH, data=b"").status_code == 401
    with day.session() as session:
        assert session.scalars(select(BlobUploadRow)).all() == []
