"""What an officer does about something refused: have the office look at it, or set it aside, and why."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from field_client import clock
from field_client.vault import drafts, outbox
from field_client.vault.cases import summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.drafts import Draft
from field_client.vault.execute import Saving, execute
from field_client.vault.outbox import Entry, Item
from field_client.vault.screens.ids import command_id, id_in_form
from field_client.vault.screens.typed import typed_in_form
from shared.commands import Outcome
from shared.errors import RuleBroken
from shared.forms import Form
from shared.refused import CHOICES, LOOK, RecordRefusalAnswer, RecordRefusalAnswerSchema

screens = Blueprint("answering", __name__, template_folder="templates")

KIND = "refusal"
"""The kind of draft that will say what is to become of something refused."""

_OF_ITS_GROUP = "command.group_refused"


class _AnswerForm(RecordRefusalAnswerSchema):
    """What an officer fills in; the ids come from the page."""

    class Meta:
        """Leave the ids out of the form."""

        fields = ("choice", "reason")


@screens.get("/outbox/<uuid:item_id>/answer")
def ask(item_id: UUID) -> str:
    """Ask what is to become of it, with what was typed before."""
    here = desk()
    item = _refused(here, str(item_id))
    draft = drafts.of_case(here.store, item.first.case_id, KIND)
    if draft and draft.typed.get("item_id", ("",))[0] == item.item_id:
        return _page(here, item, Form(_AnswerForm(), draft.typed), draft.draft_id)
    asked = request.args.get("choice", "")
    form = Form.blank(_AnswerForm(), {"choice": asked if asked in CHOICES else LOOK})
    return _page(here, item, form, clock.new_id())


@screens.post("/outbox/<uuid:item_id>/answer")
def say(item_id: UUID) -> str | Response:
    """Keep what the officer says; the refused thing itself stays as it is."""
    here = desk()
    answer_id = id_in_form("draft_id")
    if outbox.is_saved(here.store, answer_id):
        return redirect(f"/outbox/{item_id}", 303)
    item = _refused(here, str(item_id))
    _keep(here, item, answer_id)
    form = Form.read(_AnswerForm(), request.form)
    if form.ok:
        try:
            _save(here, item, answer_id, form)
        except RuleBroken as refusal:
            form = form.refused(refusal)
        else:
            return redirect(f"/outbox/{item_id}", 303)
    return _page(here, item, form, answer_id)


def _refused(here: Desk, item_id: str) -> Item:
    """Find an item that was refused and that nobody has dealt with, of a case that is here."""
    item = outbox.find(here.store, item_id, ())
    if item is None or item.settled or not _refusals(item):
        abort(404)
    return item


def _refusals(item: Item) -> list[Entry]:
    """List what was refused, and first what was refused for a reason of its own."""
    found = [entry for entry in item.entries if entry.outcome is Outcome.REFUSED]
    return sorted(found, key=lambda entry: entry.code == _OF_ITS_GROUP)


def _keep(here: Desk, item: Item, answer_id: str) -> None:
    drafts.keep(
        here.store,
        Draft(
            draft_id=answer_id,
            case_id=item.first.case_id,
            kind=KIND,
            saved_at=here.now(),
            typed=typed_in_form() | {"item_id": (item.item_id,)},
        ),
    )


def _save(here: Desk, item: Item, answer_id: str, form: Form) -> None:
    said = RecordRefusalAnswer(
        answer_id=answer_id,
        refused_id=_refusals(item)[0].command_id,
        case_id=item.first.case_id,
        choice=form.data["choice"],
        reason=form.data["reason"],
    )
    saving = Saving(command_id=command_id(answer_id, said.name), command=said)
    now = here.now()
    with here.store.transaction():
        execute(here.store, here.officer_id, [saving], clock=here.clock(), now=now, group=answer_id)
        outbox.settle(here.store, item.item_id, now)
        drafts.remove(here.store, answer_id)
    here.syncing.ask()


def _page(here: Desk, item: Item, form: Form, answer_id: str) -> str:
    case = summarise(here.case(item.first.case_id), here.today())
    return render_template(
        "screens/refusal.html",
        item=item,
        case=case,
        form=form,
        draft_id=answer_id,
        page_id=clock.new_id(),
    )
