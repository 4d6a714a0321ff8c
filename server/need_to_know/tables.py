"""The rows of need to know: who is restricted, who may see them, and who opened what was hidden."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class RestrictionRow(Row):
    """A person whom only those on a short list see; `user_id` is the user who is this person."""

    __tablename__ = "restriction"
    person_id: Mapped[str] = mapped_column(ForeignKey("person.person_id"), primary_key=True)
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.user_id"))
    open: Mapped[bool] = mapped_column(server_default="true")
    restricted_by: Mapped[str] = mapped_column(Id)
    restricted_at: Mapped[datetime] = mapped_column(Moment)
    lift_asked_by: Mapped[str | None] = mapped_column(Id)
    lift_asked_at: Mapped[datetime | None] = mapped_column(Moment)
    lift_reason: Mapped[str] = mapped_column(Text, server_default="")


class RestrictionAccessRow(Row):
    """That a user is on the list of a restricted person."""

    __tablename__ = "restriction_access"
    person_id: Mapped[str] = mapped_column(ForeignKey("restriction.person_id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), primary_key=True, index=True)
    given_by: Mapped[str] = mapped_column(Id)
    given_at: Mapped[datetime] = mapped_column(Moment)


class GlassBreakRow(Row):
    """One opening of a hidden record: by whom, why, until when, and what a reviewer found."""

    __tablename__ = "glass_break"
    break_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"))
    person_ids: Mapped[list[str]] = mapped_column(ARRAY(Id))
    reference: Mapped[str] = mapped_column(String(60))
    reason: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text)
    broken_at: Mapped[datetime] = mapped_column(Moment)
    until: Mapped[datetime] = mapped_column(Moment)
    finding: Mapped[str] = mapped_column(String(20), server_default="")
    review_note: Mapped[str] = mapped_column(Text, server_default="")
    reviewed_by: Mapped[str | None] = mapped_column(Id)
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_glass_break_user_id_until", "user_id", "until"),
        Index("ix_glass_break_waiting", "broken_at", postgresql_where=text("reviewed_at IS NULL")),
    )
