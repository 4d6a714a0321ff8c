"""The form in which something set aside is mended: the command's own fields, on the case at hand."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema
from marshmallow.fields import Field

from server.worktray.aside_sent import Sent
from shared.catalogue import mark
from shared.commands import Command, CommandType, plain
from shared.fields import Choice, Choices, CleanText, IdField
from shared.schemas import read_body


@dataclass(frozen=True, kw_only=True)
class CaseAtHand:
    """The case it is to be recorded on: who and where it can be about, each id with its words."""

    case_id: str
    reference: str
    title: str
    people: Mapping[str, str]
    places: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One field of the form, and how it is shown."""

    name: str
    widget: str


def schema_of(kind: CommandType, case: CaseAtHand) -> Schema:
    """Ask what of a command a person can put right; ids nobody reads stay as they were sent."""
    asked: dict[str, Field[Any]] = {}
    for name, field in kind.schema.fields.items():
        mended = _mended(name, field, case)
        if mended is not None:
            asked[name] = mended
    return Schema.from_dict(dict(asked), name=f"{kind.command.name}MendedSchema")()


def _mended(name: str, field: Field[Any], case: CaseAtHand) -> Field[Any] | None:
    if name == "person_id" and case.people:
        whose = {"label": mark("Who is it about?"), "missing": mark("Select who it is about")}
        if field.required:
            return Choice(dict(case.people), required=True, metadata=whose)
        return Choice(dict(case.people), load_default=None, metadata=whose)
    if name == "met_person_ids":
        return (
            Choices(dict(case.people), load_default=list, metadata={"label": mark("Who was met?")})
            if case.people
            else None
        )
    if name == "address_id" and case.places:
        return Choice(
            dict(case.places),
            load_default=None,
            metadata={"label": mark("Or which place is it about?")},
        )
    return field if isinstance(field, Choice | CleanText) else None


def widgets(schema: Schema) -> list[Asked]:
    """Say how each field of the form is shown."""
    return [Asked(name=name, widget=_widget(field)) for name, field in schema.fields.items()]


def _widget(field: Field[Any]) -> str:
    if isinstance(field, Choices):
        return "checkboxes"
    if isinstance(field, Choice):
        return "select" if not field.required else "radios"
    return "textarea" if isinstance(field, CleanText) and field.lines else "text"


def known(schema: Schema, sent: Sent) -> dict[str, Any]:
    """Fill in what was sent, as far as each part is what it should be."""
    filled = {name: _as_sent(field, sent.body.get(name)) for name, field in schema.fields.items()}
    return {name: said for name, said in filled.items() if said}


def _as_sent(field: Field[Any], said: object) -> str | list[str]:
    if isinstance(field, Choices):
        return [each for each in said if each in field.options] if isinstance(said, list) else []
    if not isinstance(said, str) or (isinstance(field, Choice) and said not in field.options):
        return ""
    return said


def command_of(
    kind: CommandType, sent: Sent, case_id: str, mended: Mapping[str, Any], offered: str
) -> Command:
    """Make the command that records it; raises marshmallow's ValidationError when it cannot be one.

    Ids it was sent with stay, so that it is known again; those it lacks follow from the page's own.
    """
    body: dict[str, Any] = {}
    for name, field in kind.schema.fields.items():
        if name in mended:
            body[name] = plain(mended[name])
        elif name in sent.body and sent.name == kind.command.name:
            body[name] = sent.body[name]
        elif isinstance(field, IdField) and field.required:
            body[name] = str(uuid.uuid5(uuid.UUID(offered), name))
    body["case_id"] = case_id
    if "happened_at" in kind.schema.fields and "happened_at" not in body:
        body["happened_at"] = sent.happened_at.isoformat()
    if case_id != sent.case_id and "planned_visit_id" in body:
        body["planned_visit_id"] = None
    return read_body(kind, body)
