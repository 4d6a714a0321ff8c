"""What rules look at about visits, loaded set-wise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.visits.tables import PlannedVisitRow, VisitRow
from shared.case_file import CONTACTS_MAX, PastVisit, PlannedVisit


def case_facts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Give each case its planned visits and the visits made, the latest CONTACTS_MAX of them."""
    ids = sorted(case_ids)
    parts: dict[str, dict[str, Any]] = {id_: {"planned_visits": (), "visits": ()} for id_ in ids}
    for row in session.scalars(
        select(PlannedVisitRow)
        .where(PlannedVisitRow.case_id.in_(ids))
        .order_by(PlannedVisitRow.planned_on, PlannedVisitRow.planned_visit_id)
    ):
        parts[row.case_id]["planned_visits"] += (
            PlannedVisit(
                planned_visit_id=row.planned_visit_id,
                officer_id=row.officer_id,
                purpose=row.purpose,
                planned_on=row.planned_on,
                open=row.state == "planned",
            ),
        )
    rank = (
        func.row_number()
        .over(partition_by=VisitRow.case_id, order_by=VisitRow.happened_at.desc())
        .label("rank")
    )
    latest = select(VisitRow, rank).where(VisitRow.case_id.in_(ids)).subquery()
    for visit in session.execute(
        select(latest).where(latest.c.rank <= CONTACTS_MAX).order_by(latest.c.happened_at)
    ):
        parts[visit.case_id]["visits"] += (
            PastVisit(
                visit_id=visit.visit_id,
                officer_id=visit.officer_id,
                happened_at=visit.happened_at,
                outcome=visit.outcome,
                review=visit.review,
            ),
        )
    return parts
