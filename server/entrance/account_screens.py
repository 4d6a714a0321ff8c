"""The page that says whose account of the council a user is, for those added before they came by one."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access.queries import User, user
from server.entrance import queries, way
from server.entrance.commands import LinkIdentity, LinkIdentitySchema
from server.entrance.provider import Provider
from server.entrance.settings import BY_DIRECTORY
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import WEIGHTY, needs
from server.spine.web import give, tell
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.forms import Form

screens = Blueprint("council_account", __name__, template_folder="templates")


@screens.get("/users/<uuid:user_id>/account")
@needs("users.manage")
def one_account(user_id: UUID) -> str:
    """Show whether a user signs in by an account of the council, and ask by which."""
    asked, found = _found(user_id)
    return _page(asked, found, Form.blank(LinkIdentitySchema()))


@screens.post("/users/<uuid:user_id>/account")
@needs("users.manage", proved_within=WEIGHTY)
def link(user_id: UUID) -> tuple[str, int] | Response:
    """Link a user to an account; what they did here before stays theirs."""
    asked, found = _found(user_id)
    known = {"user_id": found.user_id, "issuer": asked.settings.issuer}
    by_directory = asked.settings.people == BY_DIRECTORY
    sent = {
        **known,
        "tenant": request.form.getlist("tenant") if by_directory else "",
        "subject": request.form.getlist("subject"),
    }
    form = Form.read(LinkIdentitySchema(), sent)
    if by_directory and not request.form.get("tenant", "").strip():
        form = form.with_error("tenant", mark("Enter the tenant ID"))
    if not form.ok:
        return _page(asked, found, form), 422
    try:
        give(LinkIdentity(**form.data), request.form.get("command_id"))
    except RuleBroken as refusal:
        return _page(asked, found, form.refused(refusal)), 422
    tell(mark("From now on this user signs in by that account, with the roles it brings"))
    return redirect(url_for("users.one_user", user_id=user_id), code=303)


def _found(user_id: UUID) -> tuple[Provider, User]:
    asked = way.provider() or abort(404)
    return asked, user(db.session(), str(user_id)) or abort(404)


def _page(asked: Provider, found: User, form: Form) -> str:
    return render_template(
        "entrance/account.html",
        user=found,
        form=form,
        account=asked.settings.name,
        by_directory=asked.settings.people == BY_DIRECTORY,
        linked=queries.identity_of(db.session(), found.user_id) is not None,
        command_id=clock.new_id(),
    )
