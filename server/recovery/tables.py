"""The rows of recovery: holds."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class HoldRow(Row):
    """A reason recovery of a debt may not go on; `until` is the first day it no longer covers."""

    __tablename__ = "hold"
    hold_id: Mapped[str] = mapped_column(Id, primary_key=True)
    debt_id: Mapped[str] = mapped_column(ForeignKey("debt.debt_id"), index=True)
    reason: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, server_default="")
    from_on: Mapped[date] = mapped_column(Date)
    until: Mapped[date | None] = mapped_column(Date)
    placed_by: Mapped[str] = mapped_column(Id)
    placed_at: Mapped[datetime] = mapped_column(Moment)
