"""Signing in by the council's accounts, against a real OpenID provider: who comes in, and who does not."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from sqlalchemy import select

from server.access.identity import PLAIN_COOKIE
from server.access.tables import SessionRow, UserRoleRow, UserRow
from server.access.user_commands import SuspendUser
from server.entrance.provider import Provider
from server.entrance.tables import ErrandRow, IdentityRow
from server.spine.tables import CommandRow
from tests.pages import assert_page
from tests.server.access.conftest import PASSWORD
from tests.server.access.entrance import sign_in as sign_in_by_password
from tests.server.access.test_held_forms import hidden
from tests.server.entrance.conftest import Trusting
from tests.server.entrance.council_accounts import PEOPLE, Accounts, begin, refused, sign_in
from tests.server.reading import words_of

pytestmark = pytest.mark.enable_socket


def cookie_of(client: object) -> str | None:
    cookie = client.get_cookie(PLAIN_COOKIE)  # type: ignore[attr-defined]
    return cookie.value if cookie else None


def test_whoever_has_a_role_comes_in_to_the_page_they_asked_for(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    page = client.get("/sign-in?next=/users?page%3D2")
    assert_page(page.text)
    assert "Sign in with Harrowmere account" in words_of(page.text)
    answer = sign_in(client, accounts, "olive", next="/users?page=2")
    assert (answer.status_code, answer.location) == (303, "/users?page=2")
    assert client.get("/users?page=2").status_code == 200
    assert "Olive Marsh" in client.get("/you").text


def test_a_browser_is_sent_with_a_challenge_a_nonce_and_a_state_and_asked_for_nothing_more(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    first, second = (dict(parse_qsl(urlsplit(begin(client)).query)) for _ in range(2))
    assert first["code_challenge_method"] == "S256"
    assert first["response_type"] == "code"
    assert first["redirect_uri"].endswith("/sign-in/answer")
    assert set(first["scope"].split()) == {"openid", "profile", "offline_access"}
    assert "prompt" not in first
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


def test_someone_new_is_added_with_exactly_the_roles_of_the_claim(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    sign_in(client, accounts, "tom")
    with trusting.office.session() as session:
        user = session.scalars(select(UserRow)).one()
        identity = session.scalars(select(IdentityRow)).one()
        roles = set(session.scalars(select(UserRoleRow.role)))
        named = set(session.scalars(select(CommandRow.name)))
    assert (user.name, user.sign_in) == ("Tom Reeve", "tom.reeve@council.example")
    assert user.password_hash == ""
    assert (identity.tenant, identity.subject) == (PEOPLE["tom"]["tid"], PEOPLE["tom"]["oid"])
    assert roles == {"supervisor", "officer"}
    assert named == {"OpenUser", "LinkIdentity", "GrantRole"}


def test_roles_follow_the_claim_at_each_sign_in(trusting: Trusting, accounts: Accounts) -> None:
    sign_in(trusting.app.test_client(), accounts, "tom")
    accounts.change("tom", roles=["Recovery.Administrator"])
    client = trusting.app.test_client()
    sign_in(client, accounts, "tom")
    with trusting.office.session() as session:
        assert set(session.scalars(select(UserRoleRow.role))) == {"administrator"}
    assert client.get("/users").status_code == 200


def test_somebody_is_known_by_their_ids_when_name_and_address_change(
    trusting: Trusting, accounts: Accounts
) -> None:
    sign_in(trusting.app.test_client(), accounts, "olive")
    accounts.change("olive", name="Olive Reeve", preferred_username="olive.reeve@council.example")
    sign_in(trusting.app.test_client(), accounts, "olive")
    with trusting.office.session() as session:
        assert len(session.scalars(select(UserRow)).all()) == 1


def test_an_address_that_somebody_else_had_makes_nobody_that_person(
    trusting: Trusting, accounts: Accounts
) -> None:
    sign_in(trusting.app.test_client(), accounts, "olive")
    accounts.change("tom", preferred_username=PEOPLE["olive"]["preferred_username"])
    sign_in(trusting.app.test_client(), accounts, "tom")
    with trusting.office.session() as session:
        users = session.scalars(select(UserRow).order_by(UserRow.name)).all()
    assert [user.name for user in users] == ["Olive Marsh", "Tom Reeve"]
    assert re.fullmatch(r"account-[0-9a-f]{8}", users[1].sign_in)


@pytest.mark.parametrize("roles", [["Payroll.Clerk"], [], None, "Payroll.Clerk", {"a": 1}, [7]])
def test_nobody_without_a_role_here_comes_in_or_is_added(
    trusting: Trusting, accounts: Accounts, roles: object
) -> None:
    accounts.change("nell", roles=roles)
    client = trusting.app.test_client()
    refused(sign_in(client, accounts, "nell"), "has no role in this office", 403)
    assert client.get("/you").status_code == 302
    with trusting.office.session() as session:
        assert session.scalars(select(UserRow)).all() == []


def test_a_role_this_office_has_not_lets_nobody_in(trusting: Trusting, accounts: Accounts) -> None:
    state = trusting.app.extensions["fieldfare"]
    settings = replace(state["provider"].settings, roles={"Recovery.Administrator": ("king",)})
    state["provider"] = Provider(settings)
    answer = sign_in(trusting.app.test_client(), accounts, "olive")
    refused(answer, "has no role in this office", 403)


def test_one_role_is_understood_without_a_list(trusting: Trusting, accounts: Accounts) -> None:
    accounts.change("nell", roles="Recovery.Administrator")
    assert sign_in(trusting.app.test_client(), accounts, "nell").status_code == 303


def test_somebody_who_lost_every_role_is_left_with_none(
    trusting: Trusting, accounts: Accounts
) -> None:
    sign_in(trusting.app.test_client(), accounts, "olive")
    accounts.change("olive", roles=[])
    answer = sign_in(trusting.app.test_client(), accounts, "olive")
    refused(answer, "has no role in this office", 403)
    with trusting.office.session() as session:
        assert session.scalars(select(UserRoleRow)).all() == []


def test_a_suspended_user_stays_outside(trusting: Trusting, accounts: Accounts) -> None:
    sign_in(trusting.app.test_client(), accounts, "olive")
    with trusting.office.session() as session:
        olive = session.scalars(select(UserRow.user_id)).one()
    trusting.office.give(SuspendUser(user_id=olive)).raise_if_refused()
    answer = sign_in(trusting.app.test_client(), accounts, "olive")
    refused(answer, "You are suspended here", 403)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_after_signing_in_nobody_is_led_to_another_site(
    trusting: Trusting, accounts: Accounts, wanted: str
) -> None:
    answer = sign_in(trusting.app.test_client(), accounts, "olive", next=wanted)
    assert answer.location == "/first-page"


def test_the_session_is_another_one_after_signing_in(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    client.set_cookie(PLAIN_COOKIE, "planted")
    sign_in(client, accounts, "olive")
    first = cookie_of(client)
    sign_in(client, accounts, "olive")
    assert first not in (None, "planted", cookie_of(client))
    client.set_cookie(PLAIN_COOKIE, str(first))
    assert client.get("/you").status_code == 302


def test_what_somebody_typed_before_their_session_ended_is_offered_again(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    typed = {"full_name": "Rosa O'Neill & co", "sign_in": "rosa", "roles": "officer"}
    late = client.post("/users/new", data=typed, follow_redirects=True)
    assert late.status_code == 401
    carried = hidden(late.text)
    with trusting.office.session() as session:
        assert session.scalars(select(ErrandRow)).all() == []
    failed = client.get(accounts.answer_to(begin(client, **carried), ""))
    assert failed.status_code == 403
    assert hidden(failed.text)["held:full_name"] == typed["full_name"]
    back = sign_in(client, accounts, "olive", **hidden(failed.text))
    assert back.status_code == 303
    offered = client.get(back.location)
    assert_page(offered.text)
    assert 'action="/users/new"' in offered.text
    assert hidden(offered.text)["full_name"] == typed["full_name"]


def test_what_is_kept_meanwhile_shows_nothing_of_what_was_typed(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    begin(client, next="/users/new", **{"held:full_name": "Rosa O'Neill"})
    with trusting.office.session() as session:
        kept = session.scalars(select(ErrandRow)).one()
    assert b"Rosa" not in kept.sealed
    assert b"users" not in kept.sealed


def test_passwords_open_nothing_where_the_provider_does(
    trusting: Trusting, accounts: Accounts
) -> None:
    trusting.office.person("amina", "administrator")
    client = trusting.app.test_client()
    answer = sign_in_by_password(client, "amina", PASSWORD)
    assert answer.status_code == 422
    assert "Check your user name and password" in answer.text
    assert_page(answer.text)
    assert client.get("/users").status_code == 302


def test_signing_out_offers_to_sign_out_at_the_provider_too(
    trusting: Trusting, accounts: Accounts
) -> None:
    client = trusting.app.test_client()
    sign_in(client, accounts, "olive")
    before = cookie_of(client)
    answer = client.post("/sign-out")
    assert answer.location == "/signed-out"
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    page = client.get("/signed-out")
    assert_page(page.text)
    [offered] = re.findall(rf'href="({accounts.issuer}/session/end[^"]*)"', page.text)
    at_provider = requests.get(offered.replace("&amp;", "&"), timeout=20)
    assert at_provider.status_code == 200, at_provider.text
    client.set_cookie(PLAIN_COOKIE, str(before))
    assert client.get("/you").status_code == 302
    with trusting.office.session() as session:
        assert session.scalars(select(SessionRow)).one().sealed_refresh is None


def test_so_many_sign_ins_at_once_from_one_place_are_too_many(
    trusting: Trusting, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.entrance.provider_screens.BEGUN_MAX", 2)
    client = trusting.app.test_client()
    begin(client)
    begin(client)
    refused(client.post("/sign-in/account"), "Too many sign-ins at once", 429)


def test_an_office_without_a_provider_has_none_of_its_pages(trusting: Trusting) -> None:
    plain = trusting.office.app.extensions["fieldfare"]
    plain["provider"] = None
    client = trusting.app.test_client()
    assert client.post("/sign-in/account").status_code == 404
    assert client.get("/sign-in/answer").status_code == 404
    assert client.get("/signed-out").location == "/sign-in"


def test_what_nobody_came_back_to_is_forgotten_after_an_hour(
    trusting: Trusting, accounts: Accounts
) -> None:
    begin(trusting.app.test_client())
    house = trusting.app.extensions["fieldfare"]["house"]
    [chore] = [each for each in house.chores if each.name == "entrance.forget"]
    with trusting.office.session() as session, session.begin():
        assert chore.run(session, datetime.now(UTC)) == 0
        assert chore.run(session, datetime.now(UTC) + timedelta(minutes=61)) == 1
