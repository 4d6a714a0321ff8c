"""Facts about conflicts: the open ones of a case for every rule, and one whole for its decision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.people.facts import details_of
from server.people.tables import ContactRow, MarkerRow, PersonRow
from server.reconciling.commands import DecideConflict
from server.reconciling.rules import Claim, OpenConflict
from server.reconciling.tables import ConflictClaimRow, ConflictRow
from server.spine.locks import case_subject
from shared.case_file import CaseConflict
from shared.commands import Command


def case_conflicts(
    session: Session, case_ids: Collection[str]
) -> dict[str, dict[str, tuple[CaseConflict, ...]]]:
    """Give each case the fields that wait for a person, whichever case they were raised on."""
    subject, row = case_subject.c, ConflictRow
    about = or_(
        and_(subject.kind == "person", subject.subject_id == row.person_id),
        and_(subject.kind == "address", subject.subject_id == row.address_id),
    )
    found: dict[str, dict[str, CaseConflict]] = {}
    for case_id, conflict_id, record, record_id, name in session.execute(
        select(subject.case_id, row.conflict_id, row.record, row.record_id, row.field)
        .join(row, about)
        .where(subject.case_id.in_(sorted(case_ids)), row.open)
    ):
        found.setdefault(case_id, {})[conflict_id] = CaseConflict(
            conflict_id=conflict_id, record=record, record_id=record_id, field=name
        )
    return {case_id: {"conflicts": tuple(of_case.values())} for case_id, of_case in found.items()}


def whole_conflicts(session: Session, commands: Sequence[Command]) -> list[OpenConflict | None]:
    """Load the conflicts to be decided and their records, both under their row locks."""
    asked = [command for command in commands if isinstance(command, DecideConflict)]
    rows = session.scalars(
        select(ConflictRow)
        .where(ConflictRow.conflict_id.in_(sorted({c.conflict_id for c in asked})))
        .order_by(ConflictRow.conflict_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    claims: dict[str, list[Claim]] = {}
    for row in session.scalars(
        select(ConflictClaimRow)
        .where(ConflictClaimRow.conflict_id.in_([row.conflict_id for row in rows]))
        .order_by(ConflictClaimRow.received_at, ConflictClaimRow.claim_id)
    ):
        claims.setdefault(row.conflict_id, []).append(
            Claim(
                claim_id=row.claim_id, officer_id=row.officer_id, value=row.value, reason=row.reason
            )
        )
    held = _held(session, rows)
    conflicts = {
        row.conflict_id: OpenConflict(
            conflict_id=row.conflict_id,
            record=row.record,
            record_id=row.record_id,
            field=row.field,
            case_id=row.case_id,
            person_id=row.person_id,
            address_id=row.address_id,
            open=row.open,
            was=row.was,
            office=row.office,
            claims=tuple(claims.get(row.conflict_id, ())),
            held=held.get(row.record_id, {}),
        )
        for row in rows
    }
    return [conflicts.get(command.conflict_id) for command in asked]


def _held(session: Session, rows: Sequence[ConflictRow]) -> Mapping[str, Mapping[str, Any]]:
    """Read the fields of the records concerned as they are now, held still until this ends."""
    ids: dict[str, list[str]] = {"person": [], "contact": [], "marker": []}
    for row in rows:
        ids[row.record].append(row.record_id)
    for key in (PersonRow.person_id, ContactRow.contact_id, MarkerRow.marker_id):
        wanted = sorted(ids[key.class_.__tablename__])
        if wanted:
            session.execute(select(key).where(key.in_(wanted)).order_by(key).with_for_update())
    held: dict[str, Mapping[str, Any]] = dict(details_of(session, ids["person"]))
    contact, marker = ContactRow, MarkerRow
    for contact_id, standing, value in session.execute(
        select(contact.contact_id, contact.standing, contact.value).where(
            contact.contact_id.in_(ids["contact"])
        )
    ):
        held[contact_id] = {"standing": standing, "value": value}
    for marker_id, kind in session.execute(
        select(marker.marker_id, marker.kind).where(marker.marker_id.in_(ids["marker"]))
    ):
        held[marker_id] = {"kind": kind}
    return held
