"""The rows of the entrance: who people are at the provider, what they were doing, emergency sign-ins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class IdentityRow(Row):
    """Who a user is at the provider: its ids for them, which stay when names and addresses change."""

    __tablename__ = "identity"
    issuer: Mapped[str] = mapped_column(String(500), primary_key=True)
    tenant: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"), unique=True)
    linked_at: Mapped[datetime] = mapped_column(Moment)


class ErrandRow(Row):
    """What somebody was doing when they were asked who they are, kept sealed for an hour at most.

    While they are at the provider, the hash of its state and of their browser's cookie stand here;
    both are taken away when they come back, so that no answer is taken twice.
    """

    __tablename__ = "errand"
    errand_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ForeignKey("user.user_id"))
    began_at: Mapped[datetime] = mapped_column(Moment, index=True)
    asked_at: Mapped[datetime | None] = mapped_column(Moment)
    state_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    browser_hash: Mapped[str | None] = mapped_column(String(64))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class EmergencySignInRow(Row):
    """Somebody came in with a password where people come in by the council's accounts."""

    __tablename__ = "emergency_sign_in"
    sign_in_id: Mapped[str] = mapped_column(Id, primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("user.user_id"))
    happened_at: Mapped[datetime] = mapped_column(Moment)
    examined_by: Mapped[str | None] = mapped_column(ForeignKey("user.user_id"))
    examined_at: Mapped[datetime | None] = mapped_column(Moment)
    note: Mapped[str] = mapped_column(Text, server_default="")

    __table_args__ = (
        Index(
            "ix_emergency_sign_in_open",
            "happened_at",
            postgresql_where=text("examined_at IS NULL"),
        ),
    )
