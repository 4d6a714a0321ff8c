"""Puts a person's details right, warns whoever goes there next, asks for a warning to be taken off."""

from __future__ import annotations

import json
from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from marshmallow import Schema
from werkzeug.wrappers import Response

from field_client import clock
from field_client.vault import drafts, leaving, outbox
from field_client.vault.cases import Body, Marker, people_of, place_of, summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.drafts import Draft
from field_client.vault.execute import Saving, execute
from field_client.vault.pending import CaseView
from field_client.vault.screens import details_form
from field_client.vault.screens.ids import command_id, id_in_form
from field_client.vault.screens.typed import typed_in_form
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.fields import Choice
from shared.forms import Form
from shared.markers import (
    AddMarker,
    AddMarkerSchema,
    ProposeMarkerRemoval,
    ProposeMarkerRemovalSchema,
)

screens = Blueprint("details", __name__, template_folder="templates")

DETAILS, WARNING, OFF = "details", "warning", "off"
"""The kinds of draft that these forms are kept as."""


# Details


@screens.get("/cases/<uuid:case_id>/details")
def details(case_id: UUID) -> str:
    """Offer the form: as it was left, or as things stand."""
    here = desk()
    view = here.case(str(case_id))
    person_id, person = _principal(view)
    draft = drafts.of_case(here.store, view.case_id, DETAILS)
    if draft is None:
        leaving.refuse_beginning(here.store, view.case_id)
        form, seen = details_form.blank(person), details_form.seen_now(person)
        return _details_page(here, view, person_id, form, clock.new_id(), seen)
    form = Form(details_form.details_schema(person), draft.typed)
    seen = details_form.seen_then(draft.typed.get("seen", ("",))[0], person)
    return _details_page(here, view, person_id, form, draft.draft_id, seen)


@screens.post("/cases/<uuid:case_id>/details")
def save_details(case_id: UUID) -> str | Response:
    """Keep what was put right, each record's part by itself."""
    here = desk()
    edit_id = id_in_form("draft_id")
    view = here.case(str(case_id))
    person_id, person = _principal(view)
    if not _keep(here, edit_id, view.case_id, DETAILS):
        return redirect(f"/saved/{edit_id}", 303)
    seen = details_form.seen_then(request.form.get("seen", ""), person)
    form = Form.read(details_form.details_schema(person), request.form)
    if form.ok:
        savings = details_form.savings(view.case_id, person_id, edit_id, seen, form.data)
        try:
            return _save(here, edit_id, savings)
        except RuleBroken as refusal:
            form = form.refused(refusal)
    return _details_page(here, view, person_id, form, edit_id, seen)


def _details_page(
    here: Desk, view: CaseView, person_id: str, form: Form, edit_id: str, seen: details_form.Seen
) -> str:
    person = view.of("person")[person_id]
    return render_template(
        "screens/details.html",
        case=summarise(view, here.today()),
        person=person,
        contacts=details_form.contacts_on_page(person),
        form=form,
        draft_id=edit_id,
        seen=json.dumps(dict(seen)),
        page_id=clock.new_id(),
    )


def _principal(view: CaseView) -> tuple[str, Body]:
    """Find the person whose details this device is given."""
    found = [(id_, body) for id_, body in view.of("person").items() if body["principal"]]
    return found[0] if found else abort(404)


# Warnings


def _warning_schema(view: CaseView) -> Schema:
    """Ask for a warning, about one of the people or about one of the places."""
    about = {person_id: body["name"].replace("%", "%%") for person_id, body in people_of(view)}
    for address_id, body in _places(view).items():
        about[address_id] = place_of(body).one_line.replace("%", "%%")
    asked = AddMarkerSchema().fields
    return Schema.from_dict(
        {
            "risk": asked["kind"],
            "note": asked["note"],
            "about": Choice(
                about,
                required=True,
                metadata={
                    "label": mark("Is the risk the person or the place?"),
                    "missing": mark("Select the person or the place"),
                },
            ),
        },
        name="WarningFormSchema",
    )()


def _places(view: CaseView) -> dict[str, Body]:
    """List the doors a case leads to now: where its principal lives, and its premises."""
    homes = {
        home["address_id"]: home
        for person in view.of("person").values()
        for home in person["addresses"]
        if home["until"] is None
    }
    return {**homes, **view.of("place")}


@screens.get("/cases/<uuid:case_id>/warning")
def warning(case_id: UUID) -> str:
    """Offer the form for a warning."""
    here = desk()
    view = here.case(str(case_id))
    draft = drafts.of_case(here.store, view.case_id, WARNING)
    if draft is None:
        leaving.refuse_beginning(here.store, view.case_id)
    schema = _warning_schema(view)
    form = Form(schema, draft.typed) if draft else Form.blank(schema)
    return _warning_page(here, view, form, draft.draft_id if draft else clock.new_id())


@screens.post("/cases/<uuid:case_id>/warning")
def save_warning(case_id: UUID) -> str | Response:
    """Warn whoever goes there next, this officer too, from now on."""
    here = desk()
    marker_id = id_in_form("draft_id")
    view = here.case(str(case_id))
    if not _keep(here, marker_id, view.case_id, WARNING):
        return redirect(f"/saved/{marker_id}", 303)
    form = Form.read(_warning_schema(view), request.form)
    if form.ok:
        about = form.data["about"]
        is_person = about in view.of("person")
        said = AddMarker(
            marker_id=marker_id,
            case_id=view.case_id,
            person_id=about if is_person else None,
            address_id=None if is_person else about,
            kind=form.data["risk"],
            note=form.data["note"],
        )
        try:
            return _save(here, marker_id, [_alone(marker_id, said)])
        except RuleBroken as refusal:
            form = form.refused(refusal)
    return _warning_page(here, view, form, marker_id)


def _warning_page(here: Desk, view: CaseView, form: Form, marker_id: str) -> str:
    return render_template(
        "screens/warning.html",
        case=summarise(view, here.today()),
        form=form,
        draft_id=marker_id,
        page_id=clock.new_id(),
    )


class _OffForm(ProposeMarkerRemovalSchema):
    """The one box an officer fills; the ids come from the page."""

    class Meta:
        """Leave the ids out of the form."""

        fields = ("reason",)


@screens.get("/cases/<uuid:case_id>/warnings/<uuid:marker_id>/off")
def off(case_id: UUID, marker_id: UUID) -> str:
    """Ask why a warning should be taken off."""
    here = desk()
    view = here.case(str(case_id))
    draft = drafts.of_case(here.store, view.case_id, OFF)
    form, proposal_id = Form.blank(_OffForm()), clock.new_id()
    if draft and draft.typed.get("marker_id", ("",))[0] == str(marker_id):
        form, proposal_id = Form(_OffForm(), draft.typed), draft.draft_id
    else:
        leaving.refuse_beginning(here.store, view.case_id)
    return _off_page(here, view, str(marker_id), form, proposal_id)


@screens.post("/cases/<uuid:case_id>/warnings/<uuid:marker_id>/off")
def ask_off(case_id: UUID, marker_id: UUID) -> str | Response:
    """Ask the office to take the warning off; it stays until somebody there has decided."""
    here = desk()
    proposal_id = id_in_form("draft_id")
    view = here.case(str(case_id))
    if not _keep(here, proposal_id, view.case_id, OFF):
        return redirect(f"/saved/{proposal_id}", 303)
    form = Form.read(_OffForm(), request.form)
    warned = view.of("marker").get(str(marker_id)) or abort(404)
    if form.ok:
        asked = ProposeMarkerRemoval(
            proposal_id=proposal_id,
            case_id=view.case_id,
            marker_id=str(marker_id),
            person_id=warned["person_id"],
            address_id=warned["address_id"],
            reason=form.data["reason"],
        )
        try:
            return _save(here, proposal_id, [_alone(proposal_id, asked)])
        except RuleBroken as refusal:
            form = form.refused(refusal)
    return _off_page(here, view, str(marker_id), form, proposal_id)


def _off_page(here: Desk, view: CaseView, marker_id: str, form: Form, proposal_id: str) -> str:
    case = summarise(view, here.today())
    found: list[Marker] = [each for each in case.markers if each.marker_id == marker_id]
    return render_template(
        "screens/warning_off.html",
        case=case,
        marker=found[0] if found else abort(404),
        form=form,
        draft_id=proposal_id,
        page_id=clock.new_id(),
    )


# What all three do


def _alone(item_id: str, said: AddMarker | ProposeMarkerRemoval) -> Saving:
    return Saving(command_id=command_id(item_id, said.name), command=said, alone=True)


def _keep(here: Desk, draft_id: str, case_id: str, kind: str) -> bool:
    """Keep what was typed before anything else; false when this press has been saved already."""
    if outbox.is_saved(here.store, draft_id):
        return False
    draft = Draft(
        draft_id=draft_id,
        case_id=case_id,
        kind=kind,
        saved_at=here.now(),
        typed=typed_in_form(),
    )
    return drafts.keep(here.store, draft)


def _save(here: Desk, item_id: str, savings: Sequence[Saving]) -> Response:
    """Save it on this device, the draft going as it comes, and ask for a sync."""
    with here.store.transaction():
        execute(
            here.store,
            here.officer_id,
            savings,
            clock=here.clock(),
            now=here.now(),
            group=item_id,
        )
        drafts.remove(here.store, item_id)
        if not outbox.is_saved(here.store, item_id):
            raise RuleBroken("edit.nothing")
    here.syncing.ask()
    return redirect(f"/saved/{item_id}", 303)
