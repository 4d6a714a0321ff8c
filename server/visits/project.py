"""What a device is given about visits: what is planned, what was made, what a supervisor asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, column, select, table
from sqlalchemy.orm import Session, aliased

from server.cases.tables import CaseDebtRow
from server.spine.among import among, given
from server.spine.areas import Projection
from server.spine.tables import Id
from server.visits.tables import PhotographRow, PlannedVisitRow, VisitCommentRow, VisitRow

_user = table("user", column("user_id", Id), column("name"))

Bodies = dict[str, dict[str, dict[str, Any]]]


def planned(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each planned visit that is still to be made."""
    bodies: Bodies = {}
    plan = PlannedVisitRow
    for case_id, planned_visit_id, officer_id, purpose, planned_on, instructions in session.execute(
        select(
            plan.case_id,
            plan.planned_visit_id,
            plan.officer_id,
            plan.purpose,
            plan.planned_on,
            plan.instructions,
        ).where(among(plan.case_id, case_ids), plan.state == "planned")
    ):
        bodies.setdefault(case_id, {})[planned_visit_id] = {
            "officer_id": officer_id,
            "purpose": purpose,
            "planned_on": planned_on.isoformat(),
            "instructions": instructions,
        }
    return bodies


_VISITS = (
    select(
        VisitRow.case_id,
        VisitRow.visit_id,
        VisitRow.officer_id,
        _user.c.name.label("officer"),
        VisitRow.happened_at,
        VisitRow.outcome,
        VisitRow.met_person_ids,
        VisitRow.others_met,
        VisitRow.notes,
        VisitRow.review,
    )
    .outerjoin(_user, _user.c.user_id == VisitRow.officer_id)
    .where(given(VisitRow.case_id))
)

_COMMENTS = (
    select(VisitCommentRow)
    .where(given(VisitCommentRow.visit_id))
    .order_by(VisitCommentRow.made_at, VisitCommentRow.comment_id)
)

_PHOTOGRAPHS = (
    select(PhotographRow.visit_id, PhotographRow.photograph_id)
    .where(given(PhotographRow.visit_id))
    .order_by(PhotographRow.photograph_id)
)


def made(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each visit of the case, with its notes, comments and photographs."""
    bodies: Bodies = {}
    visits = session.execute(_VISITS, {"ids": sorted(case_ids)}).all()
    ids = {"ids": sorted(visit.visit_id for visit in visits)}
    comments: dict[str, list[dict[str, Any]]] = {}
    for comment in session.scalars(_COMMENTS, ids):
        comments.setdefault(comment.visit_id, []).append(
            {
                "about": comment.about,
                "text": comment.text,
                "made_at": comment.made_at.isoformat(),
                "is_answer": comment.is_answer,
            }
        )
    photographs: dict[str, list[str]] = {}
    for visit_id, photograph_id in session.execute(_PHOTOGRAPHS, ids):
        photographs.setdefault(visit_id, []).append(photograph_id)
    for visit in visits:
        bodies.setdefault(visit.case_id, {})[visit.visit_id] = {
            "officer_id": visit.officer_id,
            "officer": visit.officer or "",
            "happened_at": visit.happened_at.isoformat(),
            "outcome": visit.outcome,
            "met_person_ids": list(visit.met_person_ids),
            "others_met": visit.others_met,
            "notes": visit.notes,
            "review": visit.review,
            "comments": comments.get(visit.visit_id, []),
            "photographs": photographs.get(visit.visit_id, []),
        }
    return bodies


_own, _other = CaseDebtRow, aliased(CaseDebtRow)

_ELSEWHERE = (
    select(_own.case_id, VisitRow.visit_id, VisitRow.happened_at, VisitRow.outcome, _user.c.name)
    .distinct()
    .join(_other, and_(_other.debt_id == _own.debt_id, _other.case_id != _own.case_id))
    .join(VisitRow, VisitRow.case_id == _other.case_id)
    .outerjoin(_user, _user.c.user_id == VisitRow.officer_id)
    .where(given(_own.case_id))
)


def made_elsewhere(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each visit about a debt this case shares: when, by whom, how it ended.

    Two people owe the debt together; what one of them said at the door stays in their own case.
    """
    bodies: Bodies = {}
    for case_id, visit_id, happened_at, outcome, officer in session.execute(
        _ELSEWHERE, {"ids": sorted(case_ids)}
    ):
        bodies.setdefault(case_id, {})[visit_id] = {
            "officer": officer or "",
            "happened_at": happened_at.isoformat(),
            "outcome": outcome,
        }
    return bodies


PROJECTIONS = (
    Projection(
        view="home_visit", kind="planned_visit", build=planned, reads=frozenset({"planned_visit"})
    ),
    Projection(
        view="home_visit",
        kind="visit",
        build=made,
        reads=frozenset({"visit", "user", "visit_comment", "photograph"}),
    ),
    Projection(
        view="home_visit",
        kind="visit_elsewhere",
        build=made_elsewhere,
        reads=frozenset({"case_debt", "visit", "user"}),
    ),
)
