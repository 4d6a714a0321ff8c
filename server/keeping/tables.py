"""The rows of keeping: each backup that was begun, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class BackupRow(Row):
    """One backup: begun, and then verified or failed; figures and codes only."""

    __tablename__ = "backup"
    backup_id: Mapped[str] = mapped_column(Id, primary_key=True)
    began_at: Mapped[datetime] = mapped_column(Moment, index=True)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    state: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20), server_default="")
    commit_number: Mapped[int | None] = mapped_column(BigInteger)
    epoch: Mapped[str | None] = mapped_column(Id)
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    code: Mapped[str | None] = mapped_column(String(80))
    values: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    incident: Mapped[str | None] = mapped_column(String(20))
