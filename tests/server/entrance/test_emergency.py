"""In an emergency a named administrator uses a password, and another one finds out why."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.access.tables import SessionRow
from server.entrance.commands import ExamineEmergencySignIn, RecordEmergencySignIn
from server.entrance.tables import EmergencySignInRow
from server.spine import clock
from shared.commands import Actor
from tests.pages import assert_page
from tests.server.access.conftest import PASSWORD, Office
from tests.server.access.entrance import sign_in as sign_in_by_password
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import Accounts, sign_in
from tests.server.reading import hidden_of, words_of

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def broken_glass(trusting: Trusting) -> FlaskClient:
    """Sign the emergency administrator in with a password."""
    trusting.office.person("break.glass", "administrator")
    client = trusting.app.test_client()
    assert sign_in_by_password(client, "break.glass", PASSWORD).status_code == 303
    return client


def test_a_named_administrator_comes_in_and_the_others_are_told(
    trusting: Trusting, accounts: Accounts, broken_glass: FlaskClient
) -> None:
    assert broken_glass.get("/users").status_code == 200
    other = trusting.app.test_client()
    sign_in(other, accounts, "olive")
    first = other.get("/")
    assert "Break.Glass signed in with a password in an emergency" in words_of(first.text)
    listed = other.get("/emergency-sign-ins")
    assert_page(listed.text)
    assert "Find out why" in words_of(listed.text)


def test_another_administrator_examines_it_once(
    trusting: Trusting, accounts: Accounts, broken_glass: FlaskClient
) -> None:
    with trusting.office.session() as session:
        sign_in_id = session.scalars(select(EmergencySignInRow.sign_in_id)).one()
    address = f"/emergency-sign-ins/{sign_in_id}"
    own = broken_glass.get(address)
    assert_page(own.text)
    assert "another administrator finds out why" in words_of(own.text)
    refused = broken_glass.post(address, data={"note": "It was me"})
    assert refused.status_code == 422
    assert "nobody examines their own sign-in" in words_of(refused.text)
    other = trusting.app.test_client()
    sign_in(other, accounts, "olive")
    asked = other.get(address)
    assert_page(asked.text)
    empty = other.post(address, data={})
    assert empty.status_code == 422
    assert_page(empty.text)
    assert "Enter why a password was used" in words_of(empty.text)
    sent = {**hidden_of(asked.text), "note": "The provider was down; rang them."}
    assert other.post(address, data=sent).location == "/emergency-sign-ins"
    assert other.post(address, data=sent).status_code == 303
    done = other.get(address)
    assert_page(done.text)
    assert "The provider was down; rang them." in done.text
    assert "Examined by Olive Marsh" in words_of(other.get("/emergency-sign-ins").text)
    assert "in an emergency" not in words_of(other.get("/").text)


def test_a_wrong_password_of_theirs_opens_nothing_and_alarms_nobody(
    trusting: Trusting, accounts: Accounts
) -> None:
    trusting.office.person("break.glass", "administrator")
    client = trusting.app.test_client()
    assert sign_in_by_password(client, "break.glass", "wrong").status_code == 422
    with trusting.office.session() as session:
        assert session.scalars(select(EmergencySignInRow)).all() == []
        assert session.scalars(select(SessionRow)).all() == []


def test_they_show_who_they_are_with_their_password(broken_glass: FlaskClient) -> None:
    page = broken_glass.get("/prove?next=/users")
    assert 'name="password_now"' in page.text
    sent = {"password_now": PASSWORD, "next": "/users"}
    assert broken_glass.post("/prove", data=sent).location == "/users"


def test_where_people_have_passwords_nothing_is_an_emergency(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    sign_in_by_password(office.app.test_client(), "amina", PASSWORD)
    page = client.get("/emergency-sign-ins")
    assert_page(page.text)
    assert "No password was used" in words_of(page.text)
    assert client.get(f"/emergency-sign-ins/{clock.new_id()}").status_code == 404


def test_a_sign_in_told_twice_is_one_and_an_unknown_one_is_refused(office: Office) -> None:
    amina = office.person("amina", "administrator")
    sign_in_id = clock.new_id()
    for _time in range(2):
        told = RecordEmergencySignIn(sign_in_id=sign_in_id, user_id=amina)
        office.give(told).raise_if_refused()
    unknown = ExamineEmergencySignIn(sign_in_id=clock.new_id(), note="?")
    assert office.give(unknown).code == "emergency.unknown"
    own = Actor(user_id=amina, permissions=frozenset({"users.manage"}))
    mine = ExamineEmergencySignIn(sign_in_id=sign_in_id, note="Mine")
    assert office.give(mine, own).code == "emergency.own"
    with office.session() as session:
        assert len(session.scalars(select(EmergencySignInRow)).all()) == 1


def test_whoever_had_come_in_by_a_password_before_is_asked_to_come_by_their_account(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.office.client_of(trusting.office.person("amina", "administrator"))
    named = trusting.office.client_of(trusting.office.person("break.glass", "administrator"))
    assert client.get("/users").location == "/sign-in?next=/users"
    assert "use yours" in words_of(client.get("/sign-in").text)
    assert named.get("/users").status_code == 200
