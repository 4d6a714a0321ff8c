"""Serves the pattern page, every part once on either frame, without an office or a device."""

from __future__ import annotations

import mimetypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PackageLoader,
    PrefixLoader,
    Undefined,
)
from marshmallow import Schema

from shared import day_fields, fields, ui
from shared.catalogue import Translator, mark, translator
from shared.forms import Form
from shared.presentation import filters

SEEN_AT = datetime(2027, 3, 4, 8, 12, tzinfo=UTC)
NOW = datetime(2027, 3, 4, 11, 12, tzinfo=UTC)


class FilterSchema(Schema):
    """Fields of a filter, none of them required; named unlike the form's, for ids are one a page."""

    kind = fields.Choice(
        {"council": mark("Council tax"), "rates": mark("Business rates")},
        metadata={"label": mark("Debt type")},
    )
    postcode = fields.CleanText(characters_max=10, metadata={"label": mark("Postcode")})


class PatternSchema(Schema):
    """One field of every kind."""

    phone = fields.CleanText(
        required=True,
        characters_max=20,
        metadata={
            "label": mark("Phone number"),
            "hint": mark("As they gave it"),
            "missing": mark("Enter a phone number"),
        },
    )
    offer = fields.PenceField(required=True, metadata={"label": mark("What they can pay a week")})
    children = fields.WholeNumber(most=20, metadata={"label": mark("Children at home")})
    next_on = day_fields.DayField(
        required=True, metadata={"label": mark("Next visit"), "hint": mark("Like 27 3 2027")}
    )
    outcome = fields.Choice(
        {"spoke": mark("Spoke to someone"), "none": mark("No answer")},
        hints={"none": mark("Leave a card")},
        required=True,
        metadata={"label": mark("What happened"), "missing": mark("Choose what happened")},
    )
    met = fields.Choices(
        {"debtor": mark("The person who owes"), "partner": mark("Their partner")},
        metadata={"label": mark("Who did you meet")},
    )
    debt_type = fields.Choice(
        {"council": mark("Council tax"), "rates": mark("Business rates")},
        metadata={"label": mark("Debt type")},
    )
    agreed = fields.YesNo(required=True, metadata={"label": mark("Did they agree")})
    passphrase = fields.CleanText(required=True, metadata={"label": mark("Passphrase")})
    photograph = fields.CleanText(metadata={"label": mark("Photograph")})
    notes = fields.CleanText(
        characters_max=500, lines=True, required=True, metadata={"label": mark("Notes")}
    )


DEBTS = (
    {
        "text": "Council tax 2026",
        "href": "?debt=1",
        "reference": "8804 2217 5",
        "period": "1 April 2026 to 31 March 2027",
        "stage": "Liability order",
        "stage_tone": "orange",
        "balance_pence": 123_456,
    },
    {
        "text": "Housing benefit overpayment",
        "period": None,
        "stage": "Invoice",
        "hold": "Breathing space",
        "waiting": True,
        "balance_pence": 129_961,
    },
)


def environment(speaker: Translator) -> Environment:
    """Make the Jinja environment that both programs make, for one reader."""
    made = Environment(
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        undefined=ui.absent(Undefined),
        loader=ChoiceLoader(
            [
                FileSystemLoader(ui.TEMPLATES),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]  # the extension adds it
        speaker.gettext, speaker.ngettext, newstyle=True
    )
    made.filters.update(filters(lambda: speaker))
    made.globals.update(asset=lambda name: f"/assets/{name}", csrf_token=lambda: "a-token")
    return made


def pattern_page(page: str = "office.html", language: str = "en", **changes: object) -> str:
    """Render the pattern page on one of the two frames."""
    here = "/" + page.removesuffix(".html")
    context: dict[str, object] = {
        "page": page,
        "here": here,
        "frame": frame(page) | changes,
        "form": Form.blank(PatternSchema()),
        "sample": SimpleNamespace(
            born_on=date(1971, 4, 3),
            seen_at=SEEN_AT,
            debts=DEBTS,
            filter=Form.blank(FilterSchema(), {"kind": "council"}),
            page=SimpleNamespace(
                number=4,
                count=387,
                first=151,
                last=200,
                total=19_323,
                href=lambda number: f"{here}?page={number}",
            ),
        ),
    }
    if changes.get("sent"):
        typed = {"phone": "", "offer": "twelve", "next_on-day": "31", "notes": "x" * 501}
        context["form"] = Form.read(PatternSchema(), typed)
    return environment(translator(language)).get_template("patterns.html").render(context)


def frame(page: str) -> dict[str, object]:
    """Fill in what an app puts round every page."""
    if page == "device.html":
        return {
            "language": "en",
            "fictional": True,
            "lock": "/device",
            "now": NOW,
            "navigation": [
                {"text": mark("Today"), "href": "/device", "icon": "today", "current": True},
                {"text": mark("Search"), "href": "/device", "icon": "search"},
                {"text": mark("Outbox"), "href": "/device", "icon": "outbox"},
                {"text": mark("Settings"), "href": "/device", "icon": "settings"},
            ],
            "status": {
                "waiting": 3,
                "needs_you": 1,
                "office_copy_at": SEEN_AT,
                "outbox": "/device",
            },
            "messages": [("success", mark("Saved on this device"))],
        }
    return {
        "language": "en",
        "fictional": True,
        "home": "/office",
        "council": "Thornholme Council",
        "search": "/office",
        "person": {"name": "Amina Osei", "role": mark("Caseworker")},
        "sign_out": "/office",
        "languages": [
            {"code": "en", "name": "English", "href": "/office"},
            {"code": "cy", "name": "Cymraeg", "href": "/office?language=cy"},
        ],
        "navigation": [
            {"text": mark("Worktray"), "href": "/office", "current": True},
            {"text": mark("People"), "href": "/office"},
            {"text": mark("Visits"), "href": "/office"},
            {"text": mark("Imports"), "href": "/office"},
            {"text": mark("Devices"), "href": "/office"},
        ],
        "messages": [("success", mark("Saved"))],
    }


class _Handler(BaseHTTPRequestHandler):
    """Answers /office, /device?sent=1 and /assets/..., under the real policy."""

    pages: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path.startswith("/assets/"):
            self._file(ui.STATIC / address.path.removeprefix("/assets/"))
            return
        extra = self.pages.get(address.path)
        if extra is not None:
            self._answer(extra.encode(), "text/html; charset=utf-8")
            return
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        body = pattern_page(
            "device.html" if address.path == "/device" else "office.html",
            asked.get("language", "en"),
            sent=bool(asked.get("sent")),
            outdoors=bool(asked.get("outdoors")),
        )
        self._answer(body.encode(), "text/html; charset=utf-8")

    def _file(self, path: Path) -> None:
        if path.is_file() and path.is_relative_to(ui.STATIC):
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            self._answer(path.read_bytes(), kind)
        else:
            self.send_error(404)

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", ui.CONTENT_SECURITY_POLICY)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def serve_patterns(**pages: str) -> Iterator[str]:
    """Serve the pattern page on loopback, with further pages under their names, and say where."""
    handler = type("Handler", (_Handler,), {"pages": {f"/{k}": v for k, v in pages.items()}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
