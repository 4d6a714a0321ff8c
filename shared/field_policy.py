"""Who may write which field, and what happens when two people did: one table, a row a field.

A test reads the office's own tables beside it and fails when a field of a record has no row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from shared.catalogue import mark
from shared.commands import Kind, Outcome


class Policy(StrEnum):
    """What becomes of a field when what somebody saw of it is no longer what it is."""

    MERGE = "merge"
    """One side moved: its value stands. Both did: both are kept and a person decides."""

    OFFICE = "office"
    """Only the office writes it; a device may not."""

    UNION = "union"
    """A set that protects somebody: what either side adds is in; taking out is asked, not done."""

    KEEP_BOTH = "keep_both"
    """Longer text: the office's stands, the officer's is kept beside it until a person decides."""

    ONCE = "once"
    """Written when its record is made and never again."""


@dataclass(frozen=True, kw_only=True)
class FieldRule:
    """One field: its policy, how it is called, and which of its values protects somebody."""

    policy: Policy
    label: str = ""
    protective: tuple[str, ...] = ()
    """Values in the order in which they win while nobody has decided, the most protective first."""

    from_the_field: bool = False
    """Whether an officer's device may say that it is otherwise."""

    decided_with: str = "conflicts.decide"
    """The permission it takes to decide a conflict about it."""


_ONCE = FieldRule(policy=Policy.ONCE)
_OFFICE = FieldRule(policy=Policy.OFFICE)


def _merge(
    label: str, *, from_the_field: bool = False, protective: tuple[str, ...] = ()
) -> FieldRule:
    return FieldRule(
        policy=Policy.MERGE, label=label, from_the_field=from_the_field, protective=protective
    )


FIELDS: Mapping[str, Mapping[str, FieldRule]] = {
    "person": {
        "kind": _ONCE,
        "name": _merge(mark("Name")),
        "title": _merge(mark("Title")),
        "forenames": _merge(mark("First names")),
        "surname": _merge(mark("Surname")),
        "born_on": _merge(mark("Date of birth")),
        "language": _merge(mark("Language they prefer"), from_the_field=True),
        "preferred_contact": _merge(mark("Best way to reach them"), from_the_field=True),
        "household": FieldRule(
            policy=Policy.KEEP_BOTH,
            label=mark("Who else lives there, and what to know of it"),
            from_the_field=True,
        ),
        "needs": FieldRule(
            policy=Policy.UNION,
            label=mark("What they need from us"),
            from_the_field=True,
        ),
        "recorded_at": _ONCE,
    },
    "former_name": {"person_id": _ONCE, "name": _ONCE, "until": _ONCE},
    "contact": {
        "person_id": _ONCE,
        "kind": _ONCE,
        "value": _ONCE,
        "source": _ONCE,
        "standing": _merge(
            mark("Does it reach them?"), from_the_field=True, protective=("wrong", "in_use")
        ),
        "recorded_at": _ONCE,
    },
    "address": {
        "lines": _ONCE,
        "postcode": _ONCE,
        "uprn": _ONCE,
        "latitude": _ONCE,
        "longitude": _ONCE,
    },
    "residence": {
        "person_id": _ONCE,
        "address_id": _ONCE,
        "from_on": _ONCE,
        "until": _merge(mark("Last day there")),
    },
    "marker": {
        "person_id": _ONCE,
        "address_id": _ONCE,
        "kind": _ONCE,
        "note": _ONCE,
        "from_on": _ONCE,
        "review_on": _ONCE,
        "until": FieldRule(
            policy=Policy.UNION,
            label=mark("Warning"),
            from_the_field=True,
            decided_with="people.mark",
        ),
    },
    "account": {
        "reference": _ONCE,
        "debt_type": _ONCE,
        "source": _ONCE,
        "property_reference": _OFFICE,
        "address_id": _OFFICE,
        "liable_from": _OFFICE,
        "liable_until": _OFFICE,
        "rateable_value": _OFFICE,
        "balance_master": _ONCE,
        "imported_hash": _OFFICE,
        "opened_at": _ONCE,
    },
    "debt": {
        "account_id": _ONCE,
        "reference": _ONCE,
        "from_on": _ONCE,
        "until": _ONCE,
        "stage": _OFFICE,
        "balance_pence": _OFFICE,
        "opened_at": _ONCE,
    },
    "liable_party": {"from_on": _OFFICE, "until": _OFFICE},
    "hold": {
        "debt_id": _ONCE,
        "reason": _ONCE,
        "note": _ONCE,
        "from_on": _ONCE,
        "until": _merge(mark("Last day of the hold")),
        "placed_by": _ONCE,
        "placed_at": _ONCE,
    },
    "case": {
        "reference": _ONCE,
        "person_id": _ONCE,
        "address_id": _ONCE,
        "open": _OFFICE,
        "opened_at": _ONCE,
        "closed_at": _OFFICE,
    },
    "planned_visit": {
        "case_id": _ONCE,
        "officer_id": _ONCE,
        "purpose": _ONCE,
        "planned_on": _ONCE,
        "instructions": _ONCE,
        "state": _OFFICE,
    },
    "visit": {
        "case_id": _ONCE,
        "planned_visit_id": _ONCE,
        "officer_id": _ONCE,
        "happened_at": _ONCE,
        "received_at": _ONCE,
        "outcome": _ONCE,
        "met_person_ids": _ONCE,
        "others_met": _ONCE,
        "notes": _ONCE,
        "flags": _ONCE,
        "review": _OFFICE,
        "reviewer_id": _OFFICE,
        "reviewed_at": _OFFICE,
    },
    "task": {
        "kind": _ONCE,
        "account_id": _ONCE,
        "person_id": _ONCE,
        "case_id": _ONCE,
        "owner_id": _OFFICE,
        "note": _ONCE,
        "due_on": _ONCE,
        "raised_at": _ONCE,
        "done_at": _OFFICE,
        "done_by": _OFFICE,
    },
}
"""Every record of a case, field by field, by the names of the office's own columns."""

ADDED_ONLY = frozenset(
    {"case_debt", "transaction", "visit_comment", "photograph", "payer_reference", "handed_over"}
)
"""Records that are only ever added: there is no field of theirs to disagree about."""


def rule_of(record: str, field: str) -> FieldRule:
    """Give the rule for a field; `needs.hearing` names one member of the set `needs`."""
    return FIELDS[record][field.partition(".")[0]]


def from_the_field(record: str) -> frozenset[str]:
    """Name the fields of a record that an officer's device may correct."""
    return frozenset(name for name, rule in FIELDS[record].items() if rule.from_the_field)


ENDINGS: Mapping[Kind, frozenset[Outcome]] = {
    Kind.FACT: frozenset({Outcome.APPLIED, Outcome.FLAGGED, Outcome.NO_CHANGE}),
    Kind.DECISION: frozenset({Outcome.APPLIED, Outcome.FLAGGED, Outcome.NO_CHANGE}),
    Kind.EDIT: frozenset(
        {Outcome.APPLIED, Outcome.MERGED, Outcome.FLAGGED, Outcome.NO_CHANGE, Outcome.REVIEW}
    ),
    Kind.SET_ADD: frozenset({Outcome.APPLIED, Outcome.FLAGGED, Outcome.NO_CHANGE}),
    Kind.SET_REMOVE: frozenset({Outcome.REVIEW, Outcome.NO_CHANGE}),
    Kind.RESOLVE: frozenset({Outcome.APPLIED}),
}
"""How each kind of command may end once its rule has let it through: what was refused aside."""
