"""The pages of an administrator about users and roles."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access import passwords, queries
from server.access.forms import new_user_schema, roles_schema
from server.access.queries import User
from server.access.user_commands import (
    GrantRole,
    OpenUser,
    ReinstateUser,
    SetPassword,
    SuspendUser,
    WithdrawRole,
)
from server.entrance.provider import Provider
from server.entrance.queries import identity_of
from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.execute import Door
from server.spine.orders import Order
from server.spine.paging import Page
from server.spine.permissions import WEIGHTY, needs, signed_in
from server.spine.web import give, tell
from shared.catalogue import mark
from shared.commands import Command
from shared.errors import RuleBroken
from shared.forms import Form
from shared.words import words

screens = Blueprint("users", __name__, template_folder="templates")

TEMPORARY_WORDS = 5
"""Words of a password that is made here: 57 bits, until its owner chooses another."""


@screens.get("/users")
@needs("users.manage")
def every_user() -> str:
    """List users."""
    session = db.session()
    page = Page.asked(queries.count_users(session))
    return render_template("access/users.html", users=queries.users(session, page.part), page=page)


@screens.get("/users/new")
@needs("users.manage")
def new_user() -> str:
    """Ask who is to be added."""
    schema = new_user_schema(queries.roles(db.session()))
    return render_template(
        "access/new_user.html", form=Form.blank(schema, {"user_id": clock.new_id()})
    )


@screens.post("/users/new")
@needs("users.manage", proved_within=WEIGHTY)
def add_user() -> str | tuple[str, int]:
    """Add a user with their roles, and show a password for their first sign-in, once."""
    form = Form.read(new_user_schema(queries.roles(db.session())), request.form)
    if not form.ok:
        return render_template("access/new_user.html", form=form), 422
    user_id, password = form.data["user_id"], _new_password()
    opened = OpenUser(
        user_id=user_id, sign_in=form.data["sign_in"], full_name=form.data["full_name"]
    )
    granted = [GrantRole(user_id=user_id, role=role) for role in form.data["roles"]]
    try:
        _give_together([opened, *granted, _temporary(user_id, password)])
    except RuleBroken as refusal:
        return render_template("access/new_user.html", form=form.refused(refusal)), 422
    return _show_password(user_id, password)


@screens.get("/users/<uuid:user_id>")
@needs("users.manage")
def one_user(user_id: UUID) -> str:
    """Show a user."""
    return _page_of(_user(user_id))


@screens.post("/users/<uuid:user_id>/roles")
@needs("users.manage", proved_within=WEIGHTY)
def set_roles(user_id: UUID) -> tuple[str, int] | Response:
    """Give and take away roles until the user has those that were ticked."""
    user = _user(user_id)
    _must_be_ours(user)
    form = Form.read(roles_schema(queries.roles(db.session())), request.form)
    if not form.ok:
        return _page_of(user, form), 422
    wanted, held = set(form.data["roles"]), set(user.roles)
    asked: list[Command] = [
        *(GrantRole(user_id=user.user_id, role=role) for role in sorted(wanted - held)),
        *(WithdrawRole(user_id=user.user_id, role=role) for role in sorted(held - wanted)),
    ]
    try:
        _give_together(asked)
    except RuleBroken as refusal:
        return _page_of(user, form.refused(refusal)), 422
    tell(mark("The roles have been changed"))
    return redirect(url_for("users.one_user", user_id=user_id), code=303)


@screens.post("/users/<uuid:user_id>/password")
@needs("users.manage", proved_within=WEIGHTY)
def give_password(user_id: UUID) -> str:
    """Give a user a password for their next sign-in, shown once."""
    user, password = _user(user_id), _new_password()
    _must_be_ours(user)
    give(_temporary(user.user_id, password))
    return _show_password(user.user_id, password)


@screens.post("/users/<uuid:user_id>/suspend")
@needs("users.manage", proved_within=WEIGHTY)
def suspend(user_id: UUID) -> Response:
    """Shut a user out at once."""
    give(SuspendUser(user_id=str(user_id)), request.form.get("command_id"))
    tell(mark("This user can no longer sign in"))
    return redirect(url_for("users.one_user", user_id=user_id), code=303)


@screens.post("/users/<uuid:user_id>/reinstate")
@needs("users.manage", proved_within=WEIGHTY)
def reinstate(user_id: UUID) -> Response:
    """Let a user in again."""
    give(ReinstateUser(user_id=str(user_id)), request.form.get("command_id"))
    tell(mark("This user can sign in again"))
    return redirect(url_for("users.one_user", user_id=user_id), code=303)


@screens.get("/roles")
@needs("users.manage")
def every_role() -> str:
    """Show what each role permits."""
    house: House = current_app.extensions["fieldfare"]["house"]
    return render_template(
        "access/roles.html", roles=queries.roles(db.session()), permissions=house.permissions
    )


def _user(user_id: UUID) -> User:
    return queries.user(db.session(), str(user_id)) or abort(404)


def _page_of(user: User, form: Form | None = None) -> str:
    provider: Provider | None = current_app.extensions["fieldfare"]["provider"]
    schema = roles_schema(queries.roles(db.session()))
    return render_template(
        "access/user.html",
        user=user,
        form=form or Form.blank(schema, {"roles": user.roles}),
        is_own=user.user_id == signed_in().actor.user_id,
        account=provider.settings.name if provider else "",
        linked=_is_linked(user),
    )


def _is_linked(user: User) -> bool:
    """Tell whether a user comes in by an account of the council, which brings their roles."""
    return identity_of(db.session(), user.user_id) is not None


def _must_be_ours(user: User) -> None:
    if _is_linked(user):
        raise RuleBroken("user.by_account")


def _new_password() -> str:
    return "-".join(secrets.choice(words()) for _ in range(TEMPORARY_WORDS))


def _temporary(user_id: str, password: str) -> SetPassword:
    hashed = passwords.hash_password(password)
    return SetPassword(user_id=user_id, password_hash=hashed, temporary=True)


def _show_password(user_id: str, password: str) -> str:
    user = queries.user(db.session(), user_id)
    return render_template("access/password_once.html", user=user, password=password)


def _give_together(commands: Sequence[Command]) -> None:
    """Give commands that are done all or not at all, and raise what the first refusal says."""
    now = clock.now()
    group = clock.new_id()
    orders = [
        Order(
            command=command,
            command_id=clock.new_id(),
            actor=signed_in().actor,
            happened_at=now,
            group=group,
        )
        for command in commands
    ]
    door: Door = current_app.extensions["fieldfare"]["door"]
    results = door.execute_many(orders, now=now)
    for result in sorted(results, key=lambda each: each.code == "command.group_refused"):
        result.raise_if_refused()
