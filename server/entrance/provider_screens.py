"""Signing in by the council's own accounts: to the provider, back with its answer, and out again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from server.access import attempts, held_forms, sessions
from server.access.attempts import Limit
from server.access.identity import cookie_name, give_cookie, session_found
from server.access.sessions import AtProvider, Found
from server.access.sign_in_screens import safe_path
from server.entrance import errands, way
from server.entrance.checking import EVERY, Checker, Standing
from server.entrance.errands import Errand, NotTheirs
from server.entrance.people import come_in
from server.entrance.provider import (
    SKEW_SECONDS,
    Person,
    Provider,
    Redeemed,
    Refused,
    Unreachable,
    Untrusted,
)
from server.entrance.queries import user_of
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs, opening_of
from server.spine.web import SAFE_METHODS, lead_to
from shared.errors import RuleBroken

logger = logging.getLogger(__name__)

screens = Blueprint("entrance", __name__, template_folder="templates")

BEGUN_MAX = 600
"""Sign-ins begun from one address in five minutes: a whole council behind one proxy at nine o'clock."""

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""When somebody showed who they are of whom the provider does not say when."""

WHY: Mapping[type[Exception], tuple[str, int]] = {
    NotTheirs: ("entrance.other_browser", 400),
    Refused: ("entrance.used", 400),
    Untrusted: ("entrance.untrusted", 403),
    Unreachable: ("entrance.unreachable", 503),
}
"""What is said when an answer is not taken, and with which status."""

Refusal = tuple[str, int]


@screens.before_app_request
def confirm_with_provider() -> Response | Refusal | None:
    """Go on only with people who came in as they do here now, and whom the provider still knows."""
    found = session_found()
    if found is None or _is_for_everyone():
        return None
    standing = _standing(found, request.cookies.get(cookie_name(), ""), clock.now())
    if standing is Standing.KNOWN:
        return None
    if standing is Standing.NOT_TOLD:
        return _not_told()
    return lead_to("access.sign_in", "access.hold_form")


def _standing(found: Found, token: str, now: datetime) -> Standing:
    """Say whether a session goes on; one that was opened in a way that is open no more is over."""
    asked = way.provider()
    if asked is not None and found.by_provider:
        return _checked(asked, found, token, now)
    names = None if asked is None else asked.settings.administrators
    if not found.by_provider and (names is None or found.sign_in in names):
        return Standing.KNOWN
    with db.session.session_factory() as session, session.begin():
        sessions.end(session, token, now, "unconfirmed" if found.by_provider else "passwords")
    return Standing.ENDED


def _checked(asked: Provider, found: Found, token: str, now: datetime) -> Standing:
    if found.checked_at is not None and now - found.checked_at < EVERY:
        return Standing.KNOWN
    return Checker(door=way.door(), provider=asked, sealer=way.sealer()).check(token, now)


def _is_for_everyone() -> bool:
    if request.endpoint is None:
        return True
    return opening_of(current_app, request.endpoint) is Opening.EVERYONE


def _not_told() -> Refusal:
    """Show nothing while the provider does not answer; what was sent is offered to be sent again."""
    asked = way.provider()
    page = render_template(
        "entrance/not_told.html",
        name=asked.settings.name if asked else "",
        action=request.full_path.rstrip("?"),
        held=None if request.method in SAFE_METHODS else held_forms.sent(request.form),
    )
    return page, 503


@screens.post("/sign-in/account")
@needs(Opening.EVERYONE)
def to_provider() -> Response | Refusal:
    """Send somebody to the provider, keeping what they were doing."""
    asked = way.provider() or abort(404)
    limit = Limit(what="provider_address", who=request.remote_addr or "", tries_max=BEGUN_MAX)
    with db.session.session_factory() as session, session.begin():
        if attempts.try_once(session, [limit], clock.now()) is None:
            return way.refuse("entrance.too_many", 429)
    errand = Errand(
        errand_id=clock.new_id(),
        path=safe_path(request.form.get("next", "")),
        form=held_forms.held(request.form) or None,
    )
    return send(errand, asked, again=False, is_new=True)


def send(errand: Errand, asked: Provider, *, again: bool, is_new: bool) -> Response | Refusal:
    """Send a browser to the provider, or say that there is no way to it now."""
    try:
        return way.send_to_provider(errand, asked, again=again, is_new=is_new)
    except (Unreachable, Untrusted) as error:
        code, status = WHY[type(error)]
        logger.warning("nobody was sent to the provider: %s", error, extra={"code": code})
        return way.refuse(code, status, errand)


@screens.get("/sign-in/answer")
@needs(Opening.EVERYONE)
def answer() -> Response | Refusal:
    """Take what the provider answered, once, from the browser that asked."""
    asked = way.provider() or abort(404)
    now, errand = clock.now(), None
    try:
        errand = _come_back(now)
        said = _redeem(asked, errand, now)
        take = _prove if errand.user_id else _come_in
        return take(asked, errand, said, now)
    except tuple(WHY) as error:
        code, status = WHY[type(error)]
        logger.warning("an answer was not taken: %s", error, extra={"code": code})
        return way.refuse(code, status, errand)
    except RuleBroken as refusal:
        logger.info("a sign-in was refused", extra={"code": refusal.code})
        return way.refuse(refusal.code, 403, errand)


def _come_back(now: datetime) -> Errand:
    """Find what somebody came back from the provider on; raises Refused when it was used or is old."""
    with db.session.session_factory() as session, session.begin():
        errand = errands.come_back(
            session,
            way.sealer(),
            state=request.args.get("state", ""),
            browser=way.browser_secret(),
            now=now,
        )
    if errand is None:
        raise Refused
    return errand


def _redeem(asked: Provider, errand: Errand, now: datetime) -> Redeemed:
    """Give the code back for who it is; an answer in another provider's name is not looked at."""
    if request.args.get("iss", asked.settings.issuer) != asked.settings.issuer:
        raise Untrusted("an answer in the name of another issuer")
    code = request.args.get("code", "")
    if not code:
        raise RuleBroken("entrance.declined")
    return asked.redeem(code, verifier=errand.verifier, nonce=errand.nonce, now=now)


def _come_in(asked: Provider, errand: Errand, said: Redeemed, now: datetime) -> Response:
    """Start a session of whoever the provider names, and lead on to what they wanted."""
    person = said.person
    user_id = come_in(way.door(), asked.settings, person)
    at = AtProvider(proved_at=_proved_at(person, now), sealed_refresh=_sealed(said, user_id))
    with db.session.session_factory() as session, session.begin():
        sessions.end(session, request.cookies.get(cookie_name(), ""), now)
        token = sessions.start(session, user_id, now, at)
        errands.give_to(session, errand, user_id)
    return _lead_on(errand, token)


def _prove(asked: Provider, errand: Errand, said: Redeemed, now: datetime) -> Response:
    """Take a proof of who somebody is: theirs, and made since they were asked for it."""
    person, settings = said.person, asked.settings
    with db.session.session_factory() as session:
        theirs = user_of(session, settings.issuer, person.tenant, person.subject)
    if theirs is None or theirs != errand.user_id:
        raise RuleBroken("entrance.other_person")
    soonest = (errand.asked_at or now) - timedelta(seconds=SKEW_SECONDS)
    if person.signed_in_at is None or person.signed_in_at < soonest:
        raise RuleBroken("entrance.not_again")
    come_in(way.door(), settings, person)
    at = AtProvider(proved_at=_proved_at(person, now), sealed_refresh=_sealed(said, theirs))
    with db.session.session_factory() as session, session.begin():
        before = request.cookies.get(cookie_name(), "")
        is_same = sessions.find(session, before, now).user_id == theirs
        renewed = sessions.prove(session, before, now, at) if is_same else None
        token = renewed or sessions.start(session, theirs, now, at)
    return _lead_on(errand, token)


def _proved_at(person: Person, now: datetime) -> datetime:
    """Say when somebody showed who they are: never in a future that the provider's clock has."""
    return min(person.signed_in_at or NEVER, now)


def _sealed(said: Redeemed, user_id: str) -> bytes | None:
    if not said.refresh_token:
        return None
    return way.sealer().seal(said.refresh_token.encode(), user_id)


def _lead_on(errand: Errand, token: str) -> Response:
    leading = way.lead_on(errand)
    give_cookie(leading, token)
    leading.delete_cookie(
        way.asking_cookie(),
        path="/",
        secure=cookie_name().startswith("__Host-"),
        httponly=True,
        samesite="Lax",
    )
    return leading


@screens.get("/signed-out")
@needs(Opening.EVERYONE)
def signed_out() -> str | Response:
    """Say that somebody signed out here, and offer to sign them out at the provider too."""
    asked = way.provider()
    if asked is None:
        return redirect(url_for("access.sign_in"))
    return render_template(
        "entrance/signed_out.html",
        name=asked.settings.name,
        url=asked.address_to_sign_out(clock.now()),
    )
