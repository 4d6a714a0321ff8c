"""What a person sees when something cannot be done: a sentence for theirs, an id for ours."""

from __future__ import annotations

import logging
import secrets

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from shared.catalogue import mark
from shared.errors import RuleBroken

logger = logging.getLogger(__name__)

PAGES: dict[int, tuple[str, str]] = {
    400: (mark("This request could not be read"), mark("Go back and try again.")),
    401: (mark("Sign in to go on"), mark("Your session has ended.")),
    403: (mark("You cannot open this page"), mark("Ask your supervisor if you need it.")),
    404: (mark("Page not found"), mark("Check the address, or search for the person or account.")),
    405: (mark("This page cannot be used like that"), mark("Go back and try again.")),
    413: (mark("That is too large to send"), mark("Send a smaller file or less text.")),
    421: (mark("This address is not served here"), mark("Open the office by its usual address.")),
    429: (mark("Too many tries"), mark("Wait five minutes, then try again.")),
}
"""Status to heading and advice; any other status gets the 400 words."""

_TYPE = "Content-Type"
"""The one header of a refusal that is the page's own; of the others, 405 needs `Allow` (RFC 9110)."""

FAULT = (
    mark("Sorry, something went wrong here"),
    mark("Nothing you entered has been lost if you go back. Tell us this number if it goes on."),
)


def install(app: Flask) -> None:
    """Answer every refusal and every fault of this app in one place."""
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RuleBroken, _rule_broken)
    app.register_error_handler(Exception, _fault)


def _page(status: int, heading: str, advice: str, incident: str | None = None) -> Response:
    if request.path.startswith("/device/") or request.path.startswith("/sync/"):
        return make_response(jsonify(error=status, incident=incident), status)
    page = render_template("spine/error.html", heading=heading, advice=advice, incident=incident)
    return make_response(page, status)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    heading, advice = PAGES.get(status, PAGES[400])
    answer = _page(status, heading, advice)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != _TYPE)
    return answer


def _rule_broken(refusal: RuleBroken) -> Response:
    """Show a refusal that no form on the page could show beside its field."""
    status = 403 if refusal.code == "authority.lacking" else 409
    return _page(status, refusal.sentence(), mark("Go back and try again."))


def _fault(error: Exception) -> Response:
    """Log our own mistake under an id and show a plain page without its text."""
    incident = secrets.token_hex(4)
    g.incident = incident
    logger.error(
        "fault", exc_info=error, extra={"incident": incident, "endpoint": request.endpoint}
    )
    return _page(500, *FAULT, incident=incident)
