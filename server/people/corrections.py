"""What the office puts right itself: never over what somebody else has changed since it was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import Schema

from server.people.rules import PersonFile
from shared.catalogue import mark
from shared.commands import Command, Decision, Occasion
from shared.detail_fields import UNKNOWN, Edits
from shared.details import ContactCorrected, DetailsCorrected
from shared.errors import RuleBroken, register
from shared.field_policy import Policy, rule_of
from shared.fields import IdField
from shared.reconcile import Fate, merge

register(
    {
        "contact.unknown": mark("This is not known here: open the person again"),
    }
)


@dataclass(frozen=True, kw_only=True)
class ChangeDetails(Command):
    """Put right what is known of a person, over what the page had shown."""

    name: ClassVar[str] = "ChangeDetails"
    person_id: str
    edits: Mapping[str, Mapping[str, Any]]


class ChangeDetailsSchema(Schema):
    """How `ChangeDetails` is written in a message."""

    person_id = IdField(required=True)
    edits = Edits("person", required=True)


@dataclass(frozen=True, kw_only=True)
class ChangeContact(Command):
    """Say whether a phone number or email address reaches the person, over what the page had shown."""

    name: ClassVar[str] = "ChangeContact"
    person_id: str
    contact_id: str
    edits: Mapping[str, Mapping[str, Any]]


class ChangeContactSchema(Schema):
    """How `ChangeContact` is written in a message."""

    person_id = IdField(required=True)
    contact_id = IdField(required=True)
    edits = Edits("contact", required=True)


def change_details(person: PersonFile, command: ChangeDetails, occasion: Occasion) -> Decision:
    """Put right what nobody else has moved meanwhile, or refuse so that both can be looked at."""
    held = {**UNKNOWN, **person.details}
    born_on = command.edits.get("born_on", {}).get("now")
    if born_on and born_on > occasion.decided_at.date().isoformat():
        raise RuleBroken("person.born_in_future", field="born_on")
    moved = settled_over(held, command.edits, record="person", contested=person.contested)
    changed = {name: value for name, value in moved.items() if value != held[name]}
    if not changed:
        return Decision()
    return Decision(
        changes=(
            DetailsCorrected(
                person_id=person.person_id, moved=tuple(sorted(changed)), values=changed
            ),
        )
    )


def change_contact(person: PersonFile, command: ChangeContact, _occasion: Occasion) -> Decision:
    """Say whether it reaches them; nothing is undone by marking it, so it stays on record."""
    contact = next((c for c in person.reached_by if c.contact_id == command.contact_id), None)
    if contact is None:
        raise RuleBroken("contact.unknown")
    held = {"standing": contact.standing}
    contested = person.contested_contacts.get(contact.contact_id, frozenset())
    moved = settled_over(held, command.edits, record="contact", contested=contested)
    if moved == held:
        return Decision()
    corrected = ContactCorrected(
        contact_id=contact.contact_id,
        person_id=person.person_id,
        standing=moved["standing"],
        value=contact.value,
    )
    return Decision(changes=(corrected,))


def settled_over(
    held: Mapping[str, Any],
    edits: Mapping[str, Mapping[str, Any]],
    *,
    record: str,
    contested: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """Settle an edit of the office's own; where two moved one field, a person looks at both first."""
    settled: dict[str, Any] = {}
    for name, edit in edits.items():
        rule = rule_of(record, name)
        if any(each.partition(".")[0] == name for each in contested):
            raise RuleBroken("edit.contested", field=name)
        if rule.policy is Policy.UNION:
            settled[name] = _own_set(edit["was"], held[name], edit["now"])
            continue
        merged = merge(rule, edit["was"], held[name], edit["now"])
        if merged.fate is Fate.REVIEW:
            raise RuleBroken("edit.moved", field=name)
        settled[name] = merged.value
    return settled


def _own_set(was: list[str], held: list[str], now: list[str]) -> list[str]:
    """Add and take out what this person did; what others did meanwhile stays done."""
    return sorted((set(held) | (set(now) - set(was))) - (set(was) - set(now)))
