"""Every hour the provider says whether it still knows somebody; without its word nothing is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from server.access.tables import SessionRow, UserRoleRow
from server.entrance.provider import Provider
from tests.pages import assert_page
from tests.server.access.test_held_forms import hidden
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import Accounts, sign_in
from tests.server.reading import words_of

pytestmark = pytest.mark.enable_socket

AN_HOUR = timedelta(minutes=61)


@pytest.fixture
def client(trusting: Trusting, accounts: Accounts) -> FlaskClient:
    client = trusting.app.test_client()
    sign_in(client, accounts, "olive")
    return client


def kept(trusting: Trusting) -> bytes | None:
    with trusting.office.session() as session:
        return session.scalars(select(SessionRow.sealed_refresh)).one()


def ended(client: FlaskClient, sentence: str) -> None:
    """See that a session is over, and that the sign-in page says why."""
    assert client.get("/you").location == "/sign-in?next=/you"
    assert sentence in words_of(client.get("/sign-in?next=/you").text)
    assert client.get("/you").status_code == 302


def test_within_the_hour_nobody_is_asked(trusting: Trusting, client: FlaskClient) -> None:
    trusting.app.extensions["fieldfare"]["provider"] = Provider(
        trusting.app.extensions["fieldfare"]["provider"].settings
    )
    before = kept(trusting)
    trusting.age(checked_at=timedelta(minutes=59))
    assert client.get("/users").status_code == 200
    assert kept(trusting) == before


def test_somebody_still_known_goes_on_with_what_the_provider_gives_next(
    trusting: Trusting, client: FlaskClient
) -> None:
    for _hour in range(3):
        before = kept(trusting)
        trusting.age(checked_at=AN_HOUR)
        assert client.get("/users").status_code == 200
        assert kept(trusting) != before


def test_what_the_provider_gives_is_not_in_the_database(
    trusting: Trusting, client: FlaskClient, accounts: Accounts
) -> None:
    sealed, provider = kept(trusting), trusting.app.extensions["fieldfare"]["provider"]
    assert sealed is not None
    with trusting.office.session() as session:
        user_id = session.scalars(select(SessionRow.user_id)).one()
    token = trusting.app.extensions["fieldfare"]["sealer"].open(sealed, user_id).decode()
    assert token.encode() not in sealed
    assert len(token) > 20
    assert isinstance(provider, Provider)


def test_a_closed_account_opens_nothing_an_hour_later(
    trusting: Trusting, client: FlaskClient, accounts: Accounts
) -> None:
    accounts.change("olive", gone=True)
    assert client.get("/users").status_code == 200
    trusting.age(checked_at=AN_HOUR)
    ended(client, "Your council account no longer opens this office")
    assert kept(trusting) is None


def test_roles_taken_away_are_gone_an_hour_later(
    trusting: Trusting, client: FlaskClient, accounts: Accounts
) -> None:
    accounts.change("olive", roles=["Recovery.Supervisor"])
    trusting.age(checked_at=AN_HOUR)
    client.get("/users")
    assert client.get("/users").status_code == 403
    accounts.change("olive", roles=[])
    trusting.age(checked_at=AN_HOUR)
    ended(client, "Your council account no longer opens this office")
    with trusting.office.session() as session:
        assert session.scalars(select(UserRoleRow)).all() == []


@pytest.mark.parametrize(
    "lie", [{"sign": "stranger"}, {"claims": {"oid": "somebody-else"}}, {"sign": "none"}], ids=str
)
def test_an_answer_that_is_not_about_them_ends_the_session(
    trusting: Trusting, client: FlaskClient, accounts: Accounts, lie: dict[str, object]
) -> None:
    accounts.lie(**lie)
    trusting.age(checked_at=AN_HOUR)
    ended(client, "council account")


def test_a_session_the_provider_gave_nothing_for_ends_after_an_hour(
    trusting: Trusting, client: FlaskClient
) -> None:
    with trusting.office.session() as session, session.begin():
        session.scalars(select(SessionRow)).one().sealed_refresh = None
    trusting.age(checked_at=AN_HOUR)
    ended(client, "could not be confirmed: sign in again")


def test_a_form_sent_when_a_session_proves_ended_is_carried_round_the_sign_in(
    trusting: Trusting, client: FlaskClient, accounts: Accounts
) -> None:
    accounts.change("olive", gone=True)
    trusting.age(checked_at=AN_HOUR)
    late = client.post("/users/new", data={"full_name": "Rosa"}, follow_redirects=True)
    assert late.status_code == 401
    assert hidden(late.text)["held:full_name"] == "Rosa"


def test_while_the_provider_is_away_nothing_is_shown_and_nothing_typed_is_lost(
    trusting: Trusting, client: FlaskClient, accounts: Accounts
) -> None:
    accounts.lie(down=True)
    trusting.age(checked_at=AN_HOUR)
    page = client.get("/users?page=1")
    assert page.status_code == 503
    assert_page(page.text)
    assert "Harrowmere account does not answer" in words_of(page.text)
    assert 'href="/users?page=1"' in page.text
    sent = client.post("/users/new", data={"full_name": "Rosa O'Neill"})
    assert sent.status_code == 503
    assert_page(sent.text)
    assert 'action="/users/new"' in sent.text
    assert hidden(sent.text) == {"full_name": "Rosa O'Neill"}
    with trusting.office.session() as session:
        assert session.scalars(select(SessionRow.ended_at)).one() is None
    assert client.get("/sign-in").status_code == 200
    accounts.lie()
    assert client.get("/users").status_code == 503, "a silent one is left alone for a moment"
    trusting.forget_provider()
    assert client.get("/users").status_code == 200, "and nobody had to sign in again"


def test_a_session_of_a_provider_that_is_trusted_no_more_is_over(
    trusting: Trusting, client: FlaskClient
) -> None:
    trusting.app.extensions["fieldfare"]["provider"] = None
    assert client.get("/users").status_code == 302
    assert client.get("/users").status_code == 302
