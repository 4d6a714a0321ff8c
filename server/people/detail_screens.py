"""The forms of one person: a way to reach them, an address, a marker, and the end of a marker."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.people.asked import ask, sent
from server.people.blueprint import screens
from server.people.commands import (
    RecordAddress,
    RecordAddressSchema,
    RecordContact,
    RecordContactSchema,
)
from server.people.markers import EndMarker, EndMarkerSchema, RecordMarker, RecordMarkerSchema
from server.people.merging import (
    THEIRS,
    Edited,
    as_typed,
    ask_over,
    merge_page,
    seen_in_form,
    seen_text,
)
from server.people.queries import Marker, Person
from server.people.screens import load_person
from server.spine import clock
from server.spine.permissions import needs
from server.spine.web import tell
from shared.catalogue import mark
from shared.fields import Choice
from shared.forms import Form
from shared.presentation import address

THE_PERSON = "person"
"""The answer that says the risk is the person, whichever door they open."""


def _back(person_id: str) -> Response:
    return redirect(url_for("people.one_person", person_id=person_id), code=303)


@screens.get("/people/<uuid:person_id>/contacts/new")
@needs("people.record")
def new_contact(person_id: UUID) -> str:
    """Ask for a phone number or an email address."""
    known = {"contact_id": clock.new_id(), "kind": "phone"}
    form = Form.blank(RecordContactSchema(), known)
    return render_template("people/contact.html", form=form, person=load_person(person_id))


@screens.post("/people/<uuid:person_id>/contacts/new")
@needs("people.record")
def add_contact(person_id: UUID) -> tuple[str, int] | Response:
    """Add a way to reach the person."""
    person = load_person(person_id)
    form = sent(RecordContactSchema(), person_id=person.person_id, source="office")
    result = ask(form, RecordContact)
    if isinstance(result, Form):
        return render_template("people/contact.html", form=result, person=person), 422
    tell(mark("The contact details have been added"))
    return _back(person.person_id)


@screens.get("/people/<uuid:person_id>/addresses/new")
@needs("people.record")
def new_address(person_id: UUID) -> str:
    """Ask where the person lives or lived."""
    known = {"residence_id": clock.new_id(), "address_id": clock.new_id()}
    form = Form.blank(RecordAddressSchema(), known)
    person = load_person(person_id)
    seen = seen_text(_homes_held(person))
    return render_template("people/address.html", form=form, person=person, seen=seen)


def _homes_held(person: Person) -> dict[str, dict[str, str]]:
    """Write where the person lives now as one field: each home with its words."""
    return {
        "lines": {h.residence_id: address(h.lines, h.postcode) for h in person.homes_of_today()}
    }


@screens.post("/people/<uuid:person_id>/addresses/new")
@needs("people.record")
def add_address(person_id: UUID) -> tuple[str, int] | Response:
    """Add an address; the one before it is kept as a former one."""
    person = load_person(person_id)
    if request.form.get("take-lines") == THEIRS:
        return _back(person.person_id)
    seen = {**_homes_held(person), **(seen_in_form() or {})}
    homes = seen["lines"] if isinstance(seen["lines"], dict) else {}
    form = sent(RecordAddressSchema(), person_id=person.person_id)
    result = ask_over(form, RecordAddress, homes_seen=tuple(homes))
    if result is None:
        return _another_home(load_person(person_id), form, homes)
    if isinstance(result, Form):
        page = render_template(
            "people/address.html", form=result, person=person, seen=seen_text(seen)
        )
        return page, 422
    tell(mark("The address has been recorded"))
    return _back(person.person_id)


def _another_home(person: Person, form: Form, seen: Mapping[str, str]) -> tuple[str, int]:
    """Show where the person lived, where somebody else says they live now, and what was typed."""
    typed = address(form.data["lines"].splitlines(), form.data["postcode"])
    held = _homes_held(person)
    edited = Edited(
        held=held,
        labels={"lines": mark("Where they live now")},
        show=lambda _name, value: as_typed(
            "; ".join(value.values()) if isinstance(value, dict) else typed
        ),
        action=url_for("people.add_address", person_id=person.person_id),
        back=url_for("people.one_person", person_id=person.person_id),
        title=person.name,
    )
    return merge_page(edited, form, {"lines": dict(seen)})


def _marker_schema(person: Person) -> Schema:
    """Ask for a marker, on the person or on a place where they live now."""
    places = {
        home.address_id: address(home.lines, home.postcode).replace("%", "%%")
        for home in person.homes
        if home.until is None
    }
    on = Choice(
        {THE_PERSON: mark("The person, wherever they are"), **places},
        required=True,
        metadata={
            "label": mark("Is the risk the person or the place?"),
            "missing": mark("Select the person or the place"),
        },
    )
    return RecordMarkerSchema.from_dict({"on": on}, name="MarkerFormSchema")()


@screens.get("/people/<uuid:person_id>/markers/new")
@needs("people.mark")
def new_marker(person_id: UUID) -> str:
    """Ask what may harm who visits."""
    person = load_person(person_id)
    known = {"marker_id": clock.new_id(), "from_on": clock.today()}
    if all(home.until for home in person.homes):
        known["on"] = THE_PERSON
    form = Form.blank(_marker_schema(person), known)
    return render_template("people/marker.html", form=form, person=person)


@screens.post("/people/<uuid:person_id>/markers/new")
@needs("people.mark")
def add_marker(person_id: UUID) -> tuple[str, int] | Response:
    """Warn everyone who visits."""
    person = load_person(person_id)
    form = sent(_marker_schema(person), person_id="", address_id="")
    on = form.data["on"] if form.ok else ""
    is_person = on == THE_PERSON
    result = ask(
        form,
        RecordMarker,
        person_id=person.person_id if is_person else None,
        address_id=None if is_person else on,
    )
    if isinstance(result, Form):
        return render_template("people/marker.html", form=result, person=person), 422
    tell(mark("The marker has been recorded"))
    return _back(person.person_id)


@screens.get("/people/<uuid:person_id>/markers/<uuid:marker_id>/end")
@needs("people.mark")
def last_of_marker(person_id: UUID, marker_id: UUID) -> str:
    """Ask why a risk is over."""
    person = load_person(person_id)
    form = Form.blank(EndMarkerSchema())
    return render_template(
        "people/end_marker.html", form=form, person=person, marker=_marker(person, marker_id)
    )


@screens.post("/people/<uuid:person_id>/markers/<uuid:marker_id>/end")
@needs("people.mark")
def end_marker(person_id: UUID, marker_id: UUID) -> tuple[str, int] | Response:
    """Take a warning back."""
    person = load_person(person_id)
    marker = _marker(person, marker_id)
    result = ask(sent(EndMarkerSchema(), marker_id=marker.marker_id), EndMarker)
    if isinstance(result, Form):
        page = render_template("people/end_marker.html", form=result, person=person, marker=marker)
        return page, 422
    tell(mark("The marker has been ended"))
    return _back(person.person_id)


def _marker(person: Person, marker_id: UUID) -> Marker:
    wanted = str(marker_id)
    return next((m for m in person.markers if m.marker_id == wanted), None) or abort(404)
