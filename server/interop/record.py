"""How each change about imports alters rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from server.interop.commands import ImportBegun, ImportFinished, PayerReferenceRecorded
from server.interop.tables import ImportFileRow, PayerReferenceRow
from server.people import search_terms
from server.people.search_terms import Term
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def import_begun(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write imports that begin."""
    session.execute(
        insert(ImportFileRow),
        [
            {
                **vars(item.change),
                "state": "running",
                "begun_at": item.recorded_at,
                "begun_by": item.actor_id,
            }
            for item in recorded
        ],
    )


def import_finished(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write how imports ended."""
    for item in recorded:
        if isinstance(change := item.change, ImportFinished):
            figures = ("read", "created", "changed", "unchanged", "rejected")
            session.execute(
                update(ImportFileRow)
                .where(ImportFileRow.import_id == change.import_id)
                .values(
                    state=change.end,
                    ended_at=item.recorded_at,
                    **{name: getattr(change, name) for name in figures},
                )
            )


def payer_reference_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write payer references, and let people be found by them."""
    changes = [item.change for item in recorded if isinstance(item.change, PayerReferenceRecorded)]
    session.execute(insert(PayerReferenceRow), [vars(change) for change in changes])
    search_terms.keep(
        session,
        [Term(kind="reference", text=c.reference, person_id=c.person_id) for c in changes],
    )


RECORDERS: Mapping[type[Change], Recorder] = {
    ImportBegun: import_begun,
    ImportFinished: import_finished,
    PayerReferenceRecorded: payer_reference_recorded,
}
