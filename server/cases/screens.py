"""The page of one case: what it is about, who has it, what is planned; open, assign and close it."""

from __future__ import annotations

from uuid import UUID

from flask import abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access.queries import officers
from server.cases import case_page, opening
from server.cases.blueprint import screens
from server.cases.case_page import Case
from server.cases.commands import AssignCase, CloseCase, OpenCase, UnassignCase
from server.cases.forms import as_text, officer_schema, opening_schema
from server.cases.opening import Owing
from server.people import timeline
from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.giving import give_together
from server.spine.paging import Page
from server.spine.permissions import may, needs
from server.spine.web import give, note_read, reader, tell
from server.visits import queries as visits
from shared.catalogue import mark
from shared.commands import Command, Touched
from shared.debts import DEBT_TYPES
from shared.errors import RuleBroken
from shared.forms import Form
from shared.presentation import money, period
from shared.values import is_id
from shared.visits import WithdrawPlannedVisit

VISITS_SHOWN = 10
"""Visits a case's page lists."""


@screens.get("/cases/<uuid:case_id>")
@needs("cases.see")
def one_case(case_id: UUID) -> str:
    """Show a case."""
    return _page(_case(case_id))


@screens.get("/cases/<uuid:case_id>/history")
@needs("cases.see")
def history(case_id: UUID) -> str:
    """Show what happened on a case and to its people, the latest first."""
    case, session = _case(case_id), db.session()
    house: House = current_app.extensions["fieldfare"]["house"]
    people = case_page.people(session, case, clock.today())
    about = Touched(
        case_ids=frozenset({case.case_id}),
        person_ids=frozenset(person.person_id for person in people),
    )
    page = Page.asked(timeline.count(session, house, about))
    note_read("cases.history", subject_id=case.case_id)
    return render_template(
        "cases/history.html",
        case=case,
        entries=timeline.entries(session, house, about, page.part),
        page=page,
    )


@screens.get("/cases/<uuid:case_id>/assign")
@needs("cases.assign")
def choose_officer(case_id: UUID) -> str:
    """Ask who is to have the case."""
    return _assign_form(_case(case_id), Form.blank(officer_schema(officers(db.session()))))


@screens.post("/cases/<uuid:case_id>/assign")
@needs("cases.assign")
def assign(case_id: UUID) -> Response | tuple[str, int]:
    """Give the case to an officer."""
    case = _case(case_id)
    form = Form.read(officer_schema(officers(db.session())), request.form)
    if not form.ok:
        return _assign_form(case, form), 422
    command = AssignCase(case_id=case.case_id, officer_id=form.data["officer_id"])
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        return _assign_form(case, form.refused(refusal)), 422
    tell(mark("The case has been given to the officer"))
    return _to(case_id)


@screens.post("/cases/<uuid:case_id>/unassign")
@needs("cases.assign")
def unassign(case_id: UUID) -> Response:
    """Take the case from an officer."""
    officer_id = request.form.get("officer_id", "")
    if not is_id(officer_id):
        abort(400)
    give(UnassignCase(case_id=str(case_id), officer_id=officer_id), request.form.get("command_id"))
    tell(mark("The case has been taken from the officer"))
    return _to(case_id)


@screens.get("/cases/<uuid:case_id>/close")
@needs("cases.open")
def ask_to_close(case_id: UUID) -> str:
    """Say what closing the case brings with it."""
    return _close_form(_case(case_id))


@screens.post("/cases/<uuid:case_id>/close")
@needs("cases.open")
def close(case_id: UUID) -> Response:
    """Close the case, and call off the visits planned for it."""
    together: list[Command] = []
    if may("visits.plan"):
        together = [
            WithdrawPlannedVisit(planned_visit_id=planned.planned_visit_id, case_id=str(case_id))
            for planned in case_page.planned(db.session(), str(case_id))
        ]
    together.append(CloseCase(case_id=str(case_id)))
    give_together(together, request.form.get("command_id"))
    tell(mark("The case has been closed"))
    return _to(case_id)


@screens.get("/people/<uuid:person_id>/case")
@needs("cases.open")
def new_case(person_id: UUID) -> str:
    """Ask which of a person's debts a new case is about."""
    return _open_form(person_id, None)


@screens.post("/people/<uuid:person_id>/case")
@needs("cases.open")
def open_case(person_id: UUID) -> Response | tuple[str, int]:
    """Open the case."""
    debts = opening.debts_of(db.session(), str(person_id), clock.today())
    schema = opening_schema({debt.debt_id: _option(debt) for debt in debts})
    form = Form.read(schema, request.form)
    if not form.ok:
        return _open_form(person_id, form), 422
    command = OpenCase(
        case_id=form.data["case_id"],
        person_id=str(person_id),
        debt_ids=tuple(form.data["debt_ids"]),
    )
    try:
        give(command, form.data["case_id"])
    except RuleBroken as refusal:
        return _open_form(person_id, form.refused(refusal)), 422
    tell(mark("The case has been opened"))
    return _to(UUID(form.data["case_id"]))


def _case(case_id: UUID) -> Case:
    case = case_page.find(db.session(), str(case_id))
    if case is None:
        abort(404)
    return case


def _to(case_id: UUID) -> Response:
    return redirect(url_for("cases.one_case", case_id=case_id), code=303)


def _page(case: Case) -> str:
    session, today = db.session(), clock.today()
    note_read("cases.case", subject_id=case.case_id)
    debts = case_page.debts(session, case.case_id, today)
    holders = case_page.holders(session, case.case_id)
    return render_template(
        "cases/case.html",
        case=case,
        risks=case_page.markers(session, case, today),
        debts=debts,
        holds=sorted({reason for debt in debts for reason in debt.holds}),
        people=case_page.people(session, case, today),
        holders=[holder for holder in holders if holder.revoked_at is None],
        still_held=[holder for holder in holders if holder.devices],
        planned=case_page.planned(session, case.case_id),
        visits=visits.of_case(session, case.case_id, VISITS_SHOWN),
        today=today,
        now=clock.now(),
        new_command=clock.new_id,
    )


def _assign_form(case: Case, form: Form) -> str:
    holders = case_page.holders(db.session(), case.case_id)
    note_read("cases.assign", subject_id=case.case_id)
    return render_template(
        "cases/assign.html",
        case=case,
        form=form,
        holders=[holder for holder in holders if holder.revoked_at is None],
        command_id=clock.new_id(),
    )


def _close_form(case: Case) -> str:
    session = db.session()
    note_read("cases.close", subject_id=case.case_id)
    holders = case_page.holders(session, case.case_id)
    return render_template(
        "cases/close.html",
        case=case,
        holders=[holder for holder in holders if holder.revoked_at is None],
        planned=case_page.planned(session, case.case_id),
        command_id=clock.new_id(),
    )


def _open_form(person_id: UUID, form: Form | None) -> str:
    session, today = db.session(), clock.today()
    person = opening.person(session, str(person_id))
    if person is None:
        abort(404)
    note_read("cases.open", subject_id=str(person_id))
    debts = opening.debts_of(session, str(person_id), today)
    blank = Form.blank(
        opening_schema({debt.debt_id: _option(debt) for debt in debts}),
        {
            "case_id": clock.new_id(),
            "debt_ids": [debt.debt_id for debt in debts if not debt.in_case],
        },
    )
    return render_template(
        "cases/open.html",
        person=person,
        debts=debts,
        form=form or blank,
        open_cases=opening.open_cases(session, str(person_id)),
    )


def _option(debt: Owing) -> str:
    """Write a debt as one line to tick: what it is, for when, and what is owed."""
    say = reader()
    parts = [say(DEBT_TYPES[debt.debt_type]), debt.account_reference]
    if debt.from_on or debt.until:
        parts.append(period(debt.from_on, debt.until, say=say))
    parts.append(money(debt.balance_pence))
    return as_text(", ".join(parts))
