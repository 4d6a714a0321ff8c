"""What the page about backups reads: how the office stands, and how each backup ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.config import Config
from server.keeping.records import RESTORED, RUNNING, VERIFIED, Told, told
from server.keeping.tables import BackupRow
from server.spine.settings import FICTIONAL, setting
from server.spine.tables import SyncHeadRow
from shared.catalogue import Sentence, mark
from shared.errors import REFUSALS
from shared.presentation import moment

SHOWN_MAX = 30
"""Backups that are listed."""

GRACE = 4
"""A backup is late once the time between two has passed, and this part of it again."""


@dataclass(frozen=True, kw_only=True)
class Backup:
    """One backup, as it ended."""

    began_at: datetime
    ended_at: datetime | None
    state: str
    kind: str
    commit_number: int | None
    size_bytes: int | None
    problem: Sentence | None

    @property
    def seconds(self) -> int | None:
        """Say how long it took."""
        return int((self.ended_at - self.began_at).total_seconds()) if self.ended_at else None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an office stands with its backups."""

    set_up: bool
    last: Backup | None
    """The newest that was verified."""
    last_try_at: datetime | None
    running: bool
    durable_number: int
    head_number: int
    hours: int
    restored: Told | None

    def is_late(self, now: datetime) -> bool:
        """Tell whether the last verified backup is older than was agreed."""
        between = timedelta(hours=self.hours)
        return self.last is None or now - self.last.began_at > between + between / GRACE

    def is_due(self, now: datetime) -> bool:
        """Tell whether the next one is to be taken, unless one failed within the hour."""
        if not self.set_up or self.running:
            return False
        if self.last_try_at is not None and now - self.last_try_at < timedelta(hours=1):
            return False
        return self.last is None or now - self.last.began_at >= timedelta(hours=self.hours)


RUNS_HOURS_MAX = 12
"""How long a backup may say that it runs; after that its worker has died."""


def standing(session: Session, config: Config, now: datetime) -> Standing:
    """Say how the office stands."""
    last = session.scalar(
        select(BackupRow)
        .where(BackupRow.state == VERIFIED)
        .order_by(BackupRow.began_at.desc())
        .limit(1)
    )
    last_try_at = session.scalar(select(func.max(BackupRow.began_at)))
    running_since = session.scalar(
        select(func.max(BackupRow.began_at)).where(BackupRow.state == RUNNING)
    )
    head = session.execute(
        select(SyncHeadRow.commit_number, SyncHeadRow.durable_commit_number)
    ).one()
    restored = setting(session, RESTORED)
    recently = timedelta(hours=RUNS_HOURS_MAX)
    return Standing(
        set_up=config.backup_to is not None and config.backup_key is not None,
        last=_backup(last) if last else None,
        last_try_at=last_try_at,
        running=running_since is not None and now - running_since < recently,
        durable_number=head.durable_commit_number,
        head_number=head.commit_number,
        hours=config.backup_hours,
        restored=told(restored) if restored else None,
    )


def backups(session: Session) -> list[Backup]:
    """List the newest backups, whether or not they were verified."""
    rows = session.scalars(select(BackupRow).order_by(BackupRow.began_at.desc()).limit(SHOWN_MAX))
    return [_backup(row) for row in rows]


def alarm(session: Session, config: Config, now: datetime) -> Sentence | None:
    """Say what has to be seen to, if no verified backup is recent; of made-up people, nothing."""
    if setting(session, FICTIONAL) == "yes":
        return None
    found = standing(session, config, now)
    if not found.set_up:
        return Sentence(mark("No backups are taken of this office: somebody has to set them up."))
    if not found.is_late(now):
        return None
    if found.last is None:
        return Sentence(mark("No backup of this office has been verified yet."))
    return Sentence(
        mark("The last verified backup is of %(when)s: see what is wrong."),
        when=moment(found.last.began_at, say=Sentence),
    )


def _backup(row: BackupRow) -> Backup:
    sentence = REFUSALS.get(row.code or "")
    return Backup(
        began_at=row.began_at,
        ended_at=row.ended_at,
        state=row.state,
        kind=row.kind,
        commit_number=row.commit_number,
        size_bytes=row.size_bytes,
        problem=Sentence(sentence, **row.values) if sentence else None,
    )
