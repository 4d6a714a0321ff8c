"""What was refused, written back into the boxes it came from, so that it can be changed and saved again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from field_client.vault.cases import moment_of
from field_client.vault.outbox import Entry
from field_client.vault.pending import CaseView
from field_client.vault.screens import details_form
from shared.forms import Form
from shared.presentation import LONDON, time_of_day

DRAFTS: Mapping[str, str] = {
    "RecordVisit": "visit",
    "CorrectDetails": "details",
    "CorrectContact": "details",
    "AddMarker": "warning",
    "ProposeMarkerRemoval": "off",
}
"""Commands that can be begun anew, each with the kind of draft it becomes."""

Typed = dict[str, tuple[str, ...]]


def typed_again(entries: Sequence[Entry], view: CaseView) -> Typed:
    """Write what was saved with one press into the boxes it came from."""
    name, body = entries[0].name, entries[0].body
    if name == "RecordVisit":
        return _visit(entries)
    if name == "AddMarker":
        about = body["person_id"] or body["address_id"] or ""
        return {"risk": (body["kind"],), "note": (body["note"],), "about": (about,)}
    if name == "ProposeMarkerRemoval":
        return {"reason": (body["reason"],), "marker_id": (body["marker_id"],)}
    return _details(entries, view)


def _details(entries: Sequence[Entry], view: CaseView) -> Typed:
    """Write corrections over what is known now, which is what they will be compared with."""
    person = view.of("person").get(entries[0].body["person_id"], {})
    seen = details_form.seen_now(person)
    meant = dict(seen)
    for entry in entries:
        of = f"standing-{entry.body['contact_id']}" if entry.name == "CorrectContact" else ""
        meant.update({of or name: edit["now"] for name, edit in entry.body["edits"].items()})
    schema = details_form.details_schema(person)
    known = {name: value for name, value in meant.items() if name in schema.fields}
    form = Form.blank(schema, known)
    return {
        **{name: tuple(texts) for name, texts in form.typed.items()},
        "seen": (json.dumps(seen),),
    }


def _visit(entries: Sequence[Entry]) -> Typed:
    visit = entries[0].body
    local = moment_of(visit["happened_at"]).astimezone(LONDON)
    typed: Typed = {
        "outcome": (visit["outcome"],),
        "opened_at": (visit["happened_at"],),
        "happened_time": (time_of_day(local),),
        "happened_on-day": (str(local.day),),
        "happened_on-month": (str(local.month),),
        "happened_on-year": (str(local.year),),
        "met_person_ids": tuple(visit["met_person_ids"]),
        "others_met": (visit["others_met"],),
        "notes": (visit["notes"],),
        "planned_visit_id": (visit["planned_visit_id"] or "",),
    }
    for entry in entries:
        if entry.name == "RecordPhoneNumber":
            typed["number"] = (entry.body["number"],)
            typed["number_person_id"] = (entry.body["person_id"],)
    return typed
