"""Reads what stands in a form's boxes, as typed, to keep it."""

from __future__ import annotations

from flask import request

_OURS = frozenset({"csrf_token", "do", "draft_id", "page", "turn", "case_id", "kind"})

NAMES_MAX = 60
"""Boxes one form may have."""


def typed_in_form() -> dict[str, tuple[str, ...]]:
    """List what was typed by the name of its box, without what the page itself carries."""
    names = [name for name in request.form if name not in _OURS][:NAMES_MAX]
    return {name: tuple(request.form.getlist(name)) for name in names}
