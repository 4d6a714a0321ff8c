"""The rows of the worktray: tasks."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class TaskRow(Row):
    """One thing for somebody to do, about one subject, until it is done."""

    __tablename__ = "task"
    task_id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    account_id: Mapped[str | None] = mapped_column(Id, index=True)
    person_id: Mapped[str | None] = mapped_column(Id, index=True)
    case_id: Mapped[str | None] = mapped_column(Id, index=True)
    owner_id: Mapped[str | None] = mapped_column(Id, index=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    due_on: Mapped[date | None] = mapped_column(Date)
    raised_at: Mapped[datetime] = mapped_column(Moment)
    done_at: Mapped[datetime | None] = mapped_column(Moment)
    done_by: Mapped[str | None] = mapped_column(Id)

    __table_args__ = (
        Index("ix_task_open", "kind", "due_on", postgresql_where=text("done_at IS NULL")),
        Index(
            "uq_task_open_account",
            "kind",
            "account_id",
            unique=True,
            postgresql_where=text("done_at IS NULL AND account_id IS NOT NULL"),
        ),
    )


class ExaminationRow(Row):
    """That somebody looked at what was set aside: a command by its id, other bytes by their digest."""

    __tablename__ = "examination"
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    note: Mapped[str] = mapped_column(Text, server_default="")
    examined_by: Mapped[str] = mapped_column(Id)
    examined_at: Mapped[datetime] = mapped_column(Moment)


class ReplayRow(Row):
    """That something set aside was recorded after all, by which command and by whom."""

    __tablename__ = "replay"
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    replay_id: Mapped[str] = mapped_column(Id)
    officer_id: Mapped[str] = mapped_column(Id)
    original_id: Mapped[str | None] = mapped_column(Id, index=True)
    case_id: Mapped[str | None] = mapped_column(Id, index=True)
    replayed_by: Mapped[str] = mapped_column(Id)
    replayed_at: Mapped[datetime] = mapped_column(Moment)


class HandedOverRow(Row):
    """A refused command that its officer asks somebody to look at as it is, with what they said."""

    __tablename__ = "handed_over"
    command_id: Mapped[str] = mapped_column(Id, primary_key=True)
    officer_id: Mapped[str] = mapped_column(Id)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    handed_at: Mapped[datetime] = mapped_column(Moment)
