"""The rows of reconciling: one conflict a field at a time, and what each officer said in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class ConflictRow(Row):
    """One field about which the office and officers differ, or a protection somebody asks to end.

    `was` and `office` are what the first officer had seen and what the office had; neither is ever
    altered. `decided` is what a person settled on.
    """

    __tablename__ = "conflict"
    conflict_id: Mapped[str] = mapped_column(Id, primary_key=True)
    record: Mapped[str] = mapped_column(String(20))
    record_id: Mapped[str] = mapped_column(Id)
    field: Mapped[str] = mapped_column(String(60))
    case_id: Mapped[str] = mapped_column(Id, index=True)
    person_id: Mapped[str | None] = mapped_column(Id, index=True)
    address_id: Mapped[str | None] = mapped_column(Id, index=True)
    was: Mapped[Any] = mapped_column(JSONB, nullable=False)
    office: Mapped[Any] = mapped_column(JSONB, nullable=False)
    opened_at: Mapped[datetime] = mapped_column(Moment)
    open: Mapped[bool] = mapped_column(server_default="true")
    answer: Mapped[str] = mapped_column(String(10), server_default="")
    decided: Mapped[Any] = mapped_column(JSONB, nullable=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index(
            "uq_conflict_open_field",
            "record",
            "record_id",
            "field",
            unique=True,
            postgresql_where=text("open"),
        ),
        Index("ix_conflict_open", "opened_at", postgresql_where=text("open")),
    )


class ConflictClaimRow(Row):
    """What one officer's command said in a conflict; as many as differ, none over another."""

    __tablename__ = "conflict_claim"
    claim_id: Mapped[str] = mapped_column(Id, primary_key=True)
    conflict_id: Mapped[str] = mapped_column(ForeignKey("conflict.conflict_id"), index=True)
    command_id: Mapped[str] = mapped_column(Id)
    officer_id: Mapped[str] = mapped_column(Id)
    value: Mapped[Any] = mapped_column(JSONB, nullable=False)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    happened_at: Mapped[datetime] = mapped_column(Moment)
    received_at: Mapped[datetime] = mapped_column(Moment)
