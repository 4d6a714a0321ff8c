"""How each change about conflicts alters rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.reconciling.tables import ConflictClaimRow, ConflictRow
from server.spine.areas import Recorded
from shared.conflicts import ConflictDecided, ConflictRaised


def raised(session: Session, recorded: Sequence[Recorded]) -> None:
    """Open conflicts, or join those that are open about the same field; a claim counts once.

    Two officers whose cases share a place may open one about it at the same moment: the second joins.
    """
    for item in recorded:
        if not isinstance(change := item.change, ConflictRaised):
            continue
        row = ConflictRow
        session.execute(
            insert(row)
            .values(
                conflict_id=change.conflict_id,
                record=change.record,
                record_id=change.record_id,
                field=change.field,
                case_id=change.case_id,
                person_id=change.person_id,
                address_id=change.address_id,
                was=change.was,
                office=change.office,
                opened_at=item.recorded_at,
            )
            .on_conflict_do_nothing()
        )
        there = session.scalar(
            select(row.conflict_id).where(
                row.record == change.record,
                row.record_id == change.record_id,
                row.field == change.field,
                row.open,
            )
        )
        session.execute(
            insert(ConflictClaimRow)
            .values(
                claim_id=change.claim_id,
                conflict_id=there or change.conflict_id,
                command_id=item.command_id,
                officer_id=item.actor_id,
                value=change.claimed,
                reason=change.reason,
                happened_at=item.happened_at,
                received_at=item.recorded_at,
            )
            .on_conflict_do_nothing()
        )


def decided(session: Session, recorded: Sequence[Recorded]) -> None:
    """Close conflicts with what was decided; what was said in them stays."""
    for item in recorded:
        if isinstance(change := item.change, ConflictDecided):
            session.execute(
                update(ConflictRow)
                .where(ConflictRow.conflict_id == change.conflict_id, ConflictRow.open)
                .values(
                    open=False,
                    answer=change.answer,
                    decided=change.value,
                    note=change.note,
                    decided_by=item.actor_id,
                    decided_at=item.recorded_at,
                )
            )


RECORDERS = {ConflictRaised: raised, ConflictDecided: decided}
