"""Details: what an officer at a door can put right about a person, field by field, over what was seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import UUID, uuid5

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion, Outcome
from shared.conflicts import ConflictRaised
from shared.detail_fields import UNKNOWN, Edits
from shared.errors import RuleBroken, register
from shared.field_policy import from_the_field, rule_of
from shared.fields import IdField
from shared.reconcile import Fate, Settled, merge

register(
    {
        "contact.not_on_case": mark(
            "This phone number or email is not on the case: open the case again"
        ),
        "edit.office_only": mark("Only the office can change this: ring the office"),
        "edit.moved": mark("Somebody else has changed this since you opened it"),
        "edit.contested": mark(
            "An officer and the office differ about this: decide that first, from the worktray"
        ),
        "edit.nothing": mark("Change something before you save"),
    }
)


@dataclass(frozen=True, kw_only=True)
class CorrectDetails(Command):
    """Put right what is known of a person, field by field."""

    name: ClassVar[str] = "CorrectDetails"
    edit_id: str
    case_id: str
    person_id: str
    edits: Mapping[str, Mapping[str, Any]]


class CorrectDetailsSchema(Schema):
    """How `CorrectDetails` is written in a message."""

    edit_id = IdField(required=True)
    case_id = IdField(required=True)
    person_id = IdField(required=True)
    edits = Edits("person", required=True, metadata={"label": mark("Details put right")})


@dataclass(frozen=True, kw_only=True)
class CorrectContact(Command):
    """Say whether a phone number or email address reaches the person."""

    name: ClassVar[str] = "CorrectContact"
    edit_id: str
    case_id: str
    person_id: str
    contact_id: str
    edits: Mapping[str, Mapping[str, Any]]


class CorrectContactSchema(Schema):
    """How `CorrectContact` is written in a message."""

    edit_id = IdField(required=True)
    case_id = IdField(required=True)
    person_id = IdField(required=True)
    contact_id = IdField(required=True)
    edits = Edits("contact", required=True, metadata={"label": mark("Contact put right")})


@dataclass(frozen=True, kw_only=True)
class DetailsCorrected(Change):
    """What is known of a person was put right; `moved` names the fields, `values` holds them."""

    name: ClassVar[str] = "DetailsCorrected"
    person_id: str
    case_id: str | None = None
    moved: tuple[str, ...]
    values: Mapping[str, Any] = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ContactCorrected(Change):
    """A phone number or email address was found to reach the person, or not to."""

    name: ClassVar[str] = "ContactCorrected"
    contact_id: str
    person_id: str
    case_id: str | None = None
    standing: str
    value: str = field(default="", metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class About:
    """Whose fields are put right: the record, its case and person, and the edit that does it."""

    edit_id: str
    record: str
    record_id: str
    case_id: str
    person_id: str


def correct_details(case: CaseFile, command: CorrectDetails, _occasion: Occasion) -> Decision:
    """Put right what nobody else has moved; keep both values of what somebody has."""
    person = case.person(command.person_id)
    if person is None:
        raise RuleBroken("person.not_on_case", field="person_id")
    about = About(
        edit_id=command.edit_id,
        record="person",
        record_id=person.person_id,
        case_id=command.case_id,
        person_id=person.person_id,
    )
    settled = settle(case, about, {**UNKNOWN, **person.details}, command.edits)
    moved = settled.moved
    corrected = (
        DetailsCorrected(
            person_id=person.person_id,
            case_id=command.case_id,
            moved=tuple(sorted(moved)),
            values=moved,
        ),
    )
    return Decision(changes=(*(corrected if moved else ()), *settled.raised), ending=settled.ending)


def correct_contact(case: CaseFile, command: CorrectContact, _occasion: Occasion) -> Decision:
    """Say whether it reaches them; where two say otherwise, nobody uses it until a person decides."""
    person = case.person(command.person_id)
    contact = person.contact(command.contact_id) if person else None
    if person is None or contact is None:
        raise RuleBroken("contact.not_on_case", field="contact_id")
    about = About(
        edit_id=command.edit_id,
        record="contact",
        record_id=contact.contact_id,
        case_id=command.case_id,
        person_id=person.person_id,
    )
    settled = settle(case, about, {"standing": contact.standing}, command.edits)
    corrected = tuple(
        ContactCorrected(
            contact_id=contact.contact_id,
            person_id=person.person_id,
            case_id=command.case_id,
            standing=standing,
            value=contact.value,
        )
        for standing in settled.moved.values()
    )
    return Decision(changes=(*corrected, *settled.raised), ending=settled.ending)


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """What came of an edit: the fields that move, the conflicts it raises, and how it ends."""

    moved: Mapping[str, Any]
    raised: tuple[ConflictRaised, ...]
    ending: Outcome


def settle(
    case: CaseFile,
    about: About,
    current: Mapping[str, Any],
    edits: Mapping[str, Mapping[str, Any]],
) -> Settlement:
    """Settle an edit field by field over what the record holds."""
    moved: dict[str, Any] = {}
    raised: list[ConflictRaised] = []
    fates: set[Fate] = set()
    for name, edit in edits.items():
        if name not in from_the_field(about.record):
            raise RuleBroken("edit.office_only", field=name)
        contested = case.conflict_about(about.record, about.record_id, name) is not None
        rule, held = rule_of(about.record, name), current[name]
        settled = merge(rule, edit["was"], held, edit["now"], contested=contested)
        fates.add(settled.fate)
        if settled.value != held:
            moved[name] = settled.value
        raised.extend(_raised(case, about, name, edit["was"], held, settled))
    return Settlement(moved=moved, raised=tuple(raised), ending=_ending(fates))


def _raised(
    case: CaseFile, about: About, name: str, was: object, held: object, settled: Settled
) -> list[ConflictRaised]:
    """Say what a person has to decide: the field, or each member that somebody would take out."""
    if settled.fate is not Fate.REVIEW:
        return []
    if not settled.asked_off:
        return [raise_conflict(case, about, name, was=was, office=held, claimed=settled.claim)]
    return [
        raise_conflict(case, about, f"{name}.{member}", was=True, office=True, claimed=False)
        for member in settled.asked_off
    ]


def raise_conflict(
    case: CaseFile,
    about: About,
    name: str,
    *,
    was: object,
    office: object,
    claimed: object,
) -> ConflictRaised:
    """Open a conflict about a field, or join the one that is open."""
    there = case.conflict_about(about.record, about.record_id, name)
    claim_id = str(uuid5(UUID(about.edit_id), f"{about.record_id} {name}"))
    return ConflictRaised(
        conflict_id=there.conflict_id if there else claim_id,
        claim_id=claim_id,
        record=about.record,
        record_id=about.record_id,
        field=name,
        case_id=about.case_id,
        person_id=about.person_id,
        was=was,
        office=office,
        claimed=claimed,
    )


def _ending(fates: set[Fate]) -> Outcome:
    """Say how an edit ended: as the part of it that a person must know of."""
    if Fate.REVIEW in fates:
        return Outcome.REVIEW
    if fates <= {Fate.NO_CHANGE}:
        return Outcome.NO_CHANGE
    return Outcome.APPLIED if fates == {Fate.APPLIED} else Outcome.MERGED
