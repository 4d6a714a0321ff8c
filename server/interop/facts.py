"""Facts about imports and payer references, loaded set-wise for their rules."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import column, select, table, tuple_
from sqlalchemy.orm import Session

from server.interop.commands import BeginImport, FinishImport, RecordPayerReference
from server.interop.rules import ImportFacts, ReferenceFacts
from server.interop.tables import ImportFileRow, PayerReferenceRow
from server.spine.tables import Id
from shared.commands import Command

_person = table("person", column("person_id", Id))


def import_facts(session: Session, commands: Sequence[Command]) -> list[ImportFacts]:
    """Load where each import stands, locked so that of two who end it one is told."""
    asked = [command for command in commands if isinstance(command, BeginImport | FinishImport)]
    row = ImportFileRow
    states = dict(
        session.execute(
            select(row.import_id, row.state)
            .where(row.import_id.in_({command.import_id for command in asked}))
            .order_by(row.import_id)
            .with_for_update()
        ).all()
    )
    return [ImportFacts(state=states.get(command.import_id)) for command in asked]


def reference_facts(session: Session, commands: Sequence[Command]) -> list[ReferenceFacts]:
    """Load whose each payer reference is."""
    asked = [command for command in commands if isinstance(command, RecordPayerReference)]
    row, person_id = PayerReferenceRow, _person.c.person_id
    known = set(
        session.scalars(select(person_id).where(person_id.in_({c.person_id for c in asked})))
    )
    held = {
        (service, reference): person
        for service, reference, person in session.execute(
            select(row.service, row.reference, row.person_id).where(
                tuple_(row.service, row.reference).in_([(c.service, c.reference) for c in asked])
            )
        )
    }
    return [
        ReferenceFacts(
            person_known=c.person_id in known, held_by=held.get((c.service, c.reference))
        )
        for c in asked
    ]
