"""The web frame of the office: the guard on every request, the page frame, and how screens ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jinja2
from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    flash,
    g,
    get_flashed_messages,
    has_request_context,
    redirect,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from server.config import Config
from server.spine import clock, sight
from server.spine.areas import House
from server.spine.database import db
from server.spine.execute import Door
from server.spine.orders import Order, Result
from server.spine.permissions import (
    Opening,
    SignedIn,
    may,
    opening_of,
    proof_asked_of,
    signed_in,
)
from server.spine.reads import log_read
from shared import ui
from shared.catalogue import ENGLISH, LANGUAGES, PSEUDO, Translator, translator
from shared.commands import Command, Touched
from shared.presentation import filters
from shared.values import is_id

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

REQUEST_BYTES_MAX = 64 * 1024 * 1024
"""Bytes any request may have; an import is the largest thing sent here."""

HEADERS = {
    "Content-Security-Policy": ui.CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""What every response to a browser carries; pages also say that they are not to be stored."""

Identify = Callable[[Request], SignedIn | None]
"""How the access area tells who is at the other end of a request."""


def install(app: Flask, house: House, config: Config, identify: Identify) -> None:
    """Give the app its guard, its headers and its page frame."""
    app.config["MAX_CONTENT_LENGTH"] = REQUEST_BYTES_MAX
    app.config["MAX_FORM_PARTS"] = 2_000
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_SECURE"] = config.secure_cookies
    app.config["SESSION_COOKIE_NAME"] = "fieldfare_messages"
    app.extensions["fieldfare"] = {
        "house": house,
        "config": config,
        "door": Door(sessions=db.session.session_factory, house=house),
    }
    _use_shared_look(app)

    @app.before_request
    def guard() -> AnyResponse | None:
        return _guard(app, identify)

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in (HEADERS if _is_for_a_person(app) else {}).items():
            response.headers.setdefault(name, value)
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    @app.context_processor
    def page_frame() -> dict[str, Any]:
        return {
            "frame": _frame(house),
            "may": may,
            "new_id": clock.new_id,
            "withheld": lambda kind, id_: sight.is_withheld(db.session(), kind, id_),
        }


def _is_for_a_person(app: Flask) -> bool:
    """Tell whether a browser will show what is answered; a device minds none of its rules."""
    return request.endpoint is None or opening_of(app, request.endpoint) is not Opening.DEVICE


def _guard(app: Flask, identify: Identify) -> AnyResponse | None:
    """Refuse what another site sent, then open the view only to whom it is declared for."""
    if request.method not in SAFE_METHODS and not _from_our_own_page():
        abort(403)
    g.signed_in = identify(request)
    if request.endpoint is None:
        return None
    opening = opening_of(app, request.endpoint)
    if opening in {Opening.EVERYONE, Opening.DEVICE}:
        return None
    if g.signed_in is None:
        return lead_to("access.sign_in", "access.hold_form")
    if isinstance(opening, str) and not g.signed_in.actor.may(opening):
        abort(403)
    _look(app)
    within = proof_asked_of(app, request.endpoint)
    if within is not None and not _has_proved(g.signed_in, within):
        return lead_to("proof.begin", "proof.hold_form")
    return None


def _look(app: Flask) -> None:
    """Have this request see what its reader may see; what is not in sight is not there.

    Sensitive classes are for pages about one person, account or case; no list is given any.
    """
    house: House = app.extensions["fieldfare"]["house"]
    named = {n: str(v) for n, v in (request.view_args or {}).items() if n in house.addressed}
    actor = g.signed_in.actor
    classes = sight.entitled(actor) if named else frozenset()
    reading = sight.Reader(user_id=actor.user_id, now=clock.now(), classes=classes)
    session = db.session()
    sight.look_for(session, reading)
    if not all(sight.is_there(session, house.addressed[n], id_) for n, id_ in named.items()):
        abort(404)


def lead_to(page: str, keeper: str) -> AnyResponse:
    """Lead to a page that asks something first; what was sent goes to where it is kept meanwhile."""
    if request.method in SAFE_METHODS:
        return redirect(url_for(page, next=request.full_path.rstrip("?")))
    return redirect(url_for(keeper, next=request.path), code=307)


def _has_proved(person: SignedIn, within: timedelta) -> bool:
    """Tell whether somebody showed who they are recently enough."""
    return person.proved_at is not None and clock.now() - person.proved_at < within


def _from_our_own_page() -> bool:
    """Tell whether a request that changes something came from a page of this office or a device.

    Browsers say where a request comes from in Sec-Fetch-Site and Origin; a device is no browser
    and sends neither, but signs what it says.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    return origin is None or origin == request.host_url.rstrip("/")


def _use_shared_look(app: Flask) -> None:
    """Load templates, filters, sentences and static files from where both programs keep them."""
    app.jinja_options = {"undefined": ui.absent(jinja2.Undefined), "trim_blocks": True}
    app.static_folder = str(ui.STATIC)
    app.static_url_path = "/assets"
    app.jinja_env.loader = jinja2.ChoiceLoader(
        [
            app.jinja_env.loader or jinja2.DictLoader({}),
            jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            jinja2.FileSystemLoader(ui.TEMPLATES),
            jinja2.PrefixLoader(
                {"govuk_frontend_jinja": jinja2.PackageLoader("govuk_frontend_jinja")}
            ),
        ]
    )
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: reader().gettext(text),
        lambda one, many, number: reader().ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.filters.update(filters(reader))
    app.jinja_env.globals["asset"] = lambda name: url_for("static", filename=name)
    app.jinja_env.globals["csrf_token"] = lambda: ""


def reader() -> Translator:
    """Say who is reading: the language this browser asked for, English until Welsh is complete."""
    wanted = request.cookies.get("language", "en") if has_request_context() else "en"
    return translator(wanted) if wanted in {*LANGUAGES, PSEUDO} else ENGLISH


def _frame(house: House) -> dict[str, Any]:
    """Gather what the page frame shows on every page."""
    office = current_app.extensions["fieldfare"]
    person: SignedIn | None = g.get("signed_in")
    links = [
        {
            "text": link.text,
            "href": url_for(link.endpoint),
            "current": (request.blueprint or "") == link.endpoint.partition(".")[0],
        }
        for area in house.areas
        for link in area.navigation
        if may(link.needs)
    ]
    return {
        "language": reader().language,
        "fictional": office.get("fictional", False),
        "council": office.get("office_name", ""),
        "home": "/",
        "navigation": links,
        "search": url_for("people.search") if may("people.search") else None,
        "person": {
            "name": person.name,
            "role": person.roles[0] if person.roles else "",
            "href": url_for("access.own"),
        }
        if person
        else None,
        "sign_out": url_for("access.sign_out") if person else None,
        "messages": get_flashed_messages(with_categories=True),
        "alarms": _alarms(house, office["config"]) if person and request.path == "/" else [],
        "banners": _banners(house, person) if person else [],
    }


def _banners(house: House, person: SignedIn) -> list[dict[str, Any]]:
    """Gather what stands on every page of this person."""
    found = [
        (banner, banner.find(db.session(), person.actor.user_id, clock.now()))
        for banner in house.banners
        if may(banner.needs)
    ]
    return [{"text": text, "href": url_for(each.endpoint)} for each, text in found if text]


def _alarms(house: House, config: Config) -> list[dict[str, Any]]:
    """Gather what must be seen to, for the first page of whoever can see to it."""
    found = [
        (alarm, alarm.find(db.session(), config, clock.now()))
        for alarm in house.alarms
        if may(alarm.needs)
    ]
    return [{"text": text, "href": url_for(alarm.endpoint)} for alarm, text in found if text]


def tell(sentence: str, tone: str = "success") -> None:
    """Say something at the top of the next page; never anything personal."""
    flash(sentence, tone)


def give(command: Command, command_id: str | None = None) -> Result:
    """Give a command for the person signed in; pressing twice with one id is one command.

    Raises RuleBroken when it is refused.
    """
    door: Door = current_app.extensions["fieldfare"]["door"]
    refuse_out_of_sight(door.house, [command])
    now = clock.now()
    order = Order(
        command=command,
        command_id=command_id if command_id and is_id(command_id) else clock.new_id(),
        actor=signed_in().actor,
        happened_at=now,
    )
    return door.execute(order, now=now).raise_if_refused()


def refuse_out_of_sight(house: House, commands: Iterable[Command]) -> None:
    """Answer that there is nothing, where a command concerns what is hidden from who gives it."""
    touched = Touched()
    for command in commands:
        touched |= house.commands[command.name].subjects(command)
    if sight.is_any_hidden(db.session(), touched):
        abort(404)


def note_read(what: str, subject_id: str | None = None, results: int | None = None) -> None:
    """Note that the person signed in is being shown personal data."""
    log_read(
        db.session(),
        signed_in().actor,
        what,
        now=clock.now(),
        subject_id=subject_id,
        results=results,
    )
