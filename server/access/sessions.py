"""Signed-in browsers: each known by a random token, of which the office keeps only the hash.

Sessions, failed tries and nonces are bookkeeping of the doors, not something that happened to a
case or a user, so they are written here and not through the one door for changes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from server.access.tables import SessionRow, UserRow
from shared.catalogue import mark

IDLE_MAX = timedelta(minutes=15)
"""How long a session lasts without a request."""

LIFE_MAX = timedelta(hours=10)
"""How long a session lasts at most, however busy."""

TOKEN_BYTES = 32
"""Bytes of a token: 256 bits, which nobody guesses."""

ENDED: dict[str, str] = {
    "idle": mark("You were signed out because nothing was done for 15 minutes"),
    "old": mark("You were signed out because you had been signed in for 10 hours"),
    "ended": mark("You have been signed out"),
}
"""Why a session is over, as the sign-in page says it."""

_SEEN_AGAIN = timedelta(seconds=30)
_KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a token led to: a user while the session lasts, else why it is over."""

    user_id: str | None = None
    ended: str | None = None


def start(session: Session, user_id: str, now: datetime) -> str:
    """Start a session and give its token, which is kept nowhere else."""
    session.execute(delete(SessionRow).where(SessionRow.started_at < now - _KEPT))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.execute(
        insert(SessionRow).values(
            token_hash=_hash(token), user_id=user_id, started_at=now, seen_at=now
        )
    )
    return token


def find(session: Session, token: str, now: datetime) -> Found:
    """Say whose session this is, and that it was used; one that is over says why."""
    row = session.execute(
        select(SessionRow, UserRow.active)
        .join(UserRow, UserRow.user_id == SessionRow.user_id)
        .where(SessionRow.token_hash == _hash(token))
    ).one_or_none()
    if row is None:
        return Found()
    found, active = row
    if found.ended_at is not None or not active:
        return Found(ended="ended")
    if now - found.started_at >= LIFE_MAX:
        return Found(ended="old")
    if now - found.seen_at >= IDLE_MAX:
        return Found(ended="idle")
    if now - found.seen_at >= _SEEN_AGAIN:
        _update(session, token, seen_at=now)
    return Found(user_id=found.user_id)


def end(session: Session, token: str, now: datetime) -> None:
    """End a session; ending it again changes nothing."""
    _update(session, token, ended_at=now)


def _update(session: Session, token: str, **moments: datetime) -> None:
    session.execute(
        update(SessionRow)
        .where(SessionRow.token_hash == _hash(token), SessionRow.ended_at.is_(None))
        .values(**moments)
        .execution_options(synchronize_session=False)
    )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
