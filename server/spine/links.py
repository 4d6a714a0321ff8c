"""Links from one area's pages to another's, which may not be part of this office."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from server.spine.permissions import may, opening_of


def link(endpoint: str, **values: str) -> str | None:
    """Give the address of a page; None where there is none, or where this person may not open it."""
    if endpoint not in current_app.view_functions or not _opens(endpoint):
        return None
    return url_for(endpoint, **values)  # type: ignore[arg-type]  # as keyword options


def may_open(address: str) -> bool:
    """Tell whether an address that was written down earlier leads this person to a page."""
    pages = current_app.url_map.bind("127.0.0.1")
    try:
        endpoint, _ = pages.match(urlsplit(address).path, method="GET")
    except (HTTPException, RequestRedirect):
        return False
    return _opens(endpoint)


def _opens(endpoint: str) -> bool:
    opening = opening_of(current_app, endpoint)
    return not isinstance(opening, str) or may(opening)
