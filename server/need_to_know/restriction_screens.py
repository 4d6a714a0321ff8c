"""The pages about restricted people: those on one's own lists, and who may see one of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.access.queries import Officer
from server.cases.forms import as_text
from server.need_to_know import queries
from server.need_to_know.commands import (
    REASONS,
    AnswerLift,
    AnswerLiftSchema,
    AskToLift,
    AskToLiftSchema,
    GiveAccess,
    RestrictPerson,
    RestrictPersonSchema,
    TakeAccess,
)
from server.people.asked import ask
from server.spine.database import db
from server.spine.permissions import needs, signed_in
from server.spine.web import give, note_read, tell
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.fields import Choice
from shared.forms import Form, Wrong

screens = Blueprint("restrictions", __name__, template_folder="templates")


@screens.get("/restricted")
@needs("restricted.manage")
def every_restriction() -> str:
    """List the restricted people whose list one is on."""
    found = queries.lines(db.session())
    note_read("restrictions.list", results=len(found))
    return render_template("need_to_know/restricted.html", lines=found, reasons=REASONS)


@screens.get("/people/<uuid:person_id>/restriction")
@needs("restricted.manage")
def one_restriction(person_id: UUID) -> str:
    """Show who may see a restricted person, or ask why one must be restricted."""
    return _page(str(person_id))


@screens.post("/people/<uuid:person_id>/restriction")
@needs("restricted.manage")
def restrict(person_id: UUID) -> Response | tuple[str, int]:
    """Restrict a person at once."""
    form = Form.read(_restrict_schema(), request.form)
    result = ask(form, RestrictPerson, person_id=str(person_id))
    if isinstance(result, Form):
        return _page(str(person_id), restricting=result), 422
    tell(mark("Only those on the list see this record now. You are the first on it"))
    return _back(person_id)


@screens.post("/people/<uuid:person_id>/restriction/access")
@needs("restricted.manage")
def give_access(person_id: UUID) -> Response | tuple[str, int]:
    """Put somebody on the list."""
    form = Form.read(_user_schema(queries.who_may_see_people(db.session())), request.form)
    result = ask(form, GiveAccess, person_id=str(person_id))
    if isinstance(result, Form):
        return _page(str(person_id), giving=result), 422
    tell(mark("They may see this record now"))
    return _back(person_id)


@screens.post("/people/<uuid:person_id>/restriction/access/<uuid:user_id>/take")
@needs("restricted.manage")
def take_access(person_id: UUID, user_id: UUID) -> Response:
    """Take somebody off the list."""
    command = TakeAccess(person_id=str(person_id), user_id=str(user_id))
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        tell(REFUSALS[refusal.code], "warning")
    else:
        tell(mark("They do not see this record any more"))
    if str(user_id) == signed_in().actor.user_id:
        return redirect(url_for("restrictions.every_restriction"), code=303)
    return _back(person_id)


@screens.post("/people/<uuid:person_id>/restriction/lift")
@needs("restricted.manage")
def ask_to_lift(person_id: UUID) -> Response | tuple[str, int]:
    """Ask somebody else to agree that the restriction ends."""
    form = Form.read(_lift_schema(), request.form)
    result = ask(form, AskToLift, person_id=str(person_id))
    if isinstance(result, Form):
        return _page(str(person_id), lifting=result), 422
    tell(mark("Asked. Nothing changes until somebody else on the list has agreed"))
    return _back(person_id)


@screens.post("/people/<uuid:person_id>/restriction/answer")
@needs("restricted.manage")
def answer_lift(person_id: UUID) -> Response | tuple[str, int]:
    """Agree that the restriction ends, or turn it down."""
    form = Form.read(_answer_schema(), request.form)
    result = ask(form, AnswerLift, person_id=str(person_id))
    if isinstance(result, Form):
        return _page(str(person_id), answering=result), 422
    tell(
        mark("Everybody sees this record again")
        if form.data["agreed"]
        else mark("Turned down. The restriction stays")
    )
    return _back(person_id)


def _back(person_id: UUID) -> Response:
    return redirect(url_for("restrictions.one_restriction", person_id=person_id), code=303)


def _page(
    person_id: str,
    *,
    restricting: Form | None = None,
    giving: Form | None = None,
    lifting: Form | None = None,
    answering: Form | None = None,
) -> str:
    session = db.session()
    note_read("restrictions.one", person_id)
    found = queries.restriction(session, person_id)
    if found is None:
        return render_template(
            "need_to_know/restrict.html",
            person_id=person_id,
            name=queries.name_of(session, person_id) or abort(404),
            form=restricting or Form.blank(_restrict_schema()),
        )
    users = [
        each
        for each in queries.who_may_see_people(session)
        if each.user_id not in {listed.user_id for listed in found.listed}
    ]
    return render_template(
        "need_to_know/restriction.html",
        found=found,
        reasons=REASONS,
        own=found.lift_asked_by == signed_in().actor.user_id,
        giving=giving or Form.blank(_user_schema(users)),
        lifting=lifting or Form.blank(_lift_schema()),
        answering=answering or Form.blank(_answer_schema()),
        errors=_said_of(giving, lifting, answering),
    )


def _said_of(*forms: Form | None) -> list[Wrong]:
    """List what is wrong in whichever of a page's forms was sent."""
    return [wrong for form in forms if form is not None for wrong in form.summary()]


def _restrict_schema() -> Schema:
    """Ask why, and which user this person is; the address says who is meant."""
    told = RestrictPersonSchema().fields
    users = _names(queries.everyone(db.session()))
    asked = {
        "reason": told["reason"],
        "note": told["note"],
        "user_id": Choice(
            users,
            load_default="",
            metadata={
                "label": mark("Do they work here with Fieldfare?"),
                "hint": mark("Whoever it is does not see their own record either"),
            },
        ),
    }
    return Schema.from_dict(asked, name="RestrictFormSchema")()


def _user_schema(users: Sequence[Officer]) -> Schema:
    asked = Choice(
        _names(users),
        required=True,
        metadata={"label": mark("Who else needs it?"), "missing": mark("Choose who needs it")},
    )
    return Schema.from_dict({"user_id": asked}, name="GiveAccessFormSchema")()


def _lift_schema() -> Schema:
    return Schema.from_dict({"why": AskToLiftSchema().fields["why"]}, name="LiftFormSchema")()


def _answer_schema() -> Schema:
    asked = {"agreed": AnswerLiftSchema().fields["agreed"]}
    return Schema.from_dict(asked, name="AnswerFormSchema")()


def _names(users: Sequence[Officer]) -> dict[str, str]:
    return {each.user_id: as_text(each.name) for each in users}
