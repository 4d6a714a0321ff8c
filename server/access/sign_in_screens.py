"""The pages of a person's own access: sign in, sign out, change the password."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    current_app,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response

from server.access import held_forms, passwords, queries, sessions
from server.access.forms import ChangePasswordSchema, SignInSchema
from server.access.held_forms import Answers
from server.access.identity import (
    cookie_name,
    give_cookie,
    must_change_password,
    session_found,
    take_cookie,
    why_ended,
)
from server.access.signing_in import check_own_password, sign_in
from server.access.user_commands import SetPassword
from server.entrance import emergencies
from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.permissions import Opening, SignedIn, may, needs, signed_in
from server.spine.web import give, tell
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.forms import Form

logger = logging.getLogger(__name__)

screens = Blueprint("access", __name__, template_folder="templates")

FORGOTTEN = '"cache", "storage"'
"""What a browser is to forget at signing out (Clear-Site-Data). Not "cookies": those of the council's other
sites under the same domain would go with ours, which are taken back by name."""

_OPEN_BEFORE_A_CHANGE = {"access.own", "access.change_password", "access.sign_out", "static"}


@screens.before_app_request
def change_password_first() -> Response | None:
    """Lead whoever has a temporary password to the page where they choose their own."""
    opened_by_anyone = request.endpoint in _OPEN_BEFORE_A_CHANGE or request.endpoint is None
    if opened_by_anyone or not must_change_password():
        return None
    return redirect(url_for("access.own"), code=303)


@screens.get("/sign-in", endpoint="sign_in")
@needs(Opening.EVERYONE)
def sign_in_page() -> str | Response:
    """Ask who is there; say why a session is over, when one is."""
    wanted = safe_path(request.args.get("next", ""))
    return _sign_in_page(Form.blank(SignInSchema(), {"next": wanted}), ended=why_ended())


@screens.post("/sign-in/held", endpoint="hold_form")
@needs(Opening.EVERYONE)
def hold_form() -> tuple[str, int]:
    """Ask who is there, holding what was sent after the session had ended."""
    form = Form.blank(SignInSchema(), {"next": safe_path(request.args.get("next", ""))})
    return _sign_in_page(form, ended=why_ended(), held=held_forms.sent(request.form)), 401


@screens.post("/sign-in")
@needs(Opening.EVERYONE)
def sign_in_now() -> tuple[str, int] | Response:
    """Start a session under a new token and lead on to the page that was asked for."""
    form, held = Form.read(SignInSchema(), request.form), held_forms.held(request.form)
    if not form.ok:
        return _sign_in_page(form, held=held), 422
    now = clock.now()
    only = emergencies.who_may_use_passwords()
    try:
        token = sign_in(
            db.session.session_factory,
            form.data["user_name"],
            form.data["password"],
            address=request.remote_addr or "",
            now=now,
            only=only,
        )
    except RuleBroken as refusal:
        logger.info("a sign-in was refused", extra={"code": refusal.code})
        status = 429 if refusal.code == "sign_in.too_many" else 422
        return _sign_in_page(form.refused(refusal), held=held), status
    if only is not None:
        emergencies.note(token, now)
    _end_session_named()
    wanted = safe_path(form.data["next"])
    if wanted and held:
        answer: Response = make_response(
            render_template("access/go_on.html", action=wanted, held=held)
        )
    else:
        answer = redirect(wanted or url_for("access.first_page"), code=303)
    give_cookie(answer, token)
    return answer


@screens.post("/sign-out")
@needs(Opening.EVERYONE)
def sign_out() -> Response:
    """End the session and let the browser forget it, with whatever else it keeps of this office."""
    found = session_found()
    _end_session_named()
    if found and found.by_provider:
        answer = redirect(url_for("entrance.signed_out"), code=303)
    else:
        tell(mark("You have signed out"))
        answer = redirect(url_for("access.sign_in"), code=303)
    take_cookie(answer)
    answer.headers["Clear-Site-Data"] = FORGOTTEN
    return answer


@screens.get("/first-page")
@needs(Opening.SIGNED_IN)
def first_page() -> Response:
    """Lead to the first page that this person's roles open."""
    house: House = current_app.extensions["fieldfare"]["house"]
    links = (link for area in house.areas for link in area.navigation)
    first = next((link.endpoint for link in links if may(link.needs)), "access.own")
    return redirect(url_for(first))


@screens.get("/you")
@needs(Opening.SIGNED_IN)
def own() -> str:
    """Show what someone's own access is, and let them change their password."""
    return _own_page(Form.blank(ChangePasswordSchema()))


@screens.post("/you/password")
@needs(Opening.SIGNED_IN)
def change_password() -> tuple[str, int] | Response:
    """Give the person signed in the password they chose; other sessions of theirs are over."""
    form = Form.read(ChangePasswordSchema(), request.form)
    if not form.ok:
        return _own_page(form), 422
    person = signed_in()
    now = clock.now()
    open_session = db.session.session_factory
    try:
        chosen = _chosen(form, person)
        check_own_password(open_session, person.actor.user_id, form.data["password_now"], now=now)
        hashed = passwords.hash_password(chosen)
        give(SetPassword(user_id=person.actor.user_id, password_hash=hashed))
    except RuleBroken as refusal:
        return _own_page(form.refused(refusal)), 422
    with open_session() as session, session.begin():
        token = sessions.start(session, person.actor.user_id, now)
    tell(mark("Your password has been changed"))
    answer = redirect(url_for("access.first_page"), code=303)
    give_cookie(answer, token)
    return answer


def _sign_in_page(form: Form, *, ended: str | None = None, held: Answers = ()) -> str:
    """Show the page for signing in: by the council's accounts where there are any, else by password."""
    provider = current_app.extensions["fieldfare"]["provider"]
    return render_template(
        "access/sign_in.html",
        form=form,
        ended=ended,
        held=held,
        account=provider.settings.name if provider else "",
        passwords=provider is None or bool(provider.settings.administrators),
    )


def safe_path(wanted: str) -> str:
    """Keep a path of this office and nothing else: no other site, scheme or port."""
    parts = urlsplit(wanted) if _is_plain(wanted) else None
    if parts is None or parts.scheme or parts.netloc or not wanted.startswith("/"):
        return ""
    return "" if wanted.startswith("//") else wanted


def _is_plain(wanted: str) -> bool:
    """Tell whether a path holds only what a browser reads as it stands: no backslash, no control."""
    return "\\" not in wanted and wanted.isprintable() and " " not in wanted


def _end_session_named() -> None:
    token = request.cookies.get(cookie_name())
    if token:
        with db.session.session_factory() as session, session.begin():
            sessions.end(session, token, clock.now())


def _chosen(form: Form, person: SignedIn) -> str:
    user = queries.user(db.session(), person.actor.user_id)
    chosen = passwords.check(form.data["password"], user.sign_in if user else "")
    if chosen != passwords.normal(form.data["password_again"]):
        raise RuleBroken("password.different", field="password_again")
    if chosen == passwords.normal(form.data["password_now"]):
        raise RuleBroken("password.same", field="password")
    return chosen


def _own_page(form: Form) -> str:
    found = session_found()
    return render_template(
        "access/own.html",
        by_provider=found is not None and found.by_provider,
        form=form,
        user=queries.user(db.session(), signed_in().actor.user_id),
        temporary=must_change_password(),
    )
