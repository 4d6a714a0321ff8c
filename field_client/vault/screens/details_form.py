"""What an officer fills in to put details right, and the commands it means over what was on the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema

from field_client.vault.corrections import contacts_of, details_of
from field_client.vault.execute import Saving
from field_client.vault.screens.ids import command_id
from shared.case_file import CaseContact
from shared.commands import Command
from shared.detail_fields import ANSWERS, STANDINGS
from shared.details import CorrectContact, CorrectDetails
from shared.fields import Choice, Choices
from shared.forms import Form

CONTACTS_MAX = 20
"""Phone numbers and addresses one page asks about."""

SEEN_CHARACTERS_MAX = 20_000

_STANDING = "standing-"
_FIELDS = ("language", "preferred_contact", "needs", "household")

Seen = Mapping[str, Any]
"""What the page showed: each field's value, and each contact's standing under `standing-ID`."""


def contacts_on_page(person: Mapping[str, Any]) -> Sequence[CaseContact]:
    """List the ways to reach the person that the page asks about."""
    return contacts_of(person)[:CONTACTS_MAX]


def details_schema(person: Mapping[str, Any]) -> Schema:
    """Ask for the person's details, and of each number and address whether it reaches them."""
    fields = {name: ANSWERS["person"][name] for name in _FIELDS}
    for contact in contacts_on_page(person):
        metadata = ANSWERS["contact"]["standing"].metadata
        standing = Choice(STANDINGS, load_default=contact.standing, metadata=metadata)
        fields[f"{_STANDING}{contact.contact_id}"] = standing
    return Schema.from_dict(dict(fields), name="DetailsFormSchema")()


def seen_now(person: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the page shows, to be sent back with the form."""
    details = details_of(person)
    contacts = contacts_on_page(person)
    return {
        **{name: details[name] for name in _FIELDS},
        **{f"{_STANDING}{contact.contact_id}": contact.standing for contact in contacts},
    }


def seen_then(text: str, person: Mapping[str, Any]) -> dict[str, Any]:
    """Read what the page had shown; what cannot be read was not written by our page."""
    now = seen_now(person)
    try:
        then = json.loads(text[:SEEN_CHARACTERS_MAX])
    except ValueError:
        return now
    return {**now, **then} if isinstance(then, dict) else now


def blank(person: Mapping[str, Any]) -> Form:
    """Offer the form as things stand."""
    schema = details_schema(person)
    return Form.blank(schema, seen_now(person))


def savings(
    case_id: str, person_id: str, edit_id: str, seen: Seen, meant: Mapping[str, Any]
) -> list[Saving]:
    """Say what changed, as one command a record; nothing where nothing did."""
    edits = {
        name: {"was": seen[name], "now": now}
        for name in _FIELDS
        if (now := _now(name, seen[name], meant[name])) != seen[name]
    }
    commands: list[tuple[str, Command]] = []
    if edits:
        commands.append(
            (
                "",
                CorrectDetails(edit_id=edit_id, case_id=case_id, person_id=person_id, edits=edits),
            )
        )
    for name, now in meant.items():
        if name.startswith(_STANDING) and now != seen.get(name, now):
            contact_id = name.removeprefix(_STANDING)
            correction = CorrectContact(
                edit_id=edit_id,
                case_id=case_id,
                person_id=person_id,
                contact_id=contact_id,
                edits={"standing": {"was": seen[name], "now": now}},
            )
            commands.append((contact_id, correction))
    return [
        Saving(command_id=command_id(edit_id, command.name, of), command=command, alone=True)
        for of, command in commands
    ]


def _now(name: str, was: Any, meant: Any) -> Any:  # noqa: ANN401 - the value of any field
    """Read what the form says of a field; members of a set this version cannot show stay in it."""
    answer = ANSWERS["person"][name]
    if isinstance(answer, Choices):
        unshown = {each for each in was if each not in answer.options}
        return sorted({*meant, *unshown})
    if isinstance(answer, Choice) and meant == "" and was not in answer.options:
        return was
    return meant
