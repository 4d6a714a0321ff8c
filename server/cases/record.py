"""How each change to a case alters rows, and what a device is given or loses by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.cases.commands import CaseAssigned, CaseClosed, CaseOpened, CaseUnassigned
from server.cases.tables import CaseDebtRow, CaseRow
from server.spine import projections
from server.spine.areas import Recorded
from server.spine.tables import CaseAccessRow


def opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new cases, numbered as people refer to them."""
    rows: list[dict[str, Any]] = []
    debts: list[dict[str, Any]] = []
    numbers = iter(
        session.scalars(
            text("SELECT nextval('case_reference') FROM generate_series(1, :n)"),
            {"n": len(recorded)},
        )
    )
    for item in recorded:
        change = item.change
        if isinstance(change, CaseOpened):
            rows.append(
                {
                    "case_id": change.case_id,
                    "reference": f"C{next(numbers):06d}",
                    "person_id": change.person_id,
                    "address_id": change.address_id,
                    "opened_at": item.recorded_at,
                }
            )
            debts.extend(
                {"case_id": change.case_id, "debt_id": debt_id, "added_at": item.recorded_at}
                for debt_id in change.debt_ids
            )
    session.execute(insert(CaseRow), rows)
    if debts:
        session.execute(insert(CaseDebtRow), debts)


def closed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Close cases."""
    for item in recorded:
        if isinstance(item.change, CaseClosed):
            session.execute(
                update(CaseRow)
                .where(CaseRow.case_id == item.change.case_id)
                .values(open=False, closed_at=item.recorded_at)
            )


def assigned(session: Session, recorded: Sequence[Recorded]) -> None:
    """Grant views of cases; the records are given new numbers so the new holder is sent them all."""
    changes = [item.change for item in recorded if isinstance(item.change, CaseAssigned)]
    statement = upsert(CaseAccessRow)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["case_id", "officer_id", "view"],
            set_={
                "granted": True,
                "granted_at": statement.excluded.granted_at,
                "revoked_at": None,
                "reason": "",
                "commit_number": None,
            },
        ),
        [
            {
                "case_id": change.case_id,
                "officer_id": change.officer_id,
                "view": change.view,
                "granted": True,
                "granted_at": recorded[0].recorded_at,
                "reason": "",
                "commit_number": None,
            }
            for change in changes
        ],
    )
    projections.touch(session, {(change.case_id, change.view) for change in changes})


def unassigned(session: Session, recorded: Sequence[Recorded]) -> None:
    """Take views of cases away; the device is told, and says when it has erased them."""
    for item in recorded:
        if isinstance(item.change, CaseUnassigned):
            session.execute(
                update(CaseAccessRow)
                .where(
                    CaseAccessRow.case_id == item.change.case_id,
                    CaseAccessRow.officer_id == item.change.officer_id,
                    CaseAccessRow.granted,
                )
                .values(
                    granted=False,
                    revoked_at=item.recorded_at,
                    reason=item.change.reason,
                    commit_number=None,
                )
            )


RECORDERS = {
    CaseOpened: opened,
    CaseClosed: closed,
    CaseAssigned: assigned,
    CaseUnassigned: unassigned,
}
