"""Markers: what may harm the people who visit, said by whoever saw it and taken off by the office only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion, Outcome, Touched
from shared.conflicts import ConflictRaised
from shared.errors import RuleBroken, register
from shared.fields import Choice, CleanText, IdField
from shared.presentation import LONDON

KINDS: dict[str, str] = {
    "violence": mark("Has been violent"),
    "threats": mark("Has made threats"),
    "weapon": mark("A weapon has been seen"),
    "dangerous_dog": mark("Dangerous dog"),
    "unsafe_premises": mark("Unsafe premises"),
    "do_not_visit_alone": mark("Do not visit alone"),
    "protected_address": mark("Address is protected"),
    "safeguarding": mark("Safeguarding concern"),
    "vulnerable": mark("Vulnerable"),
}
"""What may harm an officer or the person; the code is stored, the words are shown. How sensitive each
kind is, and so who sees it, stands in `field_classes`."""

NOTE_MAX = 1_000

FIRST_REVIEW_DAYS = 90
"""Days after which somebody looks again at a warning that was added at a door; local policy."""

IN_FORCE = "until"
"""The field of a marker that a proposal to take it off is about: whether it has ended."""

register(
    {
        "marker.known": mark("This marker has already been recorded"),
        "marker.person_or_place": mark("Say whether the risk is the person or the place"),
        "marker.not_on_case": mark("This warning is not on the case: open the case again"),
        "place.not_on_case": mark("This address is not on the case: open the case again"),
    }
)


@dataclass(frozen=True, kw_only=True)
class MarkerRecorded(Change):
    """Everyone who visits a person or a place is warned of a risk.

    A marker on a place names the cases that go there, because nothing else would lead to them.
    """

    name: ClassVar[str] = "MarkerRecorded"
    marker_id: str
    person_id: str | None
    address_id: str | None
    case_ids: frozenset[str] = frozenset()
    kind: str
    from_on: date
    review_on: date
    note: str = field(metadata=PERSONAL)

    def touched(self) -> Touched:
        """Add the cases that go to the place."""
        return super().touched() | Touched(case_ids=self.case_ids)


@dataclass(frozen=True, kw_only=True)
class MarkerEnded(Change):
    """A warning was taken back; `until` is the first day it no longer covers."""

    name: ClassVar[str] = "MarkerEnded"
    marker_id: str
    person_id: str | None
    address_id: str | None
    case_ids: frozenset[str] = frozenset()
    kind: str
    until: date
    reason: str = field(metadata=PERSONAL)

    def touched(self) -> Touched:
        """Add the cases that go to the place."""
        return super().touched() | Touched(case_ids=self.case_ids)


@dataclass(frozen=True, kw_only=True)
class AddMarker(Command):
    """Warn everyone who visits of what was met at this door; it holds as soon as it is saved."""

    name: ClassVar[str] = "AddMarker"
    makes: ClassVar[tuple[str, ...]] = ("marker_id",)
    marker_id: str
    case_id: str
    person_id: str | None = None
    address_id: str | None = None
    kind: str
    note: str


class WarningSchema(Schema):
    """What whoever warns of a risk says, at a door or in the office."""

    marker_id = IdField(required=True)
    person_id = IdField(load_default=None, allow_none=True)
    address_id = IdField(load_default=None, allow_none=True)
    kind = Choice(
        KINDS,
        required=True,
        metadata={"label": mark("What is the risk?"), "missing": mark("Select the risk")},
    )
    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("What happened, and who saw it?"),
            "hint": mark("Officers read this before they go to the door"),
            "missing": mark("Enter what happened and who saw it"),
        },
    )


class AddMarkerSchema(WarningSchema):
    """How `AddMarker` is written in a form and in a message."""

    case_id = IdField(required=True)


def add_marker(case: CaseFile, command: AddMarker, occasion: Occasion) -> Decision:
    """Warn of a person or a place of the case from the day it was met, to be looked at again."""
    if case.marker(command.marker_id):
        raise RuleBroken("marker.known")
    if (command.person_id is None) == (command.address_id is None):
        raise RuleBroken("marker.person_or_place", field="person_id")
    if command.person_id is not None and case.person(command.person_id) is None:
        raise RuleBroken("person.not_on_case", field="person_id")
    if command.address_id is not None and command.address_id not in case.address_ids:
        raise RuleBroken("place.not_on_case", field="address_id")
    from_on = min(occasion.happened_at, occasion.decided_at).astimezone(LONDON).date()
    return Decision(
        changes=(
            MarkerRecorded(
                marker_id=command.marker_id,
                person_id=command.person_id,
                address_id=command.address_id,
                case_ids=frozenset({command.case_id}),
                kind=command.kind,
                from_on=from_on,
                review_on=from_on + timedelta(days=FIRST_REVIEW_DAYS),
                note=command.note,
            ),
        )
    )


@dataclass(frozen=True, kw_only=True)
class ProposeMarkerRemoval(Command):
    """Ask the office to take a warning off; it stays until somebody there has decided."""

    name: ClassVar[str] = "ProposeMarkerRemoval"
    proposal_id: str
    case_id: str
    marker_id: str
    person_id: str | None = None
    address_id: str | None = None
    """What the warning is about, so that every case it stands in can be held still."""

    reason: str


class ProposeMarkerRemovalSchema(Schema):
    """How `ProposeMarkerRemoval` is written in a form and in a message."""

    proposal_id = IdField(required=True)
    case_id = IdField(required=True)
    marker_id = IdField(required=True)
    person_id = IdField(load_default=None, allow_none=True)
    address_id = IdField(load_default=None, allow_none=True)
    reason = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("Why is the risk over?"),
            "hint": mark("Say what you saw yourself, and who told you the rest"),
            "missing": mark("Enter why the risk is over"),
        },
    )


def propose_marker_removal(
    case: CaseFile, command: ProposeMarkerRemoval, _occasion: Occasion
) -> Decision:
    """Put the question to the office; where the warning has ended there is none."""
    marker = case.marker(command.marker_id)
    about = (command.person_id, command.address_id)
    if marker is None or about not in {(None, None), (marker.person_id, marker.address_id)}:
        raise RuleBroken("marker.not_on_case", field="marker_id")
    if marker.ended:
        return Decision()
    there = case.conflict_about("marker", marker.marker_id, IN_FORCE)
    raised = ConflictRaised(
        conflict_id=there.conflict_id if there else command.proposal_id,
        claim_id=command.proposal_id,
        record="marker",
        record_id=marker.marker_id,
        field=IN_FORCE,
        case_id=command.case_id,
        person_id=marker.person_id,
        address_id=marker.address_id,
        was=True,
        office=True,
        claimed=False,
        reason=command.reason,
    )
    return Decision(changes=(raised,), ending=Outcome.REVIEW)
