"""The sign-in page as tests use it: a name and a password, from some address, on the way to some page."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.server.access.conftest import PASSWORD


def sign_in(
    client: FlaskClient, name: str, password: str = PASSWORD, wanted: str = "", **how: str
) -> TestResponse:
    """Send the sign-in form; `how` says for example which address it comes from."""
    return client.post(
        "/sign-in",
        data={"user_name": name, "password": password, "next": wanted},
        environ_base=how,
    )
