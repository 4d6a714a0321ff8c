"""Changing one's own password: only by who knows it, to one that holds, and every other session ends."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.access import passwords
from server.access.user_commands import SetPassword
from tests.server.access.conftest import PASSWORD, Office
from tests.server.access.entrance import sign_in

CHOSEN = "seven lanterns over the quarry"


def change(client: FlaskClient, now: str, chosen: str, again: str | None = None) -> TestResponse:
    sent = {"password_now": now, "password": chosen, "password_again": again or chosen}
    return client.post("/you/password", data=sent)


def test_changing_a_password_ends_every_other_session(office: Office) -> None:
    user_id = office.person("amina", "administrator")
    here, elsewhere = office.client_of(user_id), office.client_of(user_id)
    assert change(here, PASSWORD, CHOSEN).status_code == 303
    assert here.get("/users").status_code == 200
    assert elsewhere.get("/users").status_code == 302
    assert sign_in(office.app.test_client(), "amina", CHOSEN).status_code == 303
    assert sign_in(office.app.test_client(), "amina").status_code == 422


@pytest.mark.parametrize(
    ("now", "chosen", "again", "sentence"),
    [
        ("not this one", CHOSEN, CHOSEN, "That is not your password now"),
        (PASSWORD, "short", "short", "at least 12 characters"),
        (PASSWORD, "aaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaa", "would be guessed"),
        (PASSWORD, "password123456", "password123456", "would be guessed"),
        (PASSWORD, "amina fieldfare 1", "amina fieldfare 1", "would be guessed"),
        (PASSWORD, "123456789012345", "123456789012345", "would be guessed"),
        (PASSWORD, CHOSEN, CHOSEN + "!", "enter the same one twice"),
        (PASSWORD, PASSWORD, PASSWORD, "not the one you have now"),
        ("", CHOSEN, CHOSEN, "Enter your password"),
    ],
)
def test_a_new_password_that_will_not_do_is_refused_beside_its_field(
    office: Office, now: str, chosen: str, again: str, sentence: str
) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    answer = change(client, now, chosen, again)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert client.get("/users").status_code == 200


@pytest.mark.proves("T37")
def test_guessing_the_password_on_ones_own_page_is_as_slow_as_signing_in(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    for _ in range(10):
        assert change(client, "wrong guess here", CHOSEN).status_code == 422
    assert "wait five minutes" in change(client, PASSWORD, CHOSEN).text


def test_a_temporary_password_opens_nothing_until_another_is_chosen(office: Office) -> None:
    user_id = office.person("amina", "administrator")
    hashed = passwords.hash_password(PASSWORD)
    temporary = SetPassword(user_id=user_id, password_hash=hashed, temporary=True)
    office.give(temporary).raise_if_refused()
    client = office.app.test_client()
    sign_in(client, "amina", wanted="/users")
    assert client.get("/users").location == "/you"
    assert client.post("/users/new", data={}).location == "/you"
    assert "Choose your own password" in client.get("/you").text
    assert change(client, PASSWORD, CHOSEN).status_code == 303
    assert client.get("/users").status_code == 200
