"""The rows of leasing: teams, who is in which, and what was asked for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class TeamRow(Row):
    """Officers whose devices go by one mode; `days` counts for offline-days alone."""

    __tablename__ = "team"
    team_id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    mode: Mapped[str] = mapped_column(String(20))
    days: Mapped[int] = mapped_column(server_default="0")


class TeamMemberRow(Row):
    """The one team an officer is in."""

    __tablename__ = "team_member"
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("team.team_id"), index=True)


class OfflineRequestRow(Row):
    """Days without signal that one person asked for and another answers; one open for each team."""

    __tablename__ = "offline_request"
    request_id: Mapped[str] = mapped_column(Id, primary_key=True)
    team_id: Mapped[str] = mapped_column(ForeignKey("team.team_id"))
    days: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(Text)
    asked_by: Mapped[str] = mapped_column(Id)
    asked_at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str | None] = mapped_column(String(20))
    answered_by: Mapped[str | None] = mapped_column(Id)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index(
            "uq_offline_request_open",
            "team_id",
            unique=True,
            postgresql_where=text("answer IS NULL"),
        ),
    )
