"""Signing in and out: at the pace of a person, with a token that is worth nothing afterwards."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text, update

from server.access import passwords
from server.access.identity import HOST_COOKIE, PLAIN_COOKIE
from server.access.sign_in_screens import safe_path
from server.access.tables import AttemptRow, SessionRow, UserRow
from server.access.user_commands import SetPassword, SuspendUser
from server.spine import clock
from server.spine.tables import ChangeRow
from tests.server.access.conftest import PASSWORD, Office
from tests.server.access.entrance import sign_in


def token_of(client: FlaskClient) -> str | None:
    cookie = client.get_cookie(PLAIN_COOKIE)
    return cookie.value if cookie else None


def test_whoever_is_not_signed_in_is_asked_who_they_are(office: Office) -> None:
    answer = office.app.test_client().get("/users?page=2")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/users?page%3D2"


def test_the_right_password_opens_the_page_that_was_asked_for(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    answer = sign_in(client, " Amina ", wanted="/users?page=2")
    assert (answer.status_code, answer.location) == (303, "/users?page=2")
    assert client.get("/users?page=2").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(office: Office) -> None:
    office.person("amina", "administrator")
    cookie = sign_in(office.app.test_client(), "amina").headers["Set-Cookie"]
    assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Max-Age" not in cookie
    assert "Expires" not in cookie


def test_over_https_the_cookie_belongs_to_this_host_alone(
    office: Office, make_app: Callable[..., Flask]
) -> None:
    office.person("amina", "administrator")
    client = make_app(secure_cookies=True).test_client()
    answer = client.post(
        "https://localhost/sign-in", data={"user_name": "amina", "password": PASSWORD}
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{HOST_COOKIE}=")
    assert "Secure" in cookie.split("; ")
    assert "Domain" not in cookie
    assert client.get("https://localhost/users").status_code == 200


def test_the_token_itself_is_not_in_the_database(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    sign_in(client, "amina")
    with office.session() as session:
        kept = session.scalars(select(SessionRow.token_hash)).one()
    token = token_of(client)
    assert token is not None
    assert len(token) == 43
    assert token not in kept


def test_a_wrong_password_an_unknown_name_and_a_suspended_user_get_one_answer(
    office: Office,
) -> None:
    office.person("amina", "officer")
    office.give(SuspendUser(user_id=office.person("ben", "officer"))).raise_if_refused()
    office.give_user_without_password("carys")
    pages = {
        sign_in(office.app.test_client(), name, password).text.replace(name, "")
        for name, password in (
            ("amina", "wrong"),
            ("nobody", PASSWORD),
            ("ben", PASSWORD),
            ("carys", PASSWORD),
            ("carys", "nobody has this password"),
        )
    }
    assert len(pages) == 1
    assert "Check your user name and password" in pages.pop()


@pytest.mark.parametrize(
    ("name", "password", "sentence"),
    [
        ("", PASSWORD, "Enter your user name"),
        ("amina", "", "Enter your password"),
        ("a\x00b", PASSWORD, "Remove the characters that cannot be shown"),
        ("amina", "x" * 201, "at most 200 characters"),
    ],
)
def test_what_is_missing_or_cannot_be_read_is_said_next_to_its_field(
    office: Office, name: str, password: str, sentence: str
) -> None:
    answer = sign_in(office.app.test_client(), name, password)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_password_is_not_sent_back(office: Office) -> None:
    answer = sign_in(office.app.test_client(), "amina", "tell-nobody-this")
    assert "tell-nobody-this" not in answer.text
    assert 'value="amina"' in answer.text


def test_the_token_changes_at_every_sign_in_and_the_old_one_is_over(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    sign_in(client, "amina")
    before = token_of(client)
    sign_in(client, "amina")
    assert before is not None
    assert token_of(client) != before
    client.set_cookie(PLAIN_COOKIE, before)
    assert client.get("/users").status_code == 302


def test_a_token_somebody_planted_is_not_taken_over(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    client.set_cookie(PLAIN_COOKIE, "planted")
    sign_in(client, "amina")
    assert token_of(client) not in (None, "planted")


def test_signing_out_ends_the_session_even_for_a_copied_cookie(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    copied = token_of(client)
    answer = client.post("/sign-out")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert token_of(client) is None
    assert "You have signed out" in client.get("/sign-in").text
    assert copied is not None
    client.set_cookie(PLAIN_COOKIE, copied)
    assert client.get("/users").status_code == 302
    assert "You have been signed out" in client.get("/sign-in").text


def test_signing_out_when_nobody_is_signed_in_is_no_mistake(office: Office) -> None:
    assert office.app.test_client().post("/sign-out").status_code == 303


def test_signing_out_by_a_link_does_nothing(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    assert client.get("/sign-out").status_code == 405
    assert client.get("/users").status_code == 200


@pytest.mark.parametrize(
    ("column", "age", "status"),
    [
        (SessionRow.seen_at, timedelta(minutes=14, seconds=59), 200),
        (SessionRow.seen_at, timedelta(minutes=15), 302),
        (SessionRow.started_at, timedelta(hours=9, minutes=59, seconds=59), 200),
        (SessionRow.started_at, timedelta(hours=10), 302),
    ],
)
def test_a_session_ends_after_15_idle_minutes_or_10_hours(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    column: object,
    age: timedelta,
    status: int,
) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    with office.session() as session:
        now = session.scalars(select(SessionRow.seen_at)).one()
    monkeypatch.setattr(clock, "now", lambda: now)
    with office.session() as session, session.begin():
        session.execute(update(SessionRow).values({column: column - age}))  # type: ignore[operator]  # a column of SessionRow
    assert client.get("/users").status_code == status


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("seen_at", "nothing was done for 15 minutes"),
        ("started_at", "signed in for 10 hours"),
    ],
)
def test_the_sign_in_page_says_why_a_session_is_over(
    office: Office, column: str, sentence: str
) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    with office.session() as session, session.begin():
        session.execute(text(f"UPDATE session SET {column} = {column} - interval '11 hours'"))  # noqa: S608 - our own words
    assert sentence in client.get("/users", follow_redirects=True).text


def test_using_the_office_keeps_a_session_open(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    for _ in range(3):
        with office.session() as session, session.begin():
            session.execute(text("UPDATE session SET seen_at = seen_at - interval '10 minutes'"))
        assert client.get("/users").status_code == 200


@pytest.mark.proves("T16")
def test_a_suspended_users_session_is_over_at_the_next_request(office: Office) -> None:
    user_id = office.person("amina", "administrator")
    client = office.client_of(user_id)
    assert client.get("/users").status_code == 200
    office.give(SuspendUser(user_id=user_id)).raise_if_refused()
    assert client.get("/users").status_code == 302


def test_ten_wrong_passwords_for_a_name_and_even_the_right_one_must_wait(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    for number in range(10):
        wrong = sign_in(client, "amina", "wrong", REMOTE_ADDR=f"10.0.0.{number}")
        assert wrong.status_code == 422
    late = sign_in(client, "amina", REMOTE_ADDR="10.0.1.1")
    assert late.status_code == 429
    assert "wait five minutes" in late.text
    age_attempts(office)
    assert sign_in(client, "amina", REMOTE_ADDR="10.0.1.1").status_code == 303


def test_ten_wrong_passwords_from_an_address_and_it_must_wait(office: Office) -> None:
    office.person("amina", "administrator")
    client = office.app.test_client()
    for number in range(10):
        assert sign_in(client, f"name{number}", "wrong").status_code == 422
    assert sign_in(client, "amina").status_code == 429
    assert sign_in(client, "amina", REMOTE_ADDR="10.0.0.2").status_code == 303


def test_a_busy_morning_from_one_address_locks_nobody_out(office: Office) -> None:
    office.person("amina", "administrator")
    for _ in range(12):
        assert sign_in(office.app.test_client(), "amina").status_code == 303
    with office.session() as session:
        assert not session.scalars(select(AttemptRow)).all()


@pytest.mark.proves("T37")
def test_guessing_from_two_processes_at_once_gets_no_more_tries(
    office: Office, database_url: str
) -> None:
    office.person("amina", "administrator")
    guessers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.server.access.guesser", database_url, "amina", "12"],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = [line for each in guessers for line in each.communicate(timeout=100)[0].split()]
    assert len(said) == 24
    assert said.count("sign_in.wrong") == 10
    assert said.count("sign_in.too_many") == 14


def test_old_tries_are_forgotten(office: Office) -> None:
    sign_in(office.app.test_client(), "nobody", "wrong")
    with office.session() as session, session.begin():
        session.execute(text("UPDATE attempt SET made_at = made_at - interval '2 days'"))
    sign_in(office.app.test_client(), "somebody", "wrong")
    with office.session() as session:
        assert {row.who for row in session.scalars(select(AttemptRow))} == {"somebody", "127.0.0.1"}


def test_a_hash_from_weaker_days_is_made_anew_without_a_change_of_password(
    office: Office,
) -> None:
    user_id = office.person("amina", "administrator")
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    office.give(SetPassword(user_id=user_id, password_hash=weak)).raise_if_refused()
    changes = count_changes(office)
    assert sign_in(office.app.test_client(), "amina").status_code == 303
    with office.session() as session:
        kept = session.get_one(UserRow, user_id).password_hash
    assert kept != weak
    assert not passwords.needs_new_hash(kept)
    assert count_changes(office) == changes
    assert sign_in(office.app.test_client(), "amina").status_code == 303


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example",
        "\n//evil.example",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
        "http:evil.example",
        "",
    ],
)
def test_signing_in_leads_to_no_other_site(office: Office, wanted: str) -> None:
    assert safe_path(wanted) == ""
    office.person("amina", "administrator")
    answer = sign_in(office.app.test_client(), "amina", wanted=wanted)
    assert answer.location == "/first-page"


@pytest.mark.parametrize("wanted", ["/", "/users?page=2", "/search?q=a%20b&x=%C3%A9", "/café"])
def test_a_page_of_this_office_is_gone_back_to(wanted: str) -> None:
    assert safe_path(wanted) == wanted


def test_an_administrator_comes_to_a_page_they_may_open(office: Office) -> None:
    client = office.client_of(office.person("amina", "administrator"))
    assert client.get("/first-page", follow_redirects=True).status_code == 200


def test_someone_without_any_role_comes_to_their_own_page(office: Office) -> None:
    client = office.client_of(office.person("amina"))
    answer = client.get("/first-page", follow_redirects=True)
    assert answer.request.path == "/you"
    assert answer.status_code == 200


def age_attempts(office: Office) -> None:
    with office.session() as session, session.begin():
        session.execute(text("UPDATE attempt SET made_at = made_at - interval '5 minutes'"))


def count_changes(office: Office) -> int:
    with office.session() as session:
        return len(session.scalars(select(ChangeRow.change_id)).all())
