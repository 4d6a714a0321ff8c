"""Signed-in browsers: each known by a random token, of which the office keeps only the hash.

Sessions, failed tries and nonces are bookkeeping of the doors, not something that happened to a
case or a user, so they are written here and not through the one door for changes.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
    "passwords": mark("People sign in by their council account now: use yours"),
    "unknown": mark("Your council account no longer opens this office, so you were signed out"),
    "unconfirmed": mark("Your council account could not be confirmed: sign in again"),
}
"""Why a session is over, as the sign-in page says it."""

_SEEN_AGAIN = timedelta(seconds=30)
_KEPT = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a token led to: a user while the session lasts, else why it is over."""

    user_id: str | None = None
    sign_in: str = ""
    ended: str | None = None
    proved_at: datetime | None = None
    by_provider: bool = False
    checked_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class AtProvider:
    """What a session keeps of its person's signing in at the provider."""

    proved_at: datetime
    sealed_refresh: bytes | None = None


def start(session: Session, user_id: str, now: datetime, provider: AtProvider | None = None) -> str:
    """Start a session and give its token, which is kept nowhere else."""
    session.execute(delete(SessionRow).where(SessionRow.started_at < now - _KEPT))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.execute(
        insert(SessionRow).values(
            token_hash=hash_of(token),
            user_id=user_id,
            started_at=now,
            seen_at=now,
            proved_at=provider.proved_at if provider else now,
            by_provider=provider is not None,
            checked_at=now if provider else None,
            sealed_refresh=provider.sealed_refresh if provider else None,
        )
    )
    return token


def prove(
    session: Session, token: str, now: datetime, provider: AtProvider | None = None
) -> str | None:
    """Note that its person showed again who they are; the session goes on under a new token.

    It still ends when it would have. None when it is over already.
    """
    renewed = secrets.token_urlsafe(TOKEN_BYTES)
    values: dict[str, Any] = {"token_hash": hash_of(renewed), "proved_at": now, "seen_at": now}
    if provider is not None:
        values |= {"proved_at": provider.proved_at, "checked_at": now, "by_provider": True}
        values["sealed_refresh"] = provider.sealed_refresh
    return renewed if _update(session, token, **values) else None


def find(session: Session, token: str, now: datetime) -> Found:
    """Say whose session this is, and that it was used; one that is over says why."""
    row = session.execute(
        select(SessionRow, UserRow.active, UserRow.sign_in)
        .join(UserRow, UserRow.user_id == SessionRow.user_id)
        .where(SessionRow.token_hash == hash_of(token))
    ).one_or_none()
    if row is None:
        return Found()
    found, active, sign_in = row
    if found.ended_at is not None or not active:
        return Found(ended=found.ended_why or "ended")
    if now - found.started_at >= LIFE_MAX:
        return Found(ended="old")
    if now - found.seen_at >= IDLE_MAX:
        return Found(ended="idle")
    if now - found.seen_at >= _SEEN_AGAIN:
        _update(session, token, seen_at=now)
    return Found(
        user_id=found.user_id,
        sign_in=sign_in,
        proved_at=found.proved_at,
        by_provider=found.by_provider,
        checked_at=found.checked_at,
    )


def end(session: Session, token: str, now: datetime, why: str = "") -> None:
    """End a session, saying why by a key of `ENDED`; ending it again changes nothing."""
    _update(session, token, ended_at=now, ended_why=why, sealed_refresh=None)


def _update(session: Session, token: str, **values: Any) -> bool:  # noqa: ANN401 - columns
    changed = session.scalar(
        update(SessionRow)
        .where(SessionRow.token_hash == hash_of(token), SessionRow.ended_at.is_(None))
        .values(**values)
        .returning(SessionRow.user_id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None


def hash_of(token: str) -> str:
    """Give what the office keeps of a token or another secret of a browser."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
