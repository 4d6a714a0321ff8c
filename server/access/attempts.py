"""Guessing made slow: failed tries are counted in the database, so that every process counts alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from server.access.tables import AttemptRow

WINDOW = timedelta(minutes=5)
"""For how long a failed try counts."""

WHO_MAX = 80
"""Characters of a name or an address that are kept; longer ones count as one."""

_PRUNED_AT_ONCE = 100
_KEPT = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Limit:
    """How many tries at one thing by one name or address may fail in the window."""

    what: str
    who: str
    tries_max: int


def try_once(session: Session, limits: Sequence[Limit], now: datetime) -> Sequence[int] | None:
    """Count one try against every limit and name what was counted, or say that it is one too many.

    A lock for each limit makes counting and adding one step, so that tries made at the same moment
    in several processes are as few as tries made in turn. The caller commits before it looks at
    what was tried, and gives the names to `succeeded` when nothing was wrong with it.
    """
    _prune(session, now)
    for limit in sorted(limits, key=lambda each: (each.what, each.who)):
        name = f"{limit.what}:{limit.who[:WHO_MAX]}"
        session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:n, 0))"), {"n": name})
    if any(_failed(session, limit, now) >= limit.tries_max for limit in limits):
        return None
    rows = [{"what": each.what, "who": each.who[:WHO_MAX], "made_at": now} for each in limits]
    return session.scalars(insert(AttemptRow).returning(AttemptRow.attempt_id), rows).all()


def succeeded(session: Session, counted: Sequence[int]) -> None:
    """Take back a try that was no failure, so that a busy morning locks nobody out."""
    session.execute(delete(AttemptRow).where(AttemptRow.attempt_id.in_(counted)))


def _failed(session: Session, limit: Limit, now: datetime) -> int:
    found = session.scalar(
        select(func.count()).where(
            AttemptRow.what == limit.what,
            AttemptRow.who == limit.who[:WHO_MAX],
            AttemptRow.made_at > now - WINDOW,
        )
    )
    return found or 0


def _prune(session: Session, now: datetime) -> None:
    """Forget the oldest tries, a few at a time."""
    oldest = select(AttemptRow.attempt_id).order_by(AttemptRow.attempt_id).limit(_PRUNED_AT_ONCE)
    session.execute(
        delete(AttemptRow).where(
            AttemptRow.attempt_id.in_(oldest), AttemptRow.made_at < now - _KEPT
        )
    )
