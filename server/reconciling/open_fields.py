"""Which fields wait for a person: for rules that must not write over them, and for other areas' pages."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.reconciling.tables import ConflictRow
from shared.catalogue import Sentence
from shared.detail_fields import label_of

SHOWN_MAX = 20
"""Conflicts about one person that their page names."""


def fields_open(session: Session, record: str, record_ids: Collection[str]) -> dict[str, set[str]]:
    """Say which fields of these records wait for a person."""
    found: dict[str, set[str]] = {}
    for record_id, name in session.execute(
        select(ConflictRow.record_id, ConflictRow.field).where(
            ConflictRow.record == record,
            ConflictRow.record_id.in_(sorted(record_ids)),
            ConflictRow.open,
        )
    ):
        found.setdefault(record_id, set()).add(name)
    return found


def of_person(session: Session, person_id: str) -> list[tuple[str, Sentence]]:
    """List the open conflicts about a person, each with what it is about."""
    rows = session.execute(
        select(ConflictRow.conflict_id, ConflictRow.record, ConflictRow.field)
        .where(ConflictRow.person_id == person_id, ConflictRow.open)
        .order_by(ConflictRow.opened_at)
        .limit(SHOWN_MAX)
    )
    return [(conflict_id, label_of(record, name)) for conflict_id, record, name in rows]
