"""What rules look at about visits, loaded set-wise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.spine.among import given
from server.visits.tables import PlannedVisitRow, VisitRow
from shared.case_file import CONTACTS_MAX, PastVisit, PlannedVisit
from shared.commands import Command


def _visit_and_plan(command: Command) -> frozenset[str]:
    named = (getattr(command, "visit_id", None), getattr(command, "planned_visit_id", None))
    return frozenset(id_ for id_ in named if id_)


CONTENDS = {"RecordVisit": _visit_and_plan}
"""Two visits to one case are decided alike in either order, unless they are one or answer one plan."""


_PLANS = (
    select(
        PlannedVisitRow.case_id,
        PlannedVisitRow.planned_visit_id,
        PlannedVisitRow.officer_id,
        PlannedVisitRow.purpose,
        PlannedVisitRow.planned_on,
        PlannedVisitRow.state,
    )
    .where(given(PlannedVisitRow.case_id))
    .order_by(PlannedVisitRow.planned_on, PlannedVisitRow.planned_visit_id)
)


def _latest_visits() -> Select[Any]:
    visit = VisitRow
    rank = func.row_number().over(partition_by=visit.case_id, order_by=visit.happened_at.desc())
    latest = (
        select(
            visit.case_id,
            visit.visit_id,
            visit.officer_id,
            visit.happened_at,
            visit.outcome,
            visit.review,
            rank.label("rank"),
        )
        .where(given(visit.case_id))
        .subquery()
    )
    return select(*latest.c).where(latest.c.rank <= CONTACTS_MAX).order_by(latest.c.happened_at)


_LATEST = _latest_visits()


def case_facts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Give each case its planned visits and the visits made, the latest CONTACTS_MAX of them."""
    ids = {"ids": sorted(case_ids)}
    parts: dict[str, dict[str, Any]] = {
        id_: {"planned_visits": (), "visits": ()} for id_ in case_ids
    }
    for case_id, planned_visit_id, officer_id, purpose, planned_on, state in session.execute(
        _PLANS, ids
    ):
        parts[case_id]["planned_visits"] += (
            PlannedVisit(
                planned_visit_id=planned_visit_id,
                officer_id=officer_id,
                purpose=purpose,
                planned_on=planned_on,
                open=state == "planned",
            ),
        )
    for case_id, visit_id, officer_id, happened_at, outcome, review, _rank in session.execute(
        _LATEST, ids
    ):
        parts[case_id]["visits"] += (
            PastVisit(
                visit_id=visit_id,
                officer_id=officer_id,
                happened_at=happened_at,
                outcome=outcome,
                review=review,
            ),
        )
    return parts
