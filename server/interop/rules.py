"""Rules about imports and payer references: pure, over what is known of the one concerned."""

from __future__ import annotations

from dataclasses import dataclass

from server.interop.commands import (
    BeginImport,
    FinishImport,
    ImportBegun,
    ImportFinished,
    PayerReferenceRecorded,
    RecordPayerReference,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class ImportFacts:
    """What beginning and finishing an import look at: where it stands, if it is known."""

    state: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceFacts:
    """What recording a payer reference looks at: whose it is now."""

    person_known: bool = False
    held_by: str | None = None


def begin_import(facts: ImportFacts, command: BeginImport, _occasion: Occasion) -> Decision:
    """Begin an import, once."""
    if facts.state is not None:
        raise RuleBroken("import.exists")
    return Decision(changes=(ImportBegun(**vars(command)),))


def finish_import(facts: ImportFacts, command: FinishImport, _occasion: Occasion) -> Decision:
    """End an import that has not been done to its end, with figures that add up."""
    if facts.state is None:
        raise RuleBroken("import.unknown")
    if facts.state == "done":
        raise RuleBroken("import.ended")
    parts = command.created + command.changed + command.unchanged + command.rejected
    if command.read != parts:
        raise RuleBroken("import.figures")
    return Decision(changes=(ImportFinished(**vars(command)),))


def record_payer_reference(
    facts: ReferenceFacts, command: RecordPayerReference, _occasion: Occasion
) -> Decision:
    """Record the reference, which is one person's."""
    if not facts.person_known:
        raise RuleBroken("person.unknown")
    if facts.held_by == command.person_id:
        return Decision()
    if facts.held_by is not None:
        raise RuleBroken("person.reference_taken", field="reference")
    return Decision(changes=(PayerReferenceRecorded(**vars(command)),))
