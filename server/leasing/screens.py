"""The pages about teams: who is in one, how long its devices open without signal, who agreed to that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.access.queries import Officer
from server.cases.forms import as_text
from server.leasing import queries
from server.leasing.commands import (
    SECOND_PERSON,
    AnswerOfflineDays,
    AnswerOfflineDaysSchema,
    AskForOfflineDays,
    AskForOfflineDaysSchema,
    OpenTeam,
    OpenTeamSchema,
    PlaceInTeam,
    SetTeamMode,
    SetTeamModeSchema,
)
from server.leasing.queries import Team
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import WEIGHTY, needs, signed_in
from server.spine.web import give, tell
from shared.catalogue import mark
from shared.commands import Command
from shared.errors import RuleBroken
from shared.fields import Choice
from shared.forms import Form, Wrong
from shared.lease_modes import MEANINGS, NAMES, named

screens = Blueprint("teams", __name__, template_folder="templates", url_prefix="/teams")

ALONE = {mode: name for mode, name in NAMES.items() if mode not in SECOND_PERSON}
"""Modes that one person may choose."""


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for modes."""
    return {"mode_named": named, "meanings": MEANINGS}


@screens.get("")
@needs("teams.manage")
def every_team() -> str:
    """List the teams, each with how long its devices open without signal."""
    return render_template("leasing/teams.html", teams=queries.teams(db.session()))


@screens.get("/new")
@needs("teams.manage")
def new_team() -> str:
    """Ask what a team is called."""
    form = Form.blank(OpenTeamSchema(), {"team_id": clock.new_id()})
    return render_template("leasing/new_team.html", form=form)


@screens.post("/new")
@needs("teams.manage")
def open_team() -> Response | tuple[str, int]:
    """Set a team up."""
    form = Form.read(OpenTeamSchema(), request.form)
    form = _given(form, lambda: OpenTeam(**form.data))
    if not form.ok:
        return render_template("leasing/new_team.html", form=form), 422
    tell(mark("The team has been set up. Put its officers in it"))
    return redirect(url_for("teams.one_team", team_id=form.data["team_id"]), code=303)


@screens.get("/<uuid:team_id>")
@needs("teams.manage")
def one_team(team_id: UUID) -> str:
    """Show a team: its mode, what waits for an answer, and its officers."""
    return _page_of(_team(team_id))


@screens.post("/<uuid:team_id>/officers")
@needs("teams.manage")
def place(team_id: UUID) -> Response | tuple[str, int]:
    """Put an officer in the team; one who is in another leaves it."""
    team = _team(team_id)
    form = Form.read(_officer_schema(queries.others(db.session(), team)), request.form)
    form = _given(form, lambda: PlaceInTeam(**form.data, team_id=team.team_id))
    if not form.ok:
        return _page_of(team, adding=form), 422
    tell(mark("Saved. Their devices go by the mode of this team from their next sync on"))
    return _back(team_id)


@screens.post("/<uuid:team_id>/officers/<uuid:user_id>/remove")
@needs("teams.manage")
def remove(team_id: UUID, user_id: UUID) -> Response:
    """Take an officer out of the team; their devices go by the usual mode."""
    team = _team(team_id)
    if str(user_id) in {each.user_id for each in team.officers}:
        give(PlaceInTeam(user_id=str(user_id)), request.form.get("command_id"))
        tell(mark("Saved. Their devices go by the usual mode from their next sync on"))
    return _back(team_id)


@screens.get("/<uuid:team_id>/mode")
@needs("teams.manage")
def choosing(team_id: UUID) -> str:
    """Ask which mode a team is to go by, or for more days than one person may give."""
    team = _team(team_id)
    return _mode_page(team)


@screens.post("/<uuid:team_id>/mode")
@needs("teams.manage")
def choose(team_id: UUID) -> Response | tuple[str, int]:
    """Have the devices of a team go by another mode."""
    team = _team(team_id)
    sent = {"team_id": team.team_id, "mode": request.form.getlist("mode")}
    form = Form.read(_alone_schema(), sent)
    form = _given(form, lambda: SetTeamMode(team_id=team.team_id, mode=form.data["mode"]))
    if not form.ok:
        return _mode_page(team, choosing=form), 422
    tell(mark("Saved. Each device of the team learns it at its next sync"))
    return _back(team_id)


@screens.post("/<uuid:team_id>/days")
@needs("teams.manage")
def ask_for_days(team_id: UUID) -> Response | tuple[str, int]:
    """Ask for more days without signal; somebody else agrees or does not."""
    team = _team(team_id)
    sent = {name: request.form.getlist(name) for name in ("request_id", "days", "reason")}
    form = Form.read(AskForOfflineDaysSchema(), {**sent, "team_id": team.team_id})
    form = _given(form, lambda: AskForOfflineDays(**form.data))
    if not form.ok:
        return _mode_page(team, asking=form), 422
    tell(mark("Asked. Nothing changes until somebody else has agreed"))
    return _back(team_id)


@screens.post("/<uuid:team_id>/answer")
@needs("teams.agree", proved_within=WEIGHTY)
def answer(team_id: UUID) -> Response | tuple[str, int]:
    """Agree to days that somebody else asked for, or turn them down."""
    team = _team(team_id)
    form = Form.read(AnswerOfflineDaysSchema(), request.form)
    form = _given(form, lambda: AnswerOfflineDays(**form.data))
    if not form.ok:
        return _page_of(team, answering=form), 422
    if form.data["agreed"]:
        tell(mark("Agreed. Each device of the team learns it at its next sync"))
    else:
        tell(mark("Turned down. The team goes on as before"))
    return _back(team_id)


def _given(form: Form, command: Callable[[], Command]) -> Form:
    """Give what a form asks, and put a refusal beside its field."""
    try:
        if form.ok:
            give(command(), request.form.get("command_id"))
    except RuleBroken as refusal:
        return form.refused(refusal)
    return form


def _said_of(*forms: Form | None) -> list[Wrong]:
    """List what is wrong in whichever of a page's forms was sent."""
    return [wrong for form in forms if form is not None for wrong in form.summary()]


def _team(team_id: UUID) -> Team:
    return queries.team(db.session(), str(team_id)) or abort(404)


def _back(team_id: UUID) -> Response:
    return redirect(url_for("teams.one_team", team_id=team_id), code=303)


def _page_of(team: Team, adding: Form | None = None, answering: Form | None = None) -> str:
    schema = _officer_schema(queries.others(db.session(), team))
    asked = {"request_id": team.asked.request_id} if team.asked else {}
    return render_template(
        "leasing/team.html",
        team=team,
        adding=adding or Form.blank(schema),
        answering=answering or Form.blank(AnswerOfflineDaysSchema(), asked),
        errors=_said_of(adding, answering),
        own=team.asked is not None and team.asked.asked_by == signed_in().actor.user_id,
    )


def _mode_page(team: Team, choosing: Form | None = None, asking: Form | None = None) -> str:
    mode = {"mode": team.terms.mode.value} if team.terms.mode.value in ALONE else {}
    return render_template(
        "leasing/mode.html",
        team=team,
        choosing=choosing or Form.blank(_alone_schema(), mode),
        asking=asking or Form.blank(AskForOfflineDaysSchema(), {"request_id": clock.new_id()}),
        errors=_said_of(choosing, asking),
    )


def _alone_schema() -> Schema:
    """Ask for one of the modes that one person may choose."""
    told = SetTeamModeSchema().fields["mode"].metadata
    return Schema.from_dict({"mode": Choice(ALONE, required=True, metadata=dict(told))})()


def _officer_schema(officers: Sequence[Officer]) -> Schema:
    """Ask which officer is to be in the team."""
    return Schema.from_dict(
        {
            "user_id": Choice(
                {each.user_id: as_text(each.name) for each in officers},
                required=True,
                metadata={"label": mark("Officer"), "missing": mark("Choose an officer")},
            )
        }
    )()
