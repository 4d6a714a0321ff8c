"""What the pages about jobs read, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.spine.jobs import ENDS
from server.spine.paging import Slice
from server.spine.tables import JobRow
from shared.catalogue import Sentence
from shared.errors import REFUSALS


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the person follows it who asked for it."""

    job_id: str
    title: str
    asked_by: str
    asked_by_name: str
    asked_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done: int
    total: int
    state: str
    incident: str | None
    result: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Tell whether it is over, one way or another."""
        return self.state in ENDS

    @property
    def lines(self) -> tuple[Sentence, ...]:
        """List what came of it, as sentences to be said."""
        told = self.result.get("lines") or ()
        return tuple(Sentence(line["text"], **line["values"]) for line in told)

    @property
    def link(self) -> tuple[str, str] | None:
        """Give the text and address of where to go on, if the job named one."""
        told = self.result.get("link")
        return (told[0], told[1]) if told else None

    @property
    def refusal(self) -> Sentence | None:
        """Say why it could not be done, if it was refused."""
        code = self.result.get("refusal")
        if code not in REFUSALS:
            return None
        return Sentence(REFUSALS[code], **(self.result.get("values") or {}))

    def seconds(self, now: datetime) -> int | None:
        """Say for how long it has run, or ran."""
        if self.started_at is None:
            return None
        return max(0, int(((self.ended_at or now) - self.started_at).total_seconds()))


def count(session: Session, asked_by: str | None) -> int:
    """Count jobs: someone's, or everyone's."""
    counted = select(func.count()).select_from(JobRow)
    if asked_by:
        counted = counted.where(JobRow.asked_by == asked_by)
    return session.scalar(counted) or 0


def jobs(session: Session, asked_by: str | None, part: Slice) -> list[Job]:
    """List jobs, the latest first: someone's, or everyone's."""
    wanted = select(JobRow, func.coalesce(UserRow.name, "")).outerjoin(
        UserRow, UserRow.user_id == JobRow.asked_by
    )
    if asked_by:
        wanted = wanted.where(JobRow.asked_by == asked_by)
    rows = session.execute(
        wanted.order_by(JobRow.asked_at.desc(), JobRow.job_id).offset(part.offset).limit(part.limit)
    )
    return [_job(row, name) for row, name in rows]


def job(session: Session, job_id: str) -> Job | None:
    """Find a job."""
    found = session.execute(
        select(JobRow, func.coalesce(UserRow.name, ""))
        .outerjoin(UserRow, UserRow.user_id == JobRow.asked_by)
        .where(JobRow.job_id == job_id)
    ).one_or_none()
    return _job(*found) if found else None


def worker_seen_at(session: Session) -> datetime | None:
    """Say when a worker was last known to be alive."""
    found: datetime | None = session.scalar(
        text("SELECT max(last_heartbeat) FROM procrastinate.procrastinate_workers")
    )
    return found


def _job(row: JobRow, name: str) -> Job:
    return Job(
        job_id=row.job_id,
        title=row.title,
        asked_by=row.asked_by,
        asked_by_name=name,
        asked_at=row.asked_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        done=row.done,
        total=row.total,
        state=row.state,
        incident=row.incident,
        result=row.result,
    )
