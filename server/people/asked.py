"""What every form of these areas does: read what was sent, give one command, or show what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

from flask import request
from marshmallow import Schema

from server.spine.orders import Result
from server.spine.web import give, tell
from shared.catalogue import Sentence
from shared.commands import Command
from shared.errors import RuleBroken
from shared.forms import Form


def sent(schema: Schema, **known: str) -> Form:
    """Read what was sent; what the address already says is not taken from the page."""
    typed = request.form.to_dict(flat=False)
    return Form.read(schema, {**typed, **{name: [value] for name, value in known.items()}})


def ask(form: Form, command: type[Command], **known: object) -> Form | Result:
    """Give the one command that the form asks for; a refusal comes back beside its field."""
    if not form.ok:
        return form
    named = {field.name for field in fields(command)}
    data = {name: value for name, value in form.data.items() if name in named}
    try:
        return give(command(**{**data, **known}), request.form.get("command_id"))
    except RuleBroken as refusal:
        return form.refused(refusal)


def tell_result(result: Result, sentence: str, flags: Mapping[str, str]) -> None:
    """Say that it is done, and what somebody should look at although it is."""
    tell(sentence)
    for flag in result.flags:
        if flag in flags:
            tell(Sentence(flags[flag]), "warning")
