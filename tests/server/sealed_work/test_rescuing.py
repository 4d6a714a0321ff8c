"""A rescue file is taken in by the door of every sync, once, and only if its device wrote it."""

from __future__ import annotations

import base64
from io import BytesIO

import pytest
from sqlalchemy import func, select

from server.sealed_work import taking
from server.spine.tables import CommandRow, ReadRow
from sync.rescue import RESCUE_BYTES_MAX, read_rescue, write_rescue
from sync.wire import NotAMessage
from tests.server.access.conftest import Office, make_app, office
from tests.server.access.tablet import Tablet, enrolled
from tests.server.reading import words_of
from tests.server.sealed_work.sealing import seal
from tests.server.spine.test_office_box import envelope

__all__ = ["make_app", "office"]

SAVED_AT = "2027-03-01T08:00:00+00:00"
LIST = "/sealed-work"


class Carried:
    """A device that cannot reach the office, and a supervisor who has its file."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.tablet, self.device_id = enrolled(office, office.person("amina", "officer"))
        self.client = office.client_of(office.person("sal", "supervisor"))
        self.box = office.app.extensions["fieldfare"]["box"]

    def write(self, *copies: bytes, device_id: str = "", by: Tablet | None = None) -> bytes:
        key = (by or self.tablet).key

        def sign(statement: bytes) -> str:
            return base64.b64encode(key.sign(statement)).decode()

        return write_rescue(device_id or self.device_id, SAVED_AT, copies, sign)

    def bring(self, written: bytes) -> tuple[int, str]:
        sent = {"file": (BytesIO(written), "a.sealed")}
        answer = self.client.post(LIST, data=sent, follow_redirects=True)
        return answer.status_code, words_of(answer.text)

    def commands(self) -> int:
        with self.office.session() as session:
            of_it = select(func.count()).where(CommandRow.device_id == self.device_id)
            return session.scalar(of_it.where(CommandRow.store_id.is_not(None))) or 0


@pytest.fixture
def carried(office: Office) -> Carried:
    return Carried(office)


def test_a_rescue_file_is_recorded_once_and_who_took_it_in_is_on_record(carried: Carried) -> None:
    written = carried.write(seal(carried.box, envelope()))
    for _ in range(2):
        status, page = carried.bring(written)
        assert status == 200
        assert "Taken in" in page
        assert carried.commands() == 1
    behind = carried.write(seal(carried.box, envelope(seq=5)))
    assert "Some of it still waits" in carried.bring(behind)[1]
    with carried.office.session() as session:
        read = select(ReadRow.subject_id).where(ReadRow.what == "sealed_work.taken")
        assert session.scalars(read).all() == [carried.device_id] * 3


def test_only_a_file_that_its_device_wrote_is_taken(carried: Carried) -> None:
    copy = seal(carried.box, envelope())
    good = carried.write(copy)
    flipped = good[:-1] + bytes([good[-1] ^ 1])
    nobody = "00000000-0000-4000-8000-0000000000ff"
    for written in (
        flipped,
        carried.write(copy, by=Tablet()),
        carried.write(copy, device_id=nobody),
    ):
        status, page = carried.bring(written)
        assert status == 422
        assert "No device of this office wrote this file as it is" in page
    assert carried.commands() == 0


def test_a_file_beyond_its_limit_is_not_read(carried: Carried) -> None:
    good = carried.write(seal(carried.box, envelope()))
    with pytest.raises(NotAMessage):
        read_rescue(good + bytes(RESCUE_BYTES_MAX))


@pytest.mark.parametrize("written", [b"a letter", b"{}\n", b"{\n"])
def test_what_is_no_rescue_file_is_said_beside_its_box(carried: Carried, written: bytes) -> None:
    status, page = carried.bring(written)
    assert status == 422
    assert "Choose a rescue file as the device wrote it" in page
    status, page = carried.bring(carried.write(b"no copy"))
    assert "Choose a rescue file as the device wrote it" in page


def test_without_a_file_the_page_asks_for_one(carried: Carried) -> None:
    answer = carried.client.post(LIST, data={})
    assert answer.status_code == 422
    assert "Choose a file that is not empty" in words_of(answer.text)


def test_more_than_can_wait_is_said(carried: Carried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "HELD_MAX", 0)
    page = carried.bring(carried.write(seal(carried.box, envelope(seq=5))))[1]
    assert "Too much of this device waits already" in page


def test_a_caseworker_cannot_take_a_file_in(carried: Carried) -> None:
    clerk = carried.office.client_of(carried.office.person("carl", "caseworker"))
    assert clerk.post(LIST, data={}).status_code == 403
