"""How old the copy of a case was on which an officer acted, told by the changes it did not show."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.spine.tables import ChangeRow, CommandRow, DetailRow
from server.visits.queries import Visit
from sync.wire import NotAMessage, read_envelope


def unseen(session: Session, visit: Visit) -> int:
    """Count what others had changed about the case before this visit came, and its officer not seen.

    The envelope says which commit the device had read to when the visit was saved; what came from the
    same vault is its officer's own. None is said once the bytes are erased.
    """
    given = session.execute(
        select(CommandRow.store_id, CommandRow.commit_number, DetailRow.body)
        .join(DetailRow, DetailRow.detail_id == CommandRow.detail_id)
        .join(ChangeRow, ChangeRow.command_id == CommandRow.command_id)
        .where(
            ChangeRow.case_ids.contains([visit.case_id]),
            ChangeRow.name == "VisitRecorded",
            ChangeRow.line["visit_id"].astext == visit.visit_id,
        )
    ).one_or_none()
    if given is None or given.body is None:
        return 0
    try:
        seen = read_envelope(given.body).seen_commit
    except NotAMessage:
        return 0
    counted = (
        select(func.count(CommandRow.commit_number.distinct()))
        .join(ChangeRow, ChangeRow.command_id == CommandRow.command_id)
        .where(
            ChangeRow.case_ids.contains([visit.case_id]),
            CommandRow.commit_number > seen,
            CommandRow.commit_number < given.commit_number,
            CommandRow.store_id.is_distinct_from(given.store_id),
        )
    )
    return session.scalar(counted) or 0
