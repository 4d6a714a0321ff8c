"""How each change to a visit alters rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.spine.among import among
from server.spine.areas import Recorded
from server.spine.many_rows import add_rows
from server.visits.tables import (
    LOST,
    BlobRefusalRow,
    BlobRow,
    PhotographRow,
    PlannedVisitRow,
    VisitCommentRow,
    VisitRow,
)
from shared.photographs import PhotographLost, PhotographRecorded
from shared.reviews import VisitAnswered, VisitApproved, VisitReturned
from shared.visits import PlannedVisitWithdrawn, VisitPlanned, VisitRecorded


def planned(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write planned visits."""
    session.execute(
        insert(PlannedVisitRow),
        [
            {
                "planned_visit_id": change.planned_visit_id,
                "case_id": change.case_id,
                "officer_id": change.officer_id,
                "purpose": change.purpose,
                "planned_on": change.planned_on,
                "instructions": change.instructions,
            }
            for change in (item.change for item in recorded)
            if isinstance(change, VisitPlanned)
        ],
    )


def withdrawn(session: Session, recorded: Sequence[Recorded]) -> None:
    """Mark planned visits as called off."""
    for item in recorded:
        if isinstance(item.change, PlannedVisitWithdrawn):
            _close_plan(session, item.change.planned_visit_id, "withdrawn")


def _close_plan(session: Session, planned_visit_id: str, state: str) -> None:
    session.execute(
        update(PlannedVisitRow)
        .where(
            PlannedVisitRow.planned_visit_id == planned_visit_id,
            PlannedVisitRow.state == "planned",
        )
        .values(state=state)
    )


def made(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write visits as the officer wrote them, and close the plans they answer."""
    visits = [item for item in recorded if isinstance(item.change, VisitRecorded)]
    add_rows(
        session,
        VisitRow,
        [
            {
                "visit_id": change.visit_id,
                "case_id": change.case_id,
                "planned_visit_id": change.planned_visit_id,
                "officer_id": change.officer_id,
                "happened_at": change.happened_at,
                "received_at": item.recorded_at,
                "outcome": change.outcome,
                "met_person_ids": list(change.met_person_ids),
                "others_met": change.others_met,
                "notes": change.notes,
                "flags": list(change.flags),
            }
            for item in visits
            if isinstance(change := item.change, VisitRecorded)
        ],
    )
    plans = [
        change.planned_visit_id
        for item in visits
        if isinstance(change := item.change, VisitRecorded) and change.planned_visit_id
    ]
    if plans:
        session.execute(
            update(PlannedVisitRow)
            .where(
                among(PlannedVisitRow.planned_visit_id, plans), PlannedVisitRow.state == "planned"
            )
            .values(state="made")
        )


def photographed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write that photographs were taken; one that shows twice in a visit stands once."""
    session.execute(
        upsert(PhotographRow).on_conflict_do_nothing(),
        [
            {
                "photograph_id": change.photograph_id,
                "visit_id": change.visit_id,
                "case_id": change.case_id,
                "purpose": change.purpose,
                "size_bytes": change.size_bytes,
            }
            for change in (item.change for item in recorded)
            if isinstance(change, PhotographRecorded)
        ],
    )


def lost(session: Session, recorded: Sequence[Recorded]) -> None:
    """Wait no longer for photographs that will never arrive; one that came after all stays."""
    for item in recorded:
        change = item.change
        if isinstance(change, PhotographLost):
            arrived = select(BlobRow.digest).where(BlobRow.digest == change.photograph_id)
            if session.scalar(arrived) is None:
                session.execute(
                    upsert(BlobRefusalRow)
                    .values(
                        digest=change.photograph_id,
                        code=LOST + change.reason,
                        refused_at=item.recorded_at,
                    )
                    .on_conflict_do_nothing()
                )


def approved(session: Session, recorded: Sequence[Recorded]) -> None:
    """Mark visits as approved."""
    for item in recorded:
        if isinstance(item.change, VisitApproved):
            _review(session, item, item.change.visit_id, "approved")


def returned(session: Session, recorded: Sequence[Recorded]) -> None:
    """Mark visits as returned, with the supervisor's comment."""
    for item in recorded:
        change = item.change
        if isinstance(change, VisitReturned):
            _review(session, item, change.visit_id, "returned")
            _comment(
                session, item, change.comment_id, change.visit_id, change.about, change.comment
            )


def answered(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write the officer's answer; a returned visit goes back to the supervisor."""
    for item in recorded:
        change = item.change
        if isinstance(change, VisitAnswered):
            _comment(session, item, change.answer_id, change.visit_id, "answer", change.answer)
            session.execute(
                update(VisitRow)
                .where(VisitRow.visit_id == change.visit_id, VisitRow.review == "returned")
                .values(review="answered")
            )


def _review(session: Session, item: Recorded, visit_id: str, review: str) -> None:
    session.execute(
        update(VisitRow)
        .where(VisitRow.visit_id == visit_id)
        .values(review=review, reviewer_id=item.actor_id, reviewed_at=item.recorded_at)
    )


def _comment(
    session: Session, item: Recorded, comment_id: str, visit_id: str, about: str, text: str
) -> None:
    session.execute(
        insert(VisitCommentRow).values(
            comment_id=comment_id,
            visit_id=visit_id,
            about=about,
            text=text,
            author_id=item.actor_id,
            made_at=item.happened_at,
            is_answer=about == "answer",
        )
    )


RECORDERS = {
    VisitPlanned: planned,
    PlannedVisitWithdrawn: withdrawn,
    VisitRecorded: made,
    PhotographRecorded: photographed,
    PhotographLost: lost,
    VisitApproved: approved,
    VisitReturned: returned,
    VisitAnswered: answered,
}
