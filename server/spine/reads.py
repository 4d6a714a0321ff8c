"""The read log: who looked at whose personal data, when, and through which page or device."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from server.spine.tables import ReadRow
from shared.commands import Actor


def log_read(
    session: Session,
    actor: Actor,
    what: str,
    *,
    now: datetime,
    subject_id: str | None = None,
    results: int | None = None,
) -> None:
    """Note one reading of personal data and make it durable before the page is shown."""
    session.execute(
        insert(ReadRow).values(
            user_id=actor.user_id,
            device_id=actor.device_id,
            read_at=now,
            what=what,
            subject_id=subject_id,
            results=results,
        )
    )
    session.commit()
