"""What a device is given about visits: what is planned, what was made, what a supervisor asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, column, select, table
from sqlalchemy.orm import Session, aliased

from server.cases.tables import CaseDebtRow
from server.spine.among import among
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


def made(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each visit of the case, with its notes, comments and photographs."""
    bodies: Bodies = {}
    row = VisitRow
    visits = session.execute(
        select(
            row.case_id,
            row.visit_id,
            row.officer_id,
            _user.c.name.label("officer"),
            row.happened_at,
            row.outcome,
            row.met_person_ids,
            row.others_met,
            row.notes,
            row.review,
        )
        .outerjoin(_user, _user.c.user_id == row.officer_id)
        .where(among(row.case_id, case_ids))
    ).all()
    ids = [visit.visit_id for visit in visits]
    comments: dict[str, list[dict[str, Any]]] = {}
    for comment in session.scalars(
        select(VisitCommentRow)
        .where(among(VisitCommentRow.visit_id, ids))
        .order_by(VisitCommentRow.made_at, VisitCommentRow.comment_id)
    ):
        comments.setdefault(comment.visit_id, []).append(
            {
                "about": comment.about,
                "text": comment.text,
                "made_at": comment.made_at.isoformat(),
                "is_answer": comment.is_answer,
            }
        )
    photographs: dict[str, list[str]] = {}
    for visit_id, photograph_id in session.execute(
        select(PhotographRow.visit_id, PhotographRow.photograph_id)
        .where(among(PhotographRow.visit_id, ids))
        .order_by(PhotographRow.photograph_id)
    ):
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


def made_elsewhere(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each visit about a debt this case shares: when, by whom, how it ended.

    Two people owe the debt together; what one of them said at the door stays in their own case.
    """
    own, other = CaseDebtRow, aliased(CaseDebtRow)
    bodies: Bodies = {}
    visit = VisitRow
    for case_id, visit_id, happened_at, outcome, officer in session.execute(
        select(own.case_id, visit.visit_id, visit.happened_at, visit.outcome, _user.c.name)
        .distinct()
        .join(other, and_(other.debt_id == own.debt_id, other.case_id != own.case_id))
        .join(visit, visit.case_id == other.case_id)
        .outerjoin(_user, _user.c.user_id == visit.officer_id)
        .where(among(own.case_id, case_ids))
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
