"""Records a visit: kept as it is typed, saved as one group of commands, safe to press twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from field_client import clock
from field_client.vault import drafts, leaving, outbox, photographs
from field_client.vault.briefing import brief
from field_client.vault.cases import next_time, people_of, summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.drafts import Draft
from field_client.vault.execute import execute
from field_client.vault.pending import CaseView
from field_client.vault.screens import visit_form
from field_client.vault.screens.ids import id_in_form, optional_id_in_form
from field_client.vault.screens.photograph import add_sent
from field_client.vault.screens.typed import typed_in_form
from field_client.vault.screens.visit_form import Carried
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.forms import WHOLE_FORM, Form
from shared.schemas import write_body
from shared.visits import OUTCOMES

screens = Blueprint("visit", __name__, template_folder="templates")

KIND = "visit"
"""The kind of draft that will be a visit."""

_REMOVE = "remove:"
_STAY = {"keep": "", "stay": "/visit"}
"""What keeps the form as it stands: go back to the case, or stay on the form."""


@screens.get("/cases/<uuid:case_id>/visit")
def visit(case_id: UUID) -> str | Response:
    """Offer the form: what was left unfinished about this case, or a new one."""
    here = desk()
    view = here.case(str(case_id))
    if _warned(here, view):
        return redirect(f"/cases/{case_id}")
    draft = drafts.of_case(here.store, view.case_id, KIND)
    if draft is not None:
        form = Form(visit_form.visit_schema(view), draft.typed)
        return _page(here, view, form, _carried_by(draft, here.now()))
    leaving.refuse_beginning(here.store, view.case_id)
    outcome = request.args.get("outcome", "")
    carried = _new(here, view)
    known = outcome if outcome in OUTCOMES else None
    return _page(here, view, visit_form.blank(view, carried.opened_at, known), carried)


@screens.get("/cases/<uuid:case_id>/no-answer")
def no_answer(case_id: UUID) -> str | Response:
    """Offer the shortest way to say that nobody came to the door."""
    here = desk()
    view = here.case(str(case_id))
    if _warned(here, view):
        return redirect(f"/cases/{case_id}")
    if drafts.of_case(here.store, view.case_id, KIND) is not None:
        return redirect(f"/cases/{case_id}/visit")
    leaving.refuse_beginning(here.store, view.case_id)
    carried = _new(here, view)
    case = summarise(view, here.today())
    return render_template(
        "screens/no_answer.html",
        case=case,
        form=visit_form.blank(view, carried.opened_at, "no_answer"),
        carried=carried,
        tries=case.tries,
        next_time=next_time((carried.opened_at, *case.tries)),
        page_id=clock.new_id(),
    )


@screens.post("/cases/<uuid:case_id>/visit")
def save(case_id: UUID) -> str | Response:
    """Do what was pressed: save the visit, keep it for later, add or remove a photograph.

    Whatever was pressed, what was typed is kept first.
    """
    here = desk()
    carried = _carried_in_form(str(case_id), here.now())
    pressed = request.form.get("do", "save")
    try:
        if not _keep_draft(here, carried):
            return _saved_before(here, carried)
    except RuleBroken as refusal:
        return _as_typed(here, carried, refusal)
    view = here.case(carried.case_id)
    if pressed in _STAY:
        return redirect(f"/cases/{case_id}{_STAY[pressed]}", 303)
    if pressed.startswith(_REMOVE):
        photographs.remove(here.store, carried.visit_id, pressed.removeprefix(_REMOVE))
        return redirect(f"/cases/{case_id}/visit#photographs", 303)
    return _with_photograph(here, view, carried, only=pressed == "photograph")


def _with_photograph(here: Desk, view: CaseView, carried: Carried, *, only: bool) -> str | Response:
    """Keep the photograph that came along, and save the visit unless that was all that was asked."""
    try:
        add_sent(here.store, carried.visit_id, carried.case_id, must=only)
    except RuleBroken as refusal:
        return _as_typed(here, carried, refusal)
    if only:
        return redirect(f"/cases/{carried.case_id}/visit#photographs", 303)
    return _save(here, view, carried)


def _save(here: Desk, view: CaseView, carried: Carried) -> str | Response:
    """Read the form and save what it says, the draft going as the visit comes."""
    form = Form.read(visit_form.visit_schema(view), request.form)
    form, moment = visit_form.with_moment(form, carried.opened_at, here.now())
    if moment is None:
        return _page(here, view, form, carried)
    try:
        with here.store.transaction():
            pictures = photographs.of_visit(here.store, carried.visit_id)
            execute(
                here.store,
                here.officer_id,
                visit_form.savings(carried, form.data, moment, pictures),
                clock=here.clock(),
                now=here.now(),
                group=carried.visit_id,
            )
            photographs.note_recorded(here.store, carried.visit_id)
            drafts.remove(here.store, carried.visit_id)
    except RuleBroken as refusal:
        return _page(here, view, form.refused(refusal), carried)
    here.syncing.ask()
    return redirect(f"/saved/{carried.visit_id}", 303)


def _saved_before(here: Desk, carried: Carried) -> str | Response:
    """Answer a second press: the same again is done already, anything else is another visit."""
    view = here.case(carried.case_id)
    item = outbox.find(here.store, carried.visit_id, ())
    form = Form.read(visit_form.visit_schema(view), request.form)
    form, moment = visit_form.with_moment(form, carried.opened_at, here.now())
    if item and moment is not None and _says_the_same(item, form, moment, carried):
        return redirect(f"/saved/{carried.visit_id}", 303)
    again = replace(carried, visit_id=clock.new_id(), planned_visit_id=None)
    _keep_draft(here, again)
    return _page(here, view, form.with_error(WHOLE_FORM, _SAVED_BEFORE), again)


_SAVED_BEFORE = mark(
    "This visit has been saved already, as it was then. To save what stands here now as well,"
    " press Save visit again: it will be a second visit"
)


def _says_the_same(item: outbox.Item, form: Form, moment: datetime, carried: Carried) -> bool:
    """Tell whether the form says what has been saved, so that a thumb that slipped adds nothing."""
    meant = visit_form.savings(carried, form.data, moment, ())
    saved = {entry.command_id: entry.body for entry in item.entries}
    return all(saved.get(s.command_id) == write_body(s.command) for s in meant)


def _as_typed(here: Desk, carried: Carried, refusal: RuleBroken) -> str:
    """Show the form as it was typed, with why it could not be kept or added to."""
    view = here.case(carried.case_id)
    form = Form(visit_form.visit_schema(view), typed_in_form())
    return _page(here, view, form.refused(refusal), carried)


def _page(here: Desk, view: CaseView, form: Form, carried: Carried) -> str:
    return render_template(
        "screens/visit.html",
        case=summarise(view, here.today()),
        form=form,
        carried=carried,
        people=people_of(view),
        pictures=photographs.of_visit(here.store, carried.visit_id),
        draft=drafts.find(here.store, carried.visit_id),
        page_id=clock.new_id(),
    )


def _warned(here: Desk, view: CaseView) -> bool:
    """Tell whether warnings stand before this case that have not been read."""
    return bool(here.unread(summarise(view, here.today()).markers))


def _new(here: Desk, view: CaseView) -> Carried:
    plan = brief(view, here.officer_id, here.now()).plan
    return Carried(
        visit_id=clock.new_id(),
        case_id=view.case_id,
        planned_visit_id=plan.planned_visit_id if plan else None,
        opened_at=here.now(),
    )


def _carried_by(draft: Draft, now: datetime) -> Carried:
    planned = draft.typed.get("planned_visit_id", ("",))[0]
    return Carried(
        visit_id=draft.draft_id,
        case_id=draft.case_id,
        planned_visit_id=planned or None,
        opened_at=_moment(draft.typed.get("opened_at", ("",))[0], now),
    )


def _carried_in_form(case_id: str, now: datetime) -> Carried:
    return Carried(
        visit_id=id_in_form("draft_id"),
        case_id=case_id,
        planned_visit_id=optional_id_in_form("planned_visit_id"),
        opened_at=_moment(request.form.get("opened_at", ""), now),
    )


def _moment(text: str, now: datetime) -> datetime:
    """Read when a form was opened; what is no moment was not written by our page."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return now
    return moment if moment.tzinfo else now


def _keep_draft(here: Desk, carried: Carried) -> bool:
    return drafts.keep(
        here.store,
        Draft(
            draft_id=carried.visit_id,
            case_id=carried.case_id,
            kind=KIND,
            saved_at=here.now(),
            typed=typed_in_form(),
        ),
    )
