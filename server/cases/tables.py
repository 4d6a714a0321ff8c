"""The rows of cases: the case, and the debts it concerns."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.spine.database import Row
from server.spine.tables import Id, Moment


class CaseRow(Row):
    """One case; one debt can stand in two cases, one for each person liable."""

    __tablename__ = "case"
    case_id: Mapped[str] = mapped_column(Id, primary_key=True)
    reference: Mapped[str] = mapped_column(String(20), unique=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.person_id"), index=True)
    address_id: Mapped[str | None] = mapped_column(ForeignKey("address.address_id"), index=True)
    open: Mapped[bool] = mapped_column(server_default="true")
    opened_at: Mapped[datetime] = mapped_column(Moment)
    closed_at: Mapped[datetime | None] = mapped_column(Moment)


class CaseDebtRow(Row):
    """A debt that a case concerns."""

    __tablename__ = "case_debt"
    case_id: Mapped[str] = mapped_column(ForeignKey("case.case_id"), primary_key=True)
    debt_id: Mapped[str] = mapped_column(ForeignKey("debt.debt_id"), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(Moment)
