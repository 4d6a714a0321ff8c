"""Showing again who one is, for what weighs: by password or at the provider, then on with one's form."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.access import held_forms, sessions
from server.access.forms import PasswordField
from server.access.identity import cookie_name, give_cookie, session_found
from server.access.sign_in_screens import safe_path
from server.access.signing_in import check_own_password
from server.entrance import errands, way
from server.entrance.errands import Errand
from server.entrance.provider_screens import Refusal, send
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs, signed_in
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.fields import CleanText
from shared.forms import Form
from shared.values import is_id

screens = Blueprint("proof", __name__, template_folder="templates", url_prefix="/prove")


class ProofSchema(Schema):
    """What somebody shows who has a password, and what they were doing."""

    password_now = PasswordField(required=True, metadata={"label": mark("Password")})
    next = CleanText(load_default="", characters_max=2_000)
    errand_id = CleanText(load_default="", characters_max=40)


@screens.get("")
@needs(Opening.SIGNED_IN)
def begin() -> str:
    """Ask who somebody is who wants to open a page."""
    return _page(Form.blank(ProofSchema(), {"next": safe_path(request.args.get("next", ""))}))


@screens.post("/held")
@needs(Opening.SIGNED_IN)
def hold_form() -> Response:
    """Keep what somebody has sent until they have shown who they are."""
    errand = Errand(
        errand_id=clock.new_id(),
        path=safe_path(request.args.get("next", "")),
        user_id=signed_in().actor.user_id,
        form=held_forms.sent(request.form),
    )
    with db.session.session_factory() as session, session.begin():
        errands.begin(session, way.sealer(), errand, clock.now())
    return redirect(url_for("proof.for_errand", errand_id=errand.errand_id), code=303)


@screens.get("/<uuid:errand_id>")
@needs(Opening.SIGNED_IN)
def for_errand(errand_id: UUID) -> str:
    """Ask who somebody is who has sent a form."""
    errand = _errand(str(errand_id)) or abort(404)
    return _page(Form.blank(ProofSchema(), {"errand_id": errand.errand_id}))


@screens.post("")
@needs(Opening.SIGNED_IN)
def by_password() -> Response | Refusal:
    """Take a password, at the pace of a sign-in; the session goes on under another token."""
    form = Form.read(ProofSchema(), request.form)
    if not form.ok:
        return _page(form), 422
    user_id, now = signed_in().actor.user_id, clock.now()
    errand = _errand(form.data["errand_id"]) or _new(form.data["next"])
    try:
        check_own_password(db.session.session_factory, user_id, form.data["password_now"], now=now)
    except RuleBroken as refusal:
        too_many = refusal.code == "sign_in.too_many"
        return _page(form.refused(refusal)), 429 if too_many else 422
    with db.session.session_factory() as session, session.begin():
        token = sessions.prove(session, request.cookies.get(cookie_name(), ""), now)
    if token is None:
        return redirect(url_for("access.sign_in"), code=303)
    leading = way.lead_on(errand)
    give_cookie(leading, token)
    return leading


@screens.post("/account")
@needs(Opening.SIGNED_IN)
def at_provider() -> Response | Refusal:
    """Send somebody to the provider, which is to ask them however recently it did."""
    asked = way.provider() or abort(404)
    errand = _errand(request.form.get("errand_id", ""))
    wanted = errand or _new(safe_path(request.form.get("next", "")))
    return send(wanted, asked, again=True, is_new=errand is None)


@screens.get("/<uuid:errand_id>/go-on")
@needs(Opening.SIGNED_IN)
def go_on(errand_id: UUID) -> str:
    """Give back what somebody typed, to go on with when they say so."""
    errand = _errand(str(errand_id)) or abort(404)
    return render_template("entrance/go_on.html", action=errand.path, held=errand.form or ())


def _errand(errand_id: str) -> Errand | None:
    """Find an errand of the person signed in, if what was sent names one."""
    if not is_id(errand_id):
        return None
    with db.session.session_factory() as session:
        return errands.find(
            session, way.sealer(), errand_id, signed_in().actor.user_id, clock.now()
        )


def _new(path: str) -> Errand:
    return Errand(errand_id=clock.new_id(), path=safe_path(path), user_id=signed_in().actor.user_id)


def _page(form: Form) -> str:
    found, asked = session_found(), way.provider()
    return render_template(
        "entrance/prove.html",
        form=form,
        account=asked.settings.name if asked and found and found.by_provider else "",
    )
