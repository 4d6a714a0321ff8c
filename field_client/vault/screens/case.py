"""A case before the door: all an officer should know on one screen, warnings first."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from field_client import clock
from field_client.vault import drafts, leaving, outbox, photographs
from field_client.vault.briefing import CONTACTS_SHOWN, brief, contacts_of
from field_client.vault.cases import moment_of, summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.execute import Saving, execute
from field_client.vault.screens.ids import command_id, id_in_form
from shared.errors import RuleBroken
from shared.forms import Form
from shared.reviews import RecordVisitAnswer, RecordVisitAnswerSchema

screens = Blueprint("case", __name__, template_folder="templates")

ANSWER = "answer"
"""The kind of draft that answers a supervisor."""


@screens.get("/cases/<uuid:case_id>")
def case(case_id: UUID) -> str:
    """Show the warnings until they have been read, then everything else."""
    here = desk()
    view = here.case(str(case_id))
    briefing = brief(view, here.officer_id, here.now())
    unread = here.unread(briefing.case.markers)
    if unread:
        return render_template(
            "screens/warnings.html", case=briefing.case, markers=unread, today=here.today()
        )
    draft = drafts.of_case(here.store, view.case_id, "visit")
    return render_template(
        "screens/case.html",
        case=briefing.case,
        briefing=briefing,
        contacts=briefing.contacts[:CONTACTS_SHOWN],
        copy=here.copy(),
        draft=draft,
        leaving=leaving.of_case(here.store, view.case_id),
        not_taken=outbox.not_taken(here.store, view.case_id),
    )


@screens.post("/cases/<uuid:case_id>/read")
def read(case_id: UUID) -> Response:
    """Note that the warnings shown have been read; one that came meanwhile is shown next."""
    here = desk()
    shown = set(request.form.get("markers", "").split())
    view = here.case(str(case_id))
    known = summarise(view, here.today()).markers
    here.acknowledge(marker for marker in known if marker.marker_id in shown)
    return redirect(f"/cases/{case_id}", 303)


@screens.get("/cases/<uuid:case_id>/contacts")
def contacts(case_id: UUID) -> str:
    """List every visit to the case and about its debts."""
    here = desk()
    view = here.case(str(case_id))
    summary = summarise(view, here.today())
    return render_template("screens/contacts.html", case=summary, contacts=contacts_of(view))


@screens.get("/cases/<uuid:case_id>/visits/<uuid:visit_id>")
def made(case_id: UUID, visit_id: UUID) -> str:
    """Show a visit that was made, and a form to answer with when it came back."""
    here = desk()
    kept = drafts.of_case(here.store, str(case_id), ANSWER)
    form = Form.blank(_AnswerForm())
    answer_id = clock.new_id()
    if kept and kept.typed.get("visit_id", ("",))[0] == str(visit_id):
        form, answer_id = Form(_AnswerForm(), kept.typed), kept.draft_id
    return _visit_page(here, str(case_id), str(visit_id), form, answer_id)


class _AnswerForm(RecordVisitAnswerSchema):
    """The one box an officer fills; the ids come from the page."""

    class Meta:
        """Leave the ids out of the form."""

        fields = ("answer",)


def _visit_page(here: Desk, case_id: str, visit_id: str, form: Form, answer_id: str) -> str:
    view = here.case(case_id)
    visit = view.of("visit").get(visit_id)
    if visit is None:
        abort(404)
    people = view.of("person")
    return render_template(
        "screens/made.html",
        case=summarise(view, here.today()),
        visit_id=visit_id,
        visit=visit,
        happened_at=moment_of(visit["happened_at"]),
        comments=[{**each, "at": moment_of(each["made_at"])} for each in visit["comments"]],
        met=[people[key]["name"] for key in visit["met_person_ids"] if key in people],
        pictures=[p for p in photographs.of_visit(here.store, visit_id) if p.recorded],
        is_own=visit["officer_id"] == here.officer_id,
        form=form,
        answer_id=answer_id,
        page_id=clock.new_id(),
    )


@screens.post("/cases/<uuid:case_id>/visits/<uuid:visit_id>/answer")
def answer(case_id: UUID, visit_id: UUID) -> str | Response:
    """Keep the officer's answer to a supervisor's comment."""
    here = desk()
    answer_id = id_in_form("draft_id")
    form = Form.read(_AnswerForm(), request.form)
    if form.ok:
        said = RecordVisitAnswer(
            answer_id=answer_id,
            visit_id=str(visit_id),
            case_id=str(case_id),
            answer=form.data["answer"],
        )
        try:
            _keep_answer(here, said)
        except RuleBroken as refusal:
            form = form.refused(refusal)
        else:
            return redirect(f"/saved/{answer_id}", 303)
    return _visit_page(here, str(case_id), str(visit_id), form, answer_id)


def _keep_answer(here: Desk, said: RecordVisitAnswer) -> None:
    saving = Saving(command_id=command_id(said.answer_id, said.name), command=said)
    with here.store.transaction():
        execute(
            here.store,
            here.officer_id,
            [saving],
            clock=here.clock(),
            now=here.now(),
            group=said.answer_id,
        )
        drafts.remove(here.store, said.answer_id)
    here.syncing.ask()
