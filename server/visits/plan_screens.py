"""Plan a visit, giving the case to the officer in the same step when need be, or call one off."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.access.queries import Officer, officers
from server.cases import case_page
from server.cases.case_page import Case
from server.cases.commands import AssignCase
from server.cases.forms import officer_options
from server.cases.queries import officers_of
from server.spine import clock
from server.spine.database import db
from server.spine.giving import give_together
from server.spine.permissions import may, needs
from server.spine.web import give, note_read, tell
from server.visits.blueprint import screens
from shared.catalogue import mark
from shared.commands import Command
from shared.day_fields import DayField
from shared.errors import RuleBroken
from shared.fields import Choice, CleanText
from shared.forms import Form
from shared.holds import SHOWN
from shared.values import is_id
from shared.visits import PURPOSES, PlanVisit, WithdrawPlannedVisit


def plan_schema(found: Sequence[Officer], having: Sequence[str]) -> Schema:
    """Ask who is to visit, why and when; those who have the case already stand first."""
    first = sorted(found, key=lambda officer: officer.user_id not in having)
    has_it = dict.fromkeys(having, mark("Has this case"))
    return Schema.from_dict(
        {
            "officer_id": Choice(
                officer_options(first),
                hints=has_it,
                required=True,
                metadata={"label": mark("Officer"), "missing": mark("Select an officer")},
            ),
            "purpose": Choice(
                PURPOSES,
                required=True,
                metadata={"label": mark("Purpose"), "missing": mark("Select a purpose")},
            ),
            "planned_on": DayField(
                required=True,
                metadata={
                    "label": mark("Day of the visit"),
                    "missing": mark("Enter the day of the visit, like 4 3 2027"),
                },
            ),
            "instructions": CleanText(
                load_default="",
                characters_max=1000,
                lines=True,
                metadata={"label": mark("What to achieve")},
            ),
        },
        name="PlanVisitFormSchema",
    )()


@screens.get("/cases/<uuid:case_id>/visits/new")
@needs("visits.plan")
def new_plan(case_id: UUID) -> str:
    """Ask who is to visit, why and when."""
    case = _case(case_id)
    having = _having(case)
    known = {"officer_id": having[0]} if len(having) == 1 else {}
    return _form(case, having, Form.blank(plan_schema(officers(db.session()), having), known))


@screens.post("/cases/<uuid:case_id>/visits/new")
@needs("visits.plan")
def plan(case_id: UUID) -> Response | tuple[str, int]:
    """Plan the visit; an officer who does not have the case yet is given it with the visit."""
    case = _case(case_id)
    having = _having(case)
    form = Form.read(plan_schema(officers(db.session()), having), request.form)
    if not form.ok:
        return _form(case, having, form), 422
    offered = request.form.get("command_id", "")
    command_id = offered if is_id(offered) else clock.new_id()
    planned = PlanVisit(planned_visit_id=command_id, case_id=case.case_id, **form.data)
    together: list[Command] = [planned]
    if planned.officer_id not in having and may("cases.assign"):
        together.insert(0, AssignCase(case_id=case.case_id, officer_id=planned.officer_id))
    try:
        give_together(together, command_id)
    except RuleBroken as refusal:
        return _form(case, having, form.refused(refusal)), 422
    tell(mark("The visit has been planned: the officer’s device is given it when it next connects"))
    return redirect(url_for("cases.one_case", case_id=case_id), code=303)


@screens.post("/cases/<uuid:case_id>/visits/<uuid:planned_visit_id>/withdraw")
@needs("visits.plan")
def withdraw(case_id: UUID, planned_visit_id: UUID) -> Response:
    """Call off a planned visit."""
    command = WithdrawPlannedVisit(planned_visit_id=str(planned_visit_id), case_id=str(case_id))
    give(command, request.form.get("command_id"))
    tell(mark("The planned visit has been called off"))
    return redirect(url_for("cases.one_case", case_id=case_id), code=303)


def _form(case: Case, having: Sequence[str], form: Form) -> str:
    session, today = db.session(), clock.today()
    note_read("visits.plan", subject_id=case.case_id)
    held = sorted({r for debt in case_page.debts(session, case.case_id, today) for r in debt.holds})
    return render_template(
        "visits/plan.html",
        case=case,
        form=form,
        holds=[SHOWN.get(reason, reason) for reason in held],
        risks=case_page.markers(session, case, today),
        planned=case_page.planned(session, case.case_id),
        may_assign=may("cases.assign"),
        nobody_has_it=not having,
        command_id=clock.new_id(),
    )


def _case(case_id: UUID) -> Case:
    case = case_page.find(db.session(), str(case_id))
    if case is None:
        abort(404)
    return case


def _having(case: Case) -> list[str]:
    """List the ids of the officers who have the case."""
    found = officers_of(db.session(), [case.case_id])
    return [officer_id for officer_id, _name in found.get(case.case_id, ())]
