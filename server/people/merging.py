"""The merge view: what was before, theirs and yours, when somebody else changed it since it was opened."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from flask import render_template, request
from marshmallow import Schema

from server.spine.database import db
from server.spine.orders import Result
from server.spine.web import give, reader
from shared.catalogue import Sentence, mark
from shared.commands import Command
from shared.errors import RuleBroken
from shared.forms import Form

SEEN_CHARACTERS_MAX = 20_000

THEIRS, YOURS = "theirs", "yours"

Values = Mapping[str, Any]
"""Fields as JSON holds them: what a page showed, or what there is now."""

Show = Callable[[str, Any], str]
"""Say a field's value in words."""


@dataclass(frozen=True, kw_only=True)
class Side:
    """One field that two people changed: its name, and the three values in words."""

    name: str
    label: str
    before: str
    theirs: str
    yours: str


@dataclass(frozen=True, kw_only=True)
class Edited:
    """One record as a page edits it: its fields now, what they are called, and where the form goes."""

    held: Values
    labels: Mapping[str, str]
    show: Show
    action: str
    back: str
    title: str


def seen_text(held: Values) -> str:
    """Write what a page shows, to be sent back with its form."""
    return json.dumps(dict(held))


def seen_in_form() -> dict[str, Any] | None:
    """Read what the page had shown; nothing when it did not say so as our pages do."""
    try:
        found = json.loads(request.form.get("seen", "")[:SEEN_CHARACTERS_MAX])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def sent_over(schema: Schema, held: Form, **known: str) -> Form:
    """Read what was sent; where the merge view was answered with theirs, that is taken instead."""
    typed: dict[str, Sequence[str]] = dict(request.form.to_dict(flat=False))
    for name, answer in schema.fields.items():
        if request.form.get(f"take-{name}") == THEIRS:
            controls = getattr(answer, "controls", lambda one: (one,))(name)
            typed.update({control: held.typed.get(control, ()) for control in controls})
    return Form.read(schema, {**typed, **{name: [value] for name, value in known.items()}})


def ask_over(form: Form, command: type[Command], **known: object) -> Form | Result | None:
    """Give the command the form asks for; none when somebody else has changed it meanwhile."""
    if not form.ok:
        return form
    named = {field.name for field in fields(command)}
    data = {name: value for name, value in form.data.items() if name in named}
    try:
        return give(command(**{**data, **known}), request.form.get("command_id"))
    except RuleBroken as refusal:
        if refusal.code == "edit.moved":
            db.session().expire_all()
            return None
        return form.refused(refusal)


def as_json(value: Any) -> Any:  # noqa: ANN401 - the value of any field
    """Write a form's value as what was seen is written."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple | frozenset):
        return sorted(value)
    return "" if value is None else value


def merge_page(edited: Edited, form: Form, seen: Values) -> tuple[str, int]:
    """Show what two people changed, one choice a field; what only one changed needs none."""
    yours = {name: as_json(form.data.get(name)) for name in edited.held}
    sides, taken, own = [], [], []
    for name, theirs in edited.held.items():
        before = seen.get(name, theirs)
        if before == theirs:
            own.extend([edited.labels[name]] if yours[name] != theirs else [])
            continue
        if yours[name] in (before, theirs):
            taken.append(name)
            continue
        sides.append(
            Side(
                name=name,
                label=edited.labels[name],
                before=edited.show(name, before),
                theirs=edited.show(name, theirs),
                yours=edited.show(name, yours[name]),
            )
        )
    carried = [
        (control, text)
        for control, texts in form.typed.items()
        for text in texts
        if control not in {"seen", "command_id"}
    ]
    page = render_template(
        "people/merge.html",
        edited=edited,
        sides=sides,
        taken=taken,
        own=[reader()(label) for label in own],
        carried=carried,
        seen=seen_text(edited.held),
    )
    return page, 409


def as_typed(value: Any) -> str:  # noqa: ANN401 - the value of a box
    """Show what somebody typed, or that they left it empty."""
    return Sentence("%(typed)s", typed=str(value)) if value else Sentence(mark("Nothing"))
