"""What the provider answers is believed only when everything about it is as it must be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import select, text

from server.access.tables import SessionRow
from server.entrance.provider import Provider
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import Accounts, begin, refused, sign_in

pytestmark = pytest.mark.enable_socket


def signed_in_users(trusting: Trusting) -> int:
    with trusting.office.session() as session:
        return len(session.scalars(select(SessionRow)).all())


def test_an_answer_with_another_state_is_not_taken(trusting: Trusting, accounts: Accounts) -> None:
    client = trusting.app.test_client()
    answer = urlsplit(accounts.answer_to(begin(client), "olive"))
    asked = {name: value[0] for name, value in parse_qs(answer.query).items()}
    for state in ("", "x" * 43, asked["state"] + "x"):
        tampered = f"{answer.path}?{urlencode(asked | {'state': state})}"
        refused(client.get(tampered), "was used already or took too long", 400)
    assert client.get(f"{answer.path}?{answer.query}").status_code == 303, "the right one is"


def test_an_answer_counts_once(trusting: Trusting, accounts: Accounts) -> None:
    client = trusting.app.test_client()
    answer = accounts.answer_to(begin(client), "olive")
    assert client.get(answer).status_code == 303
    refused(client.get(answer), "was used already or took too long", 400)


def test_a_code_counts_once_whoever_brings_it(trusting: Trusting, accounts: Accounts) -> None:
    used = urlsplit(accounts.answer_to(begin(trusting.app.test_client()), "olive"))
    code = parse_qs(used.query)["code"][0]
    other = trusting.app.test_client()
    own = urlsplit(accounts.answer_to(begin(other), "tom"))
    asked = {name: value[0] for name, value in parse_qs(own.query).items()}
    answer = other.get(f"{own.path}?{urlencode(asked | {'code': code})}")
    refused(answer, "was used already or took too long", 400)
    assert signed_in_users(trusting) == 0


def test_an_answer_is_taken_from_the_browser_that_asked_only(
    trusting: Trusting, accounts: Accounts
) -> None:
    victim, attacker = trusting.app.test_client(), trusting.app.test_client()
    answer = accounts.answer_to(begin(attacker), "olive")
    refused(victim.get(answer), "begun in another browser", 400)
    assert attacker.get(answer).status_code == 303, "it was left for whom it is"


def test_an_answer_that_took_too_long_is_not_taken(trusting: Trusting, accounts: Accounts) -> None:
    client = trusting.app.test_client()
    answer = accounts.answer_to(begin(client), "olive")
    with trusting.office.session() as session, session.begin():
        session.execute(text("UPDATE errand SET asked_at = asked_at - interval '11 minutes'"))
    refused(client.get(answer), "took too long", 400)


def test_an_answer_in_the_name_of_another_provider_is_not_looked_at(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    answer = urlsplit(accounts.answer_to(begin(client), "olive"))
    asked = {name: value[0] for name, value in parse_qs(answer.query).items()}
    mixed = urlencode(asked | {"iss": "https://login.other.example"})
    refused(client.get(f"{answer.path}?{mixed}"), "could not be trusted", 403)


@pytest.mark.parametrize(
    "lie",
    [
        {"claims": {"nonce": "another"}},
        {"without": ["nonce"]},
        {"claims": {"iss": "https://login.other.example"}},
        {"without": ["iss"]},
        {"claims": {"aud": "another-client"}},
        {"claims": {"aud": ["another-client", "a-third"]}},
        {"without": ["aud"]},
        {"claims": {"azp": "another-client"}},
        {"claims": {"exp": 1_700_000_000}},
        {"without": ["exp"]},
        {"claims": {"iat": 4_000_000_000}},
        {"claims": {"nbf": 4_000_000_000}},
        {"sign": "none"},
        {"sign": "HS256"},
        {"sign": "stranger"},
        {"without": ["oid"]},
        {"without": ["tid"]},
        {"claims": {"oid": ["a", "b"]}},
        {"claims": {"oid": "x" * 256}},
    ],
    ids=str,
)
def test_an_answer_that_cannot_be_trusted_lets_nobody_in(
    trusting: Trusting, accounts: Accounts, lie: dict[str, object]
) -> None:
    client = trusting.app.test_client()
    accounts.lie(**lie)
    refused(sign_in(client, accounts, "olive"), "could not be trusted", 403)
    assert client.get("/you").status_code == 302
    assert signed_in_users(trusting) == 0
    accounts.lie()
    assert sign_in(client, accounts, "olive").status_code == 303, "and nothing else was wrong"


def test_a_provider_that_calls_itself_something_else_is_not_asked(
    trusting: Trusting, accounts: Accounts
) -> None:
    accounts.lie(issuer=accounts.issuer + "/")
    client = trusting.app.test_client()
    refused(client.post("/sign-in/account"), "could not be trusted", 403)


def test_a_provider_out_of_reach_is_said_and_asked_again_later(
    trusting: Trusting, accounts: Accounts
) -> None:
    provider: Provider = trusting.app.extensions["fieldfare"]["provider"]
    state = trusting.app.extensions["fieldfare"]
    state["provider"] = Provider(replace(provider.settings, issuer="http://127.0.0.1:9"))
    client = trusting.app.test_client()
    for _try in range(2):
        refused(client.post("/sign-in/account"), "cannot be reached", 503)
    state["provider"] = provider
    assert sign_in(client, accounts, "olive").status_code == 303


def test_a_provider_that_goes_away_before_its_answer_is_redeemed_is_said(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    answer = accounts.answer_to(begin(client), "olive")
    provider: Provider = trusting.app.extensions["fieldfare"]["provider"]
    provider._silent_since = datetime.now(UTC)
    refused(client.get(answer), "cannot be reached", 503)


def test_saying_no_at_the_provider_is_no_mistake_of_ours(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    refused(client.get(accounts.answer_to(begin(client), "")), "was not confirmed", 403)
