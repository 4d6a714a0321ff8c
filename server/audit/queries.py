"""What the page about the sealed history reads: how far it is, its checkpoints, what was found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.audit.jobs import JOB
from server.audit.sealing import last_place
from server.audit.sources import after
from server.audit.tables import AuditCheckpointRow, AuditEntryRow
from server.config import Config
from server.spine.settings import FICTIONAL, setting
from server.spine.tables import JobRow
from shared.catalogue import Sentence, mark
from shared.errors import REFUSALS
from shared.presentation import moment

WAITING_MAX = 10_000
"""Rows that wait to be sealed are counted up to so many."""

LATE = timedelta(minutes=10)
"""How long a row may wait before somebody has to look at the worker."""

SHOWN_MAX = 20
"""Checkpoints that are listed."""


@dataclass(frozen=True, kw_only=True)
class Signed:
    """One checkpoint, and where it went."""

    entries: int
    at: datetime
    public_key: str
    copied_at: datetime | None
    copied_to: str | None
    problem: Sentence | None


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What was found when the history was last verified."""

    at: datetime
    whole: bool
    entries: int
    superseded: int
    problem: Sentence | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the sealed history stands."""

    entries: int
    sealed_at: datetime | None
    waiting: int
    waiting_since: datetime | None
    folder: str | None
    checkpoints: tuple[Signed, ...]
    verification: Verification | None

    @property
    def many_waiting(self) -> bool:
        """Tell whether more wait than were counted."""
        return self.waiting > WAITING_MAX

    def is_late(self, now: datetime) -> bool:
        """Tell whether what was recorded waits too long to be sealed."""
        return self.waiting_since is not None and now - self.waiting_since > LATE

    @property
    def not_copied(self) -> Signed | None:
        """Give the oldest checkpoint shown that could not be put elsewhere."""
        return next((each for each in reversed(self.checkpoints) if each.problem), None)


def standing(session: Session, config: Config) -> Standing:
    """Say how it stands."""
    entry = AuditEntryRow
    last = session.execute(
        select(entry.seq, entry.sealed_at).order_by(entry.seq.desc()).limit(1)
    ).one_or_none()
    rows = after(last_place(session))
    waiting = select(rows.c.at).limit(WAITING_MAX + 1).subquery("waiting")
    count, since = session.execute(select(func.count(), func.min(waiting.c.at))).one()
    row = AuditCheckpointRow
    signed = session.scalars(select(row).order_by(row.entries.desc()).limit(SHOWN_MAX))
    return Standing(
        entries=last.seq if last else 0,
        sealed_at=last.sealed_at if last else None,
        waiting=count,
        waiting_since=since,
        folder=str(config.checkpoints_to) if config.checkpoints_to else None,
        checkpoints=tuple(_signed(each) for each in signed),
        verification=_verification(session),
    )


def _signed(row: AuditCheckpointRow) -> Signed:
    return Signed(
        entries=row.entries,
        at=row.signed_at,
        public_key=row.public_key,
        copied_at=row.copied_at,
        copied_to=row.copied_to,
        problem=Sentence(REFUSALS[row.problem]) if row.problem else None,
    )


def _verification(session: Session) -> Verification | None:
    row = session.scalars(
        select(JobRow)
        .where(JobRow.name == JOB, JobRow.state == "done")
        .order_by(JobRow.ended_at.desc())
        .limit(1)
    ).one_or_none()
    if row is None or row.ended_at is None:
        return None
    figures = row.result["figures"]
    whole = bool(figures["whole"])
    return Verification(
        at=row.ended_at,
        whole=whole,
        entries=figures.get("entries", 0),
        superseded=figures.get("superseded", 0),
        problem=None if whole else Sentence(REFUSALS[figures["code"]], **figures["values"]),
    )


def alarm(session: Session, config: Config, now: datetime) -> Sentence | None:
    """Say what has to be seen to; of made-up people, only that their history does not hold."""
    found = standing(session, config)
    if found.verification and found.verification.problem:
        return Sentence(
            mark("The sealed history does not hold: %(problem)s."),
            problem=found.verification.problem,
        )
    if setting(session, FICTIONAL) == "yes":
        return None
    if found.is_late(now) and found.waiting_since is not None:
        return Sentence(
            mark(
                "Nothing has been sealed into the history since %(when)s: see whether a worker runs."
            ),
            when=moment(found.waiting_since, say=Sentence),
        )
    if found.folder is None:
        return Sentence(
            mark("Checkpoints of the history are kept nowhere else: somebody has to name a folder.")
        )
    if found.not_copied and found.not_copied.problem:
        return found.not_copied.problem
    return None
