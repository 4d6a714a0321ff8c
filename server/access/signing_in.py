"""Signing in with a user name and a password, at the pace of a person and never of a machine."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.access import attempts, passwords, sessions
from server.access.attempts import Limit
from server.access.tables import UserRow
from shared.catalogue import mark
from shared.errors import RuleBroken, register

TRIES_MAX = 10
"""Failed tries in five minutes, by user name and by address alike."""

register(
    {
        "sign_in.wrong": mark("Check your user name and password, then try again"),
        "sign_in.too_many": mark("Too many tries: wait five minutes, then sign in again"),
    }
)

Sessions = Callable[[], Session]


def sign_in(
    open_session: Sessions,
    name: str,
    password: str,
    *,
    address: str,
    now: datetime,
    only: Collection[str] | None = None,
) -> str:
    """Start a session for whoever knows the password and give its token, or refuse.

    `only` names those who may still use a password where people sign in by other accounts.

    An unknown name, a wrong password and a suspended user are refused in the same words and after
    the same work, so that nobody learns who works here.
    """
    name = name.strip().lower()
    counted = _count_try(open_session, name, address, now)
    with open_session() as session:
        user = session.scalars(select(UserRow).where(UserRow.sign_in == name)).one_or_none()
    may_enter = only is None or name in only
    known_hash = user.password_hash if user and user.active and may_enter else ""
    if not passwords.is_password(password, known_hash) or user is None:
        raise RuleBroken("sign_in.wrong")
    with open_session() as session, session.begin():
        attempts.succeeded(session, counted)
        if not _is_still(session, user.user_id, known_hash):
            raise RuleBroken("sign_in.wrong")
        if passwords.needs_new_hash(known_hash):
            _hash_again(session, user.user_id, password)
        return sessions.start(session, user.user_id, now)


def check_own_password(
    open_session: Sessions, user_id: str, password: str, *, now: datetime
) -> None:
    """Refuse unless this is the user's password, as slowly as a sign-in does."""
    with open_session() as session:
        user = session.get_one(UserRow, user_id)
    limits = [Limit(what="sign_in_name", who=user.sign_in, tries_max=TRIES_MAX)]
    with open_session() as session, session.begin():
        counted = attempts.try_once(session, limits, now)
    if counted is None:
        raise RuleBroken("sign_in.too_many")
    if not passwords.is_password(password, user.password_hash):
        raise RuleBroken("password.wrong", field="password_now")
    with open_session() as session, session.begin():
        attempts.succeeded(session, counted)


def _count_try(open_session: Sessions, name: str, address: str, now: datetime) -> list[int]:
    limits = [
        Limit(what="sign_in_name", who=name, tries_max=TRIES_MAX),
        Limit(what="sign_in_address", who=address, tries_max=TRIES_MAX),
    ]
    with open_session() as session, session.begin():
        counted = attempts.try_once(session, limits, now)
    if counted is None:
        raise RuleBroken("sign_in.too_many")
    return list(counted)


def _is_still(session: Session, user_id: str, known_hash: str) -> bool:
    """Look again under a lock: the user may have been suspended while their password was checked."""
    found = session.scalar(
        select(UserRow.user_id)
        .where(UserRow.user_id == user_id, UserRow.active, UserRow.password_hash == known_hash)
        .with_for_update(key_share=True)
    )
    return found is not None


def _hash_again(session: Session, user_id: str, password: str) -> None:
    """Keep the same password under today's settings."""
    session.execute(
        update(UserRow)
        .where(UserRow.user_id == user_id)
        .values(password_hash=passwords.hash_password(password))
    )
