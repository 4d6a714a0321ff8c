"""Errands: what somebody was doing when they were asked who they are, so that nothing typed is lost.

Bookkeeping of the doors, like sessions: written here and not through the one door for changes. What a
form held is sealed, for an hour at most, and given back to whoever it belongs to.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from server.access.sessions import hash_of
from server.entrance.sealing import Sealer, Unreadable
from server.entrance.tables import ErrandRow

LIFE = timedelta(hours=1)
"""How long an errand is kept."""

ASKING_MAX = timedelta(minutes=10)
"""How long somebody may take at the provider."""

SECRET_BYTES = 32
"""Bytes of a state, a nonce and a browser's cookie: 256 bits, which nobody guesses."""

VERIFIER_BYTES = 48
"""Bytes of a PKCE verifier: 64 characters of the 43 to 128 that it may have."""


@dataclass(frozen=True, kw_only=True)
class Errand:
    """What somebody was doing: the page they wanted, and what they had typed if they had sent a form."""

    errand_id: str
    path: str
    user_id: str | None = None
    """Whose it is; nobody's yet while somebody is still signing in."""
    form: Sequence[tuple[str, str]] | None = None
    asked_at: datetime | None = None
    """When its browser went to the provider, once it has come back."""
    nonce: str = field(default="", repr=False)
    verifier: str = field(default="", repr=False)

    def sealed(self, sealer: Sealer) -> bytes:
        """Write it as the database keeps it."""
        written = {
            "path": self.path,
            "form": None if self.form is None else [list(pair) for pair in self.form],
            "nonce": self.nonce,
            "verifier": self.verifier,
        }
        return sealer.seal(json.dumps(written).encode(), self.errand_id)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What goes with a browser to the provider and must come back with it."""

    errand: Errand
    state: str = field(repr=False)
    browser: str = field(repr=False)
    """What the browser's cookie holds, so that nobody else's browser brings the answer."""


class NotTheirs(Exception):  # noqa: N818 - it says whose it is
    """An answer of the provider that another browser asked for."""


def begin(session: Session, sealer: Sealer, errand: Errand, now: datetime) -> None:
    """Keep an errand; those that are too old are forgotten at the same time."""
    forget_old(session, now)
    session.execute(
        insert(ErrandRow).values(
            errand_id=errand.errand_id,
            user_id=errand.user_id,
            began_at=now,
            sealed=errand.sealed(sealer),
        )
    )


def forget_old(session: Session, now: datetime) -> int:
    """Forget the errands that nobody came back to, and say how many there were."""
    old = delete(ErrandRow).where(ErrandRow.began_at < now - LIFE).returning(ErrandRow.errand_id)
    return len(session.scalars(old).all())


def find(
    session: Session, sealer: Sealer, errand_id: str, user_id: str, now: datetime
) -> Errand | None:
    """Find an errand of this user's that has not grown old."""
    row = session.scalar(
        select(ErrandRow).where(
            ErrandRow.errand_id == errand_id,
            ErrandRow.user_id == user_id,
            ErrandRow.began_at > now - LIFE,
        )
    )
    return _read(row, sealer) if row else None


def ask(session: Session, sealer: Sealer, errand: Errand, now: datetime) -> Asking:
    """Note that a browser goes to the provider on this errand, with secrets of this one asking."""
    asking = Asking(
        errand=replace(
            errand,
            nonce=secrets.token_urlsafe(SECRET_BYTES),
            verifier=secrets.token_urlsafe(VERIFIER_BYTES),
        ),
        state=secrets.token_urlsafe(SECRET_BYTES),
        browser=secrets.token_urlsafe(SECRET_BYTES),
    )
    session.execute(
        update(ErrandRow)
        .where(ErrandRow.errand_id == errand.errand_id)
        .values(
            asked_at=now,
            state_hash=hash_of(asking.state),
            browser_hash=hash_of(asking.browser),
            sealed=asking.errand.sealed(sealer),
        )
    )
    return asking


def come_back(
    session: Session, sealer: Sealer, *, state: str, browser: str, now: datetime
) -> Errand | None:
    """Find the errand an answer belongs to, once; none when it was used, is old or never was.

    Raises NotTheirs, and leaves the errand as it is, when another browser asked.
    """
    row = session.scalar(
        select(ErrandRow)
        .where(ErrandRow.state_hash == hash_of(state), ErrandRow.asked_at > now - ASKING_MAX)
        .with_for_update()
    )
    if row is None:
        return None
    if not hmac.compare_digest(row.browser_hash or "", hash_of(browser)):
        raise NotTheirs
    asked_at = row.asked_at
    row.state_hash = row.browser_hash = row.asked_at = None
    session.flush()
    errand = _read(row, sealer)
    return replace(errand, asked_at=asked_at) if errand else None


def give_to(session: Session, errand: Errand, user_id: str) -> None:
    """Say whose an errand is, now that somebody has signed in on it."""
    session.execute(
        update(ErrandRow).where(ErrandRow.errand_id == errand.errand_id).values(user_id=user_id)
    )


def forget(session: Session, errand: Errand) -> None:
    """Forget an errand that is done."""
    session.execute(delete(ErrandRow).where(ErrandRow.errand_id == errand.errand_id))


def _read(row: ErrandRow, sealer: Sealer) -> Errand | None:
    try:
        written = json.loads(sealer.open(row.sealed, row.errand_id))
    except Unreadable:
        return None
    form = written["form"]
    return Errand(
        errand_id=row.errand_id,
        path=written["path"],
        user_id=row.user_id,
        form=None if form is None else [(name, value) for name, value in form],
        nonce=written["nonce"],
        verifier=written["verifier"],
    )
