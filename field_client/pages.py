"""What the keeper's pages and the vault's screens share: templates, catalogue, files, error pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from flask import Flask, Request, Response, make_response, render_template, send_from_directory
from flask.typing import ResponseReturnValue
from jinja2 import ChoiceLoader, FileSystemLoader, PackageLoader, PrefixLoader, Undefined
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RoutingException

from field_client import incidents
from shared import ui
from shared.catalogue import Translator, mark, translator
from shared.errors import RuleBroken
from shared.presentation import filters

TEMPLATES = Path(__file__).parent / "templates"
"""Folder of the device's own templates."""

SOMEBODY_ELSE = "/somebody-else"
"""Where a press leads that asks who is visiting, from any page before a vault is open."""

LANGUAGE = "en"
"""The language of the device's screens until an officer can choose one."""

Frame = Callable[[], Mapping[str, Any]]
"""Gives what the page frame shows around each page; see shared/ui/templates/frame.html."""

_PAGES: dict[int, tuple[str, str]] = {
    404: (mark("Page not found"), mark("Go back, or start again from the first page.")),
    405: (mark("This page cannot be used like that"), mark("Go back and try again.")),
    413: (mark("That is too large to save"), mark("Use a smaller photograph or less text.")),
}
_UNREADABLE = (mark("This request could not be read"), mark("Go back and try again."))
_FAULT = (
    mark("Sorry, something went wrong on this device"),
    mark("What was saved is still saved. Go back and try again."),
)


class MemoryRequest(Request):
    """A request whose uploads stay in memory, because a temporary file would not be encrypted."""

    def _get_file_stream(self, *_sizes: object, **_names: object) -> IO[bytes]:
        return BytesIO()


def make_app(name: str, frame: Frame, *, body_bytes_max: int) -> Flask:
    """Make a Flask app that shows pages in the house's frame and refuses what is too large."""
    app = Flask(name, static_folder=None, template_folder=None)
    app.request_class = MemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = body_bytes_max
    app.config["MAX_FORM_MEMORY_SIZE"] = body_bytes_max
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(TEMPLATES),
            FileSystemLoader(ui.TEMPLATES),
            PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
        ]
    )
    _speak(app)
    app.context_processor(lambda: {"frame": {"language": LANGUAGE, **frame()}})
    app.add_url_rule("/static/<path:name>", "static", _static)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(RuleBroken, _refused)
    app.register_error_handler(Exception, _fault)
    return app


def _speak(app: Flask) -> None:
    """Give the templates the catalogue, the filters and the addresses of static files."""
    environment = app.jinja_env
    environment.undefined = ui.absent(Undefined)
    environment.add_extension("jinja2.ext.i18n")
    reader = _reader()
    environment.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        reader.gettext, reader.ngettext, newstyle=True
    )
    environment.filters.update(filters(_reader))
    environment.globals.update(asset=lambda name: f"/static/{name}", csrf_token=_no_token)


def _reader() -> Translator:
    return translator(LANGUAGE)


def _no_token() -> str:
    """Fill the frame's form token with nothing: the door asks for the origin instead."""
    return ""


def _static(name: str) -> Response:
    return send_from_directory(ui.STATIC, name)


def _page(status: int, heading: str, advice: str, incident: str | None = None) -> Response:
    page = render_template("field/error.html", heading=heading, advice=advice, incident=incident)
    return make_response(page, status)


def _http(error: HTTPException) -> ResponseReturnValue:
    if isinstance(error, RoutingException):  # a redirect to the same page, better written
        return error.get_response()
    status = error.code or 500
    return _page(status, *_PAGES.get(status, _UNREADABLE))


def _refused(refusal: RuleBroken) -> Response:
    """Show a refusal that no form on the page could show beside its field."""
    return _page(409, refusal.sentence(), mark("Go back and try again."))


def _fault(fault: Exception) -> Response:
    """Note our own mistake under an id and show a plain page without its text."""
    return _page(500, *_FAULT, incident=incidents.note("page", fault))
