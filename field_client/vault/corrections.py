"""Details put right here and warnings added: laid over the office's copy, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.case_file import CaseConflict, CaseContact, CaseMarker
from shared.catalogue import Sentence
from shared.detail_fields import UNKNOWN, label_of
from shared.field_policy import FieldRule, rule_of
from shared.markers import FIRST_REVIEW_DAYS, KINDS
from shared.presentation import LONDON, phone
from shared.reconcile import merge

Bodies = dict[str, dict[str, dict[str, Any]]]
"""kind to record id to body"""

Body = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Differing:
    """One field about which this officer or another differs from the office, and how it was decided."""

    claim_id: str
    command_id: str
    record: str
    field: str
    label: Sentence
    was: Any
    office: Any
    said: Any
    open: bool
    answer: str
    decided: Any
    note: str
    decided_at: datetime | None


def lay_over(bodies: Bodies, name: str, body: Body, happened_at: str) -> None:
    """Show what a correction, a warning or a wish to take one off will have done."""
    if name == "CorrectDetails":
        _correct(bodies.get("person", {}).get(body["person_id"]), body["edits"])
    elif name == "CorrectContact":
        person = bodies.get("person", {}).get(body["person_id"])
        for contact in (person or {}).get("contacts", ()):
            if contact["contact_id"] == body["contact_id"]:
                _apply(
                    contact, "standing", rule_of("contact", "standing"), body["edits"]["standing"]
                )
                _renumber(person or {})
    elif name == "AddMarker":
        from_on = datetime.fromisoformat(happened_at).astimezone(LONDON).date()
        bodies.setdefault("marker", {})[body["marker_id"]] = {
            "person_id": body["person_id"],
            "address_id": body["address_id"],
            "kind": body["kind"],
            "note": body["note"],
            "from_on": from_on.isoformat(),
            "review_on": (from_on + timedelta(days=FIRST_REVIEW_DAYS)).isoformat(),
            "pending": True,
        }
    elif name == "ProposeMarkerRemoval":
        marker = bodies.get("marker", {}).get(body["marker_id"])
        if marker is not None:
            marker["asked_off"] = True


def _correct(person: dict[str, Any] | None, edits: Mapping[str, Body]) -> None:
    if person is None:
        return
    for name, edit in edits.items():
        _apply(person, name, rule_of("person", name), edit)


def _apply(record: dict[str, Any], name: str, rule: FieldRule, edit: Body) -> None:
    """Put a field right as the office will; what it cannot settle is shown beside what it has."""
    held = record.get(name, UNKNOWN.get(name))
    settled = merge(rule, edit["was"], held, edit["now"])
    record[name] = settled.value
    record.setdefault("put_right", {})[name] = edit["now"]


def _renumber(person: dict[str, Any]) -> None:
    """Keep the numbers that may be rung in step with what is known of each."""
    reaches = [c.value for c in contacts_of(person) if c.kind == "phone" and c.standing == "in_use"]
    added = [n for n in person.get("pending_numbers", ()) if n not in reaches]
    person["phone_numbers"] = [*reaches, *added]


def details_of(person: Body) -> dict[str, Any]:
    """Give what may be put right of a person; an office of another version may not have sent all."""
    return {name: person.get(name, unknown) for name, unknown in UNKNOWN.items()}


def contacts_of(person: Body) -> tuple[CaseContact, ...]:
    """Give the ways to reach a person that the office has, whether or not they reach them."""
    return tuple(
        CaseContact(
            contact_id=each["contact_id"],
            kind=each["kind"],
            value=each["value"],
            standing=each["standing"],
        )
        for each in person.get("contacts", ())
    )


def markers_of(bodies: Mapping[str, Body]) -> tuple[CaseMarker, ...]:
    """Give the rules the warnings of a case."""
    return tuple(
        CaseMarker(
            marker_id=marker_id,
            kind=body["kind"],
            person_id=body["person_id"],
            address_id=body["address_id"],
        )
        for marker_id, body in bodies.items()
    )


def conflicts_of(bodies: Mapping[str, Body]) -> tuple[CaseConflict, ...]:
    """Give the rules the fields that wait for a person at the office."""
    return tuple(
        CaseConflict(
            conflict_id=body["conflict_id"],
            record=body["record"],
            record_id=body["record_id"],
            field=body["field"],
        )
        for body in bodies.values()
        if body["open"]
    )


def places_of(case: Body, people: Iterable[Body], places: Mapping[str, Body]) -> frozenset[str]:
    """Name the places a case leads to."""
    homes = {home["address_id"] for person in people for home in person["addresses"]}
    own = {case["address_id"]} if case["address_id"] else set()
    return frozenset({*homes, *own, *places})


def differing(
    bodies: Mapping[str, Body], people: Mapping[str, Body], markers: Mapping[str, Body]
) -> list[Differing]:
    """List where somebody differs from the office, what waits first, then the latest decided."""
    found = [
        Differing(
            claim_id=claim_id,
            command_id=body["command_id"],
            record=body["record"],
            field=body["field"],
            label=_label(body, people, markers),
            was=body["was"],
            office=body["office"],
            said=body["said"],
            open=body["open"],
            answer=body["answer"],
            decided=body["decided"],
            note=body["note"],
            decided_at=datetime.fromisoformat(body["decided_at"]) if body["decided_at"] else None,
        )
        for claim_id, body in sorted(bodies.items())
    ]
    return sorted(found, key=lambda each: (not each.open, each.decided_at is None, each.claim_id))


def _label(body: Body, people: Mapping[str, Body], markers: Mapping[str, Body]) -> Sentence:
    """Say what a conflict is about, with the number or the warning it concerns."""
    label, which = label_of(body["record"], body["field"]), None
    if body["record"] == "contact":
        values = {c.contact_id: c.value for p in people.values() for c in contacts_of(p)}
        which = phone(values.get(body["record_id"], ""))
    elif body["record"] == "marker" and body["record_id"] in markers:
        kind = markers[body["record_id"]]["kind"]
        which = Sentence(KINDS[kind]) if kind in KINDS else None
    return Sentence("%(what)s: %(which)s", what=label, which=which) if which else label


def of_command(found: Sequence[Differing], command_id: str) -> list[Differing]:
    """Choose what one command of this device raised."""
    return [each for each in found if each.command_id == command_id]
