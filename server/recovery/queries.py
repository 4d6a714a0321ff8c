"""What pages read about holds, as plain values."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.recovery.tables import HoldRow


@dataclass(frozen=True, kw_only=True)
class Hold:
    """One hold as people read it: why, from which day, until which, who placed it."""

    hold_id: str
    debt_id: str
    reason: str
    note: str
    from_on: date
    until: date | None
    placed_by: str

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the hold covers the day."""
        return self.from_on <= day and (self.until is None or day < self.until)

    def can_end_on(self, day: date) -> bool:
        """Tell whether somebody could still end the hold sooner."""
        return self.until is None or day < self.until


def holds_of(session: Session, debt_ids: Collection[str]) -> dict[str, list[Hold]]:
    """List the holds of each debt, the latest first."""
    found: dict[str, list[Hold]] = {}
    for hold in _holds(session, HoldRow.debt_id.in_(sorted(debt_ids))):
        found.setdefault(hold.debt_id, []).append(hold)
    return found


def hold(session: Session, hold_id: str) -> Hold | None:
    """Find a hold."""
    return next(iter(_holds(session, HoldRow.hold_id == hold_id)), None)


def _holds(session: Session, wanted: ColumnElement[bool]) -> list[Hold]:
    return [
        Hold(
            hold_id=row.hold_id,
            debt_id=row.debt_id,
            reason=row.reason,
            note=row.note,
            from_on=row.from_on,
            until=row.until,
            placed_by=name or "",
        )
        for row, name in session.execute(
            select(HoldRow, UserRow.name)
            .outerjoin(UserRow, UserRow.user_id == HoldRow.placed_by)
            .where(wanted)
            .order_by(HoldRow.from_on.desc(), HoldRow.hold_id)
        )
    ]
