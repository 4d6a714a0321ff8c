"""Links from one area's pages to another's, which may not be part of this office."""

from __future__ import annotations

from flask import current_app, url_for

from server.spine.permissions import may, opening_of


def link(endpoint: str, **values: str) -> str | None:
    """Give the address of a page; None where there is none, or where this person may not open it."""
    if endpoint not in current_app.view_functions:
        return None
    opening = opening_of(current_app, endpoint)
    if isinstance(opening, str) and not may(opening):
        return None
    return url_for(endpoint, **values)  # type: ignore[arg-type]  # as keyword options
