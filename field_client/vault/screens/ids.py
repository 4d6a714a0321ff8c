"""Ids that follow from the one a page carries, so that pressing twice is one command."""

from __future__ import annotations

from uuid import UUID, uuid5

from flask import abort, request


def command_id(item_id: str, name: str, of: str = "") -> str:
    """Name the command that saves one part of an item; the same part always has the same name."""
    return str(uuid5(UUID(item_id), f"{name} {of}".strip()))


def id_in_form(name: str) -> str:
    """Read an id that our own page carries; anything else did not come from there."""
    try:
        return str(UUID(request.form.get(name, "")))
    except ValueError:
        abort(400)


def optional_id_in_form(name: str) -> str | None:
    """Read an id that our own page may carry."""
    return id_in_form(name) if request.form.get(name) else None
