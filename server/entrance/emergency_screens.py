"""The page about emergency sign-ins: a password used where people come in by the council's accounts."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.entrance import queries
from server.entrance.commands import ExamineEmergencySignIn, ExamineEmergencySignInSchema
from server.spine import clock
from server.spine.database import db
from server.spine.paging import Page
from server.spine.permissions import WEIGHTY, needs, signed_in
from server.spine.web import give, tell
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.forms import Form

screens = Blueprint(
    "emergency", __name__, template_folder="templates", url_prefix="/emergency-sign-ins"
)


@screens.get("")
@needs("users.manage")
def every_sign_in() -> str:
    """List the sign-ins, those nobody has examined first."""
    session = db.session()
    page = Page.asked(queries.count_emergencies(session))
    return render_template(
        "entrance/emergencies.html",
        sign_ins=queries.emergencies(session, page.part),
        page=page,
    )


@screens.get("/<uuid:sign_in_id>")
@needs("users.manage")
def one_sign_in(sign_in_id: UUID) -> str:
    """Show one, and ask what was found out about it."""
    return _page(sign_in_id, Form.blank(ExamineEmergencySignInSchema()))


@screens.post("/<uuid:sign_in_id>")
@needs("users.manage", proved_within=WEIGHTY)
def examine(sign_in_id: UUID) -> tuple[str, int] | Response:
    """Keep what another administrator found out."""
    sent = {"sign_in_id": str(sign_in_id), "note": request.form.getlist("note")}
    form = Form.read(ExamineEmergencySignInSchema(), sent)
    if not form.ok:
        return _page(sign_in_id, form), 422
    command = ExamineEmergencySignIn(sign_in_id=str(sign_in_id), note=form.data["note"])
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        return _page(sign_in_id, form.refused(refusal)), 422
    tell(mark("What you found out has been kept"))
    return redirect(url_for("emergency.every_sign_in"), code=303)


def _page(sign_in_id: UUID, form: Form) -> str:
    found = queries.emergency(db.session(), str(sign_in_id)) or abort(404)
    return render_template(
        "entrance/emergency.html",
        sign_in=found,
        form=form,
        command_id=clock.new_id(),
        own_id=signed_in().actor.user_id,
    )
