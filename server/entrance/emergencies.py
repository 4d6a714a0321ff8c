"""Emergency sign-ins: who may still use a password where people come in otherwise, and that it is noted."""

from __future__ import annotations

from datetime import datetime

from flask import current_app

from server.access import sessions
from server.entrance.commands import RecordEmergencySignIn
from server.entrance.people import THE_ENTRANCE
from server.entrance.provider import Provider
from server.spine import clock
from server.spine.execute import Door
from server.spine.orders import Order


def who_may_use_passwords() -> frozenset[str] | None:
    """Name those who may sign in with a password; None where everybody does."""
    provider: Provider | None = current_app.extensions["fieldfare"]["provider"]
    return provider.settings.administrators if provider else None


def note(token: str, now: datetime) -> None:
    """Note that the session of this token was opened with a password, for another administrator to see."""
    door: Door = current_app.extensions["fieldfare"]["door"]
    with door.sessions() as session, session.begin():
        user_id = sessions.find(session, token, now).user_id
    if user_id is None:
        return
    order = Order(
        command=RecordEmergencySignIn(sign_in_id=clock.new_id(), user_id=user_id),
        command_id=clock.new_id(),
        actor=THE_ENTRANCE,
        happened_at=now,
    )
    door.execute(order, now=now).raise_if_refused()
