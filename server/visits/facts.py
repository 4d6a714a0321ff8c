"""What rules look at about visits, loaded set-wise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.spine.among import among
from server.visits.tables import PlannedVisitRow, VisitRow
from shared.case_file import CONTACTS_MAX, PastVisit, PlannedVisit
from shared.commands import Command


def _visit_and_plan(command: Command) -> frozenset[str]:
    named = (getattr(command, "visit_id", None), getattr(command, "planned_visit_id", None))
    return frozenset(id_ for id_ in named if id_)


CONTENDS = {"RecordVisit": _visit_and_plan}
"""Two visits to one case are decided alike in either order, unless they are one or answer one plan."""


def case_facts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Give each case its planned visits and the visits made, the latest CONTACTS_MAX of them."""
    ids = sorted(case_ids)
    parts: dict[str, dict[str, Any]] = {id_: {"planned_visits": (), "visits": ()} for id_ in ids}
    for row in session.scalars(
        select(PlannedVisitRow)
        .where(among(PlannedVisitRow.case_id, ids))
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
    latest = select(VisitRow, rank).where(among(VisitRow.case_id, ids)).subquery()
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
