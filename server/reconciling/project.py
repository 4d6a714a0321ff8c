"""What a device is given about conflicts: what each officer said of its cases, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.reconciling.tables import ConflictClaimRow, ConflictRow
from server.spine.among import among
from server.spine.areas import Projection
from server.spine.locks import case_subject
from server.spine.written import SUBJECTS

CLAIMS_MAX = 100
"""Claims of one case that a device is told of: those that wait first, then the latest decided."""


def conflicts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each claim; one on a marker's place stands in every case that goes there."""
    subject, row, claim = case_subject.c, ConflictRow, ConflictClaimRow
    about = or_(
        and_(subject.kind == "person", subject.subject_id == row.person_id),
        and_(subject.kind == "address", subject.subject_id == row.address_id),
    )
    wanted = sorted(case_ids)
    theirs = (
        select(subject.case_id.label("case_id"), row.conflict_id)
        .join(row, about)
        .where(among(subject.case_id, wanted))
    )
    own = select(row.case_id, row.conflict_id).where(among(row.case_id, wanted))
    every = theirs.union(own).subquery()
    bodies: dict[str, dict[str, dict[str, Any]]] = {}
    for case_id, conflict, said in session.execute(
        select(every.c.case_id, row, claim)
        .join(row, row.conflict_id == every.c.conflict_id)
        .join(claim, claim.conflict_id == row.conflict_id)
    ):
        bodies.setdefault(case_id, {})[said.claim_id] = {
            "conflict_id": conflict.conflict_id,
            "command_id": said.command_id,
            "record": conflict.record,
            "record_id": conflict.record_id,
            "field": conflict.field,
            "was": conflict.was,
            "office": conflict.office,
            "said": said.value,
            "open": conflict.open,
            "answer": conflict.answer,
            "decided": conflict.decided,
            "note": conflict.note,
            "decided_at": conflict.decided_at.isoformat() if conflict.decided_at else None,
        }
    return {case_id: _most_pressing(claims) for case_id, claims in bodies.items()}


def _most_pressing(claims: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Keep what waits, and of what was decided the latest."""
    order = sorted(
        claims.items(), key=lambda item: (item[1]["decided_at"] or "9", item[0]), reverse=True
    )
    return dict(order[:CLAIMS_MAX])


PROJECTIONS = (
    Projection(
        view="home_visit",
        kind="conflict",
        build=conflicts,
        reads=SUBJECTS | {"conflict", "conflict_claim"},
    ),
)
