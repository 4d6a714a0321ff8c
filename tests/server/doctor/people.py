"""People of an office that the doctor looks at."""

from __future__ import annotations

from server.access.passwords import hash_password
from server.access.user_commands import OpenUser, SetPassword
from server.spine import clock
from tests.server.access.conftest import Office


def make_user(office: Office, sign_in: str, password: str) -> None:
    """Add a user with a password, whatever anybody thinks of it."""
    user_id = clock.new_id()
    office.give(
        OpenUser(user_id=user_id, sign_in=sign_in, full_name="Olive Marsh")
    ).raise_if_refused()
    office.give(
        SetPassword(user_id=user_id, password_hash=hash_password(password))
    ).raise_if_refused()
