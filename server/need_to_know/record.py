"""How each change about restricted people and broken glass alters rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.need_to_know.commands import (
    AccessGiven,
    AccessTaken,
    LiftAnswered,
    LiftAsked,
    PersonRestricted,
)
from server.need_to_know.glass_commands import GlassBroken, GlassClosed, GlassReviewed
from server.need_to_know.tables import GlassBreakRow, RestrictionAccessRow, RestrictionRow
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def restricted(session: Session, recorded: Sequence[Recorded]) -> None:
    """Restrict people, those again who were restricted once before."""
    for item in recorded:
        if isinstance(item.change, PersonRestricted):
            told = {
                "reason": item.change.reason,
                "note": item.change.note,
                "user_id": item.change.user_id or None,
                "open": True,
                "restricted_by": item.actor_id,
                "restricted_at": item.recorded_at,
            }
            session.execute(
                upsert(RestrictionRow)
                .values(person_id=item.change.person_id, **told)
                .on_conflict_do_update(index_elements=["person_id"], set_=told)
            )


def access_given(session: Session, recorded: Sequence[Recorded]) -> None:
    """Put users on lists."""
    for item in recorded:
        if isinstance(item.change, AccessGiven):
            session.execute(
                insert(RestrictionAccessRow).values(
                    person_id=item.change.person_id,
                    user_id=item.change.user_id,
                    given_by=item.actor_id,
                    given_at=item.recorded_at,
                )
            )


def access_taken(session: Session, recorded: Sequence[Recorded]) -> None:
    """Take users off lists; the log keeps that they were on them."""
    for item in recorded:
        if isinstance(item.change, AccessTaken):
            session.execute(
                delete(RestrictionAccessRow).where(
                    RestrictionAccessRow.person_id == item.change.person_id,
                    RestrictionAccessRow.user_id == item.change.user_id,
                )
            )


def lift_asked(session: Session, recorded: Sequence[Recorded]) -> None:
    """Note who asked for a restriction to end, and why."""
    for item in recorded:
        if isinstance(item.change, LiftAsked):
            session.execute(
                update(RestrictionRow)
                .where(RestrictionRow.person_id == item.change.person_id)
                .values(
                    lift_asked_by=item.actor_id,
                    lift_asked_at=item.recorded_at,
                    lift_reason=item.change.why,
                )
            )


def lift_answered(session: Session, recorded: Sequence[Recorded]) -> None:
    """End restrictions with their lists, or let them stand; either way nothing is asked any more."""
    for item in recorded:
        if isinstance(item.change, LiftAnswered):
            session.execute(
                update(RestrictionRow)
                .where(RestrictionRow.person_id == item.change.person_id)
                .values(
                    open=not item.change.agreed,
                    lift_asked_by=None,
                    lift_asked_at=None,
                    lift_reason="",
                )
            )
            if item.change.agreed:
                session.execute(
                    delete(RestrictionAccessRow).where(
                        RestrictionAccessRow.person_id == item.change.person_id
                    )
                )


def glass_broken(session: Session, recorded: Sequence[Recorded]) -> None:
    """Open hidden records to whoever gave a reason."""
    for item in recorded:
        if isinstance(item.change, GlassBroken):
            session.execute(
                insert(GlassBreakRow).values(
                    break_id=item.change.break_id,
                    user_id=item.change.user_id,
                    person_ids=list(item.change.person_ids),
                    reference=item.change.reference,
                    reason=item.change.reason,
                    why=item.change.why,
                    broken_at=item.recorded_at,
                    until=item.change.until,
                )
            )


def glass_closed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Close hidden records early."""
    for item in recorded:
        if isinstance(item.change, GlassClosed):
            session.execute(
                update(GlassBreakRow)
                .where(GlassBreakRow.break_id == item.change.break_id)
                .values(until=item.change.until)
            )


def glass_reviewed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep what a reviewer found beside what was opened."""
    for item in recorded:
        if isinstance(item.change, GlassReviewed):
            session.execute(
                update(GlassBreakRow)
                .where(GlassBreakRow.break_id == item.change.break_id)
                .values(
                    finding=item.change.finding,
                    review_note=item.change.note,
                    reviewed_by=item.actor_id,
                    reviewed_at=item.recorded_at,
                )
            )


RECORDERS: dict[type[Change], Recorder] = {
    PersonRestricted: restricted,
    AccessGiven: access_given,
    AccessTaken: access_taken,
    LiftAsked: lift_asked,
    LiftAnswered: lift_answered,
    GlassBroken: glass_broken,
    GlassClosed: glass_closed,
    GlassReviewed: glass_reviewed,
}
