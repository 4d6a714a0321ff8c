"""Shows what this device has saved and what the office said of it, and syncs when asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from field_client import clock
from field_client.vault import drafts, outbox, photographs
from field_client.vault.briefing import differing_of
from field_client.vault.cases import Body, Summary, moment_of, summarise
from field_client.vault.corrections import Differing, of_command
from field_client.vault.desk import Desk, desk
from field_client.vault.drafts import Draft
from field_client.vault.outbox import Entry, Item
from field_client.vault.pending import CaseView, case_view
from field_client.vault.proving import is_proven
from field_client.vault.screens.again import DRAFTS, typed_again
from field_client.vault.screens.paging import paged
from field_client.vault.screens.words import said
from field_client.vault.uploads import REFUSED
from shared.catalogue import Sentence, mark
from shared.commands import Outcome
from shared.detail_fields import label_of
from shared.detail_fields import said as value_said
from shared.errors import REFUSALS

screens = Blueprint("sent", __name__, template_folder="templates")

UNKNOWN_REFUSAL = mark("The office did not accept this. Ring the office and ask why")
"""Said of a refusal that a newer office gave."""

UNKNOWN_HELD = mark("The office keeps this for a person to look at. Update this device to read why")
"""Said of what a newer office holds for a reason, or in a way, that this version does not know."""

SAID_BY_THE_OFFICE: dict[str, str] = {
    "authority.lacking": mark("You are not allowed to do this: ask your supervisor"),
    "authority.never_assigned": mark("This case was never assigned to you: ask the office"),
    "case.unknown": mark("This case is not known here: search for it again"),
    "command.failed": mark("The office could not record this: it is kept for a person to look at"),
    "command.group_refused": mark("Something that belongs with this was not accepted"),
    "command.id_reused": mark("This was sent before with other content: ask the office"),
    "command.unknown": mark("The office does not know this kind of work: update the device"),
    "command.waits": mark(
        "The office keeps this beside what it belongs to, which it could not take yet"
    ),
    "command.unreadable": mark("The office could not read this: a supervisor will look at it"),
    "envelope.unreadable": mark(
        "The office could not read this and keeps it as it was sent: ask the office"
    ),
    "lane.unsigned": mark(
        "This came without your own signature, so the office keeps it: a supervisor will look at it"
    ),
    "lane.wrong_signature": mark(
        "The signature under this is not yours, so the office keeps it: a supervisor will look at it"
    ),
    "lane.forked": mark(
        "These records were copied, and the other copy sent something first."
        " The office keeps this for a person to look at"
    ),
}
"""Refusals that only the office gives, as it words them; the rules' own stand in their register."""

_VISIT = "RecordVisit"


@screens.get("/outbox")
def list_outbox() -> str:
    """List everything saved here, what waits and what needs the officer first."""
    here = desk()
    sending = here.syncing.progress.sending
    total = outbox.count(here.store)
    page = paged(total, request.args.get("page", ""), "/outbox")
    items = outbox.some(here.store, sending, first=max(0, page.first - 1))
    return render_template(
        "screens/outbox.html",
        rows=[(item, _about(here, item)) for item in items],
        page=page,
        counts=outbox.counts(here.store),
        unsealed=here.unsealed,
        progress=here.syncing.progress,
        copy=here.copy(),
    )


@screens.get("/outbox/<uuid:item_id>")
def item(item_id: UUID) -> str:
    """Show one item in full: what was saved, and what the office said of each part."""
    return _item_page(str(item_id), "screens/item.html")


@screens.get("/saved/<uuid:item_id>")
def saved(item_id: UUID) -> str:
    """Say that it is saved on this device, what that was, and what happens next."""
    return _item_page(str(item_id), "screens/saved.html")


def _item_page(item_id: str, template: str) -> str:
    here = desk()
    found = outbox.find(here.store, item_id, here.syncing.progress.sending)
    if found is None:
        abort(404)
    view = case_view(here.store, here.officer_id, found.first.case_id)
    return render_template(
        template,
        item=found,
        case=summarise(view, here.today()) if view else None,
        entries=[
            {
                "entry": entry,
                "lines": _in_full(entry.body, view),
                "sentence": _dealt_with(entry, view) or sentence_of(entry),
                "proven": is_proven(here.store, here.identity.receipt_key, entry.command_id),
                "happened_at": moment_of(entry.body["happened_at"])
                if entry.name == _VISIT
                else None,
            }
            for entry in found.entries
        ],
        again=_can_begin_again(found),
        dealt_with=[said for entry in found.entries if (said := _dealt_with(entry, view))],
        results=_results(found, view) if view else [],
        answered=outbox.answered_refusal(here.store, found),
        pictures=photographs.of_visit(here.store, found.item_id),
        pictures_refused=[
            REFUSED.get(each.refused or "", UNKNOWN_REFUSAL)
            for each in found.photographs_refused
            if each.needs_you
        ],
        progress=here.syncing.progress,
        pinned=bool(here.identity.receipt_key),
    )


def _results(item: Item, view: CaseView) -> list[Differing]:
    """List what the office differs about with this item, and what it decided."""
    every = differing_of(view)
    return [each for entry in item.entries for each in of_command(every, entry.command_id)]


def _about(here: Desk, item: Item) -> Summary | None:
    view = case_view(here.store, here.officer_id, item.first.case_id)
    return summarise(view, here.today()) if view else None


def _in_full(body: Body, view: CaseView | None) -> Mapping[str, Any]:
    """Give a command's values with names for ids, because nobody reads an id."""
    people: Mapping[str, Body] = view.of("person") if view else {}
    met = [people[key]["name"] for key in body.get("met_person_ids", ()) if key in people]
    whose = people.get(body.get("person_id") or "", {}).get("name", "")
    record = "contact" if "contact_id" in body else "person"
    edits = [
        (
            label_of(record, name),
            value_said(record, name, e["was"]),
            value_said(record, name, e["now"]),
        )
        for name, e in body.get("edits", {}).items()
    ]
    return {"met": met, "whose": whose, "edits": edits}


def _dealt_with(entry: Entry, view: CaseView | None) -> str:
    """Say what somebody at the office did about something they held, or nothing."""
    told = view.of("set_aside").get(entry.command_id) if view else None
    if told is None:
        return ""
    if told.get("state") == "recorded":
        return mark("Somebody at the office recorded this in your name: nothing is left to do")
    return Sentence(mark("The office has closed this: %(note)s"), note=told.get("note", ""))


def sentence_of(entry: Entry) -> str:
    """Say in the office's words why a command was not taken, or nothing."""
    if entry.outcome not in {Outcome.REFUSED, Outcome.QUARANTINED}:
        return ""
    said = {**REFUSALS, **SAID_BY_THE_OFFICE}
    unknown = UNKNOWN_HELD if entry.outcome is Outcome.QUARANTINED else UNKNOWN_REFUSAL
    text = said.get(entry.code or "", unknown)
    try:
        return Sentence(text, **entry.said)
    except (KeyError, ValueError, TypeError):
        return unknown


@screens.post("/outbox/<uuid:item_id>/settle")
def settle(item_id: UUID) -> Answer:
    """Note that the officer has dealt with a refusal."""
    here = desk()
    outbox.settle(here.store, str(item_id), here.now())
    return redirect(f"/outbox/{item_id}", 303)


@screens.post("/outbox/<uuid:item_id>/again")
def again(item_id: UUID) -> Answer:
    """Begin what was refused anew with everything that was written, so that it can be changed."""
    here = desk()
    found = outbox.find(here.store, str(item_id), ())
    if found is None or not _can_begin_again(found):
        abort(404)
    new_id = clock.new_id()
    draft = Draft(
        draft_id=new_id,
        case_id=found.first.case_id,
        kind=DRAFTS[found.first.name],
        saved_at=here.now(),
        typed=typed_again(found.entries, here.case(found.first.case_id)),
    )
    with here.store.transaction():
        drafts.keep(here.store, draft)
        photographs.move(here.store, found.item_id, new_id)
        outbox.settle(here.store, found.item_id, here.now())
    return redirect(f"/drafts/{new_id}", 303)


def _can_begin_again(item: Item) -> bool:
    return item.first.name in DRAFTS and item.first.outcome is Outcome.REFUSED


@screens.get("/sync")
def sync() -> str:
    """Show how the sync stands."""
    here = desk()
    return render_template(
        "screens/sync.html",
        progress=here.syncing.progress,
        copy=here.copy(),
        counts=outbox.counts(here.store),
        unsealed=here.unsealed,
    )


@screens.post("/sync")
def sync_now() -> Answer:
    """Have it sync now; the answer does not wait for the office."""
    desk().syncing.ask()
    return redirect("/sync", 303)


@screens.post("/outbox/photographs")
def send_photographs() -> Answer:
    """Send the photographs that wait, whatever the connection, because the officer said so."""
    desk().syncing.send_photographs_now()
    return redirect("/sync", 303)


@screens.get("/sync/progress")
def progress() -> Response:
    """Give the page's own script what has changed."""
    now = desk().syncing.progress
    return jsonify(
        running=now.running,
        received=now.received,
        expected=now.expected,
        sent=now.sent,
        problem=said(now.problem) if now.problem else "",
        ended=now.ended_at.isoformat() if now.ended_at else "",
    )
