"""A device brings sealed copies over HTTP, signed, and is told of each in the office's own hand."""

from __future__ import annotations

import pytest

from field_client.vault.keys import is_signed_by
from server.access.device_commands import RevokeDevice
from server.spine.office_box import OfficeBox
from shared.schemas import digest
from sync.sealed import (
    COPIES_BYTES_MAX,
    COPIES_MAX,
    HELD,
    SEALED_PATH,
    TAKEN,
    answer_statement,
    framed,
    read_answers,
)
from tests.server.access.conftest import Office, make_app, office
from tests.server.access.tablet import enrolled
from tests.server.sealed_work.sealing import seal
from tests.server.spine.test_office_box import envelope

__all__ = ["make_app", "office"]


def test_what_the_office_says_of_copies_is_signed_and_repeated(office: Office) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    client = office.app.test_client()
    own = office.app.extensions["fieldfare"]
    box: OfficeBox = own["box"]
    first, behind_a_gap = seal(box, envelope()), seal(box, envelope(seq=7))
    body = framed([first, behind_a_gap])
    for _ in range(2):
        answer = tablet.post(client, SEALED_PATH, body)
        assert answer.status_code == 200, answer.text
        answers, signature = read_answers(answer.data)
        assert answers == {digest(first): TAKEN, digest(behind_a_gap): HELD}
        told = answer_statement(device_id, answers)
        assert is_signed_by(own["seal"].public_text, told, signature)
    office.give(RevokeDevice(device_id=device_id, reason="lost")).raise_if_refused()
    answers, _seal = read_answers(tablet.post(client, SEALED_PATH, body).data)
    assert set(answers.values()) == {TAKEN}, "set aside whole, so the device may be emptied"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"\0\0", 400, "message.unreadable"),
        (b"\0\0\0\x05no", 400, "message.unreadable"),
        (framed([b"no copy"]), 400, "message.unreadable"),
        (framed([b"x"] * (COPIES_MAX + 1)), 400, "message.unreadable"),
        (bytes(COPIES_BYTES_MAX + 1), 413, "sealed.too_large"),
    ],
)
def test_what_is_no_delivery_is_refused_with_a_code(
    office: Office, body: bytes, status: int, code: str
) -> None:
    tablet, _device_id = enrolled(office, office.person("amina", "officer"))
    answer = tablet.post(office.app.test_client(), SEALED_PATH, body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


def test_an_unsigned_delivery_is_refused(office: Office) -> None:
    answer = office.app.test_client().post(SEALED_PATH, data=b"")
    assert answer.status_code == 401
