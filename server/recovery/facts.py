"""Facts about holds: those of each debt and each case, and what was done while they should have held."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import Date, Select, cast, column, func, select, table
from sqlalchemy.orm import Session

from server.recovery.commands import EndHold, PlaceHold
from server.recovery.rules import DebtHolds
from server.recovery.tables import HoldRow
from server.spine.among import among
from server.spine.locks import case_subject
from server.spine.tables import Id
from shared.case_file import CaseHold
from shared.commands import Command
from shared.errors import RuleBroken

_debt = table("debt", column("debt_id", Id))
_visit = table("visit", column("case_id", Id), column("happened_at"))
_transaction = table(
    "transaction", column("debt_id", Id), column("kind"), column("effective_on", Date)
)


def debt_holds(session: Session, commands: Sequence[Command]) -> list[DebtHolds | RuleBroken]:
    """Load what each command's rule looks at for its debt."""
    asked = [command for command in commands if isinstance(command, PlaceHold | EndHold)]
    ids = sorted({command.debt_id for command in asked})
    known = set(session.scalars(select(_debt.c.debt_id).where(among(_debt.c.debt_id, ids))))
    holds: dict[str, list[CaseHold]] = {}
    for row in session.scalars(
        select(HoldRow)
        .where(among(HoldRow.debt_id, ids))
        .order_by(HoldRow.from_on, HoldRow.hold_id)
        .execution_options(populate_existing=True)
    ):
        holds.setdefault(row.debt_id, []).append(_hold(row))
    subject, visit, moved = case_subject.c, _visit.c, _transaction.c
    local_day = cast(func.timezone("Europe/London", visit.happened_at), Date)
    visited = _last_days(
        session,
        select(subject.subject_id, func.max(local_day))
        .join(_visit, visit.case_id == subject.case_id)
        .where(subject.kind == "debt", among(subject.subject_id, ids))
        .group_by(subject.subject_id),
    )
    costs = _last_days(
        session,
        select(moved.debt_id, func.max(moved.effective_on))
        .where(among(moved.debt_id, ids), moved.kind == "costs")
        .group_by(moved.debt_id),
    )
    return [
        DebtHolds(
            debt_id=command.debt_id,
            holds=tuple(holds.get(command.debt_id, ())),
            visited_on=visited.get(command.debt_id),
            costs_on=costs.get(command.debt_id),
        )
        if command.debt_id in known
        else RuleBroken("debt.unknown")
        for command in asked
    ]


def _last_days(session: Session, query: Select[str, date]) -> dict[str, date]:
    return dict(session.execute(query).all())


def case_holds(
    session: Session, case_ids: Collection[str]
) -> dict[str, dict[str, tuple[CaseHold, ...]]]:
    """Give each case the holds on every debt it concerns."""
    found: dict[str, list[CaseHold]] = {}
    for case_id, row in session.execute(
        select(case_subject.c.case_id, HoldRow)
        .join(HoldRow, HoldRow.debt_id == case_subject.c.subject_id)
        .where(case_subject.c.kind == "debt", among(case_subject.c.case_id, case_ids))
        .order_by(HoldRow.from_on, HoldRow.hold_id)
    ):
        found.setdefault(case_id, []).append(_hold(row))
    return {case_id: {"holds": tuple(holds)} for case_id, holds in found.items()}


def _hold(row: HoldRow) -> CaseHold:
    return CaseHold(hold_id=row.hold_id, reason=row.reason, from_on=row.from_on, until=row.until)
