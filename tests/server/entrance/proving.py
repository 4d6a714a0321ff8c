"""What tests of proving do: a form that weighs, pressed when the last proof is old."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from server.access.identity import PLAIN_COOKIE
from server.access.tables import SessionRow
from server.spine import clock
from tests.pages import assert_page
from tests.server.access.conftest import Office
from tests.server.reading import words_of


def later(office: Office, **columns: timedelta) -> None:
    """Let time pass for every session there is, by moving what it remembers back."""
    moved = {name: getattr(SessionRow, name) - by for name, by in columns.items()}
    with office.session() as session, session.begin():
        session.execute(update(SessionRow).values(moved))


def token_of(client: FlaskClient) -> str:
    """Give the token of the session this browser has."""
    cookie = client.get_cookie(PLAIN_COOKIE)
    assert cookie is not None
    return cookie.value


def new_user() -> dict[str, str]:
    """Make what the form for a new user sends."""
    return {
        "user_id": clock.new_id(),
        "full_name": "Rosa “Rose” O'Neill & co",
        "sign_in": "rosa",
        "roles": "officer",
    }


def pressed_late(client: FlaskClient, sent: dict[str, str]) -> TestResponse:
    """Send the form for a new user, and give the page that asks who one is."""
    answer = client.post("/users/new", data=sent, follow_redirects=True)
    assert answer.status_code == 200
    assert_page(answer.text)
    assert "Show that it is you" in words_of(answer.text)
    return answer
