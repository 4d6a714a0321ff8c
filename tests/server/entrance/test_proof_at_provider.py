"""Where somebody came in by the council's account, they show again who they are at the provider."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.access.tables import UserRow
from tests.pages import assert_page
from tests.server.access.conftest import PASSWORD
from tests.server.access.test_held_forms import hidden
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import Accounts, sign_in, way_to_provider
from tests.server.entrance.proving import new_user, pressed_late, token_of
from tests.server.reading import words_of

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def client(trusting: Trusting, accounts: Accounts) -> FlaskClient:
    client = trusting.app.test_client()
    sign_in(client, accounts, "olive")
    trusting.age(proved_at=timedelta(minutes=16))
    return client


def asked_of(client: FlaskClient, sent: dict[str, str]) -> str:
    page = pressed_late(client, sent)
    assert "Show it with Harrowmere account" in words_of(page.text)
    return way_to_provider(client.post("/prove/account", data=hidden(page.text)))


def test_the_provider_is_told_to_ask_however_recently_it_did(
    client: FlaskClient, accounts: Accounts
) -> None:
    asked = dict(parse_qsl(urlsplit(asked_of(client, new_user())).query))
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")


def test_the_form_is_given_back_and_the_session_has_another_token(
    client: FlaskClient, accounts: Accounts
) -> None:
    sent, before = new_user(), token_of(client)
    proved = client.get(accounts.answer_to(asked_of(client, sent), "olive"))
    assert proved.status_code == 303
    assert token_of(client) != before
    offered = client.get(proved.location)
    assert hidden(offered.text) == sent
    assert client.post("/users/new", data=hidden(offered.text)).status_code == 200


def test_a_sign_in_of_before_is_no_proof_of_now(client: FlaskClient, accounts: Accounts) -> None:
    for lie in ({"claims": {"auth_time": 1_700_000_000}}, {"without": ["auth_time"]}):
        accounts.lie(**lie)
        before = token_of(client)
        answer = client.get(accounts.answer_to(asked_of(client, new_user()), "olive"))
        assert answer.status_code == 403
        assert "did not ask again who you are" in words_of(answer.text)
        assert token_of(client) == before
        assert client.post("/users/new", data=new_user()).status_code == 307


def test_somebody_else_proves_nothing(
    client: FlaskClient, accounts: Accounts, trusting: Trusting
) -> None:
    for who in ("tom", "nell"):
        answer = client.get(accounts.answer_to(asked_of(client, new_user()), who))
        assert answer.status_code == 403
        assert "You signed in as somebody else" in words_of(answer.text)
    with trusting.office.session() as session:
        assert len(session.scalars(select(UserRow)).all()) == 1


def test_a_session_that_ended_meanwhile_begins_anew(
    client: FlaskClient, accounts: Accounts, trusting: Trusting
) -> None:
    url = asked_of(client, new_user())
    trusting.age(seen_at=timedelta(minutes=16))
    proved = client.get(accounts.answer_to(url, "olive"))
    assert "rosa" in client.get(proved.location).text


def test_a_password_is_no_way_for_somebody_who_has_none(client: FlaskClient) -> None:
    answer = client.post("/prove", data={"password_now": PASSWORD})
    assert answer.status_code == 422


def test_a_sign_in_without_being_asked_is_as_old_as_the_last_asking(
    client: FlaskClient, accounts: Accounts, trusting: Trusting
) -> None:
    fresh = trusting.app.test_client()
    accounts.lie(claims={"auth_time": 1_700_000_000})
    sign_in(fresh, accounts, "olive")
    assert fresh.get("/users").status_code == 200
    assert fresh.post("/users/new", data=new_user()).status_code == 307
    accounts.lie(without=["auth_time"])
    sign_in(fresh, accounts, "olive")
    assert fresh.post("/users/new", data=new_user()).status_code == 307


def test_a_page_leads_back_to_itself(client: FlaskClient, accounts: Accounts) -> None:
    sent = {"next": "/users?page=2"}
    url = way_to_provider(client.post("/prove/account", data=sent))
    assert client.get(accounts.answer_to(url, "olive")).location == "/users?page=2"


def test_a_proof_that_failed_is_tried_again_with_what_was_typed(
    client: FlaskClient, accounts: Accounts
) -> None:
    sent = new_user()
    accounts.lie(sign="none")
    failed = client.get(accounts.answer_to(asked_of(client, sent), "olive"))
    assert failed.status_code == 403
    assert_page(failed.text)
    accounts.lie()
    url = way_to_provider(client.post("/prove/account", data=hidden(failed.text)))
    proved = client.get(accounts.answer_to(url, "olive"))
    assert hidden(client.get(proved.location).text) == sent
