"""The forms that put right a person's name, what is known of them, and whether a number reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import abort, redirect, render_template, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.people.blueprint import screens
from server.people.commands import ChangeName, ChangeNameSchema
from server.people.corrections import ChangeContact, ChangeDetails
from server.people.merging import (
    Edited,
    as_json,
    as_typed,
    ask_over,
    merge_page,
    seen_in_form,
    seen_text,
    sent_over,
)
from server.people.queries import Contact, Person
from server.people.rules import parts_of_name
from server.people.screens import load_person
from server.spine import clock
from server.spine.permissions import needs, signed_in
from server.spine.sight import entitled
from server.spine.web import tell
from shared.catalogue import mark
from shared.detail_fields import ANSWERS, STANDINGS, said
from shared.field_classes import SENSITIVE, class_of
from shared.field_policy import rule_of
from shared.fields import Choice
from shared.forms import Form

DETAILS = ("born_on", "language", "preferred_contact", "needs", "household")


def _home(person: Person) -> str:
    return url_for("people.one_person", person_id=person.person_id)


# The name


def _name_held(person: Person) -> dict[str, str]:
    return parts_of_name(person.title, person.forenames, person.surname, person.name)


@screens.get("/people/<uuid:person_id>/name")
@needs("people.record")
def new_name(person_id: UUID) -> str:
    """Ask what a person is called now."""
    person = load_person(person_id)
    held = _name_held(person)
    form = Form.blank(
        ChangeNameSchema(), {"former_name_id": clock.new_id(), **_boxes(held, person)}
    )
    return render_template("people/name.html", form=form, person=person, seen=seen_text(held))


def _boxes(held: Mapping[str, str], person: Person) -> dict[str, str]:
    """Fill the boxes that a name of this kind has."""
    return {**held, "whole_name": person.name if person.kind == "organisation" else ""}


@screens.post("/people/<uuid:person_id>/name")
@needs("people.record")
def change_name(person_id: UUID) -> tuple[str, int] | Response:
    """Call a person by another name and keep the old one."""
    person = load_person(person_id)
    seen = seen_in_form()
    held = Form.blank(ChangeNameSchema(), _boxes(_name_held(person), person))
    form = sent_over(ChangeNameSchema(), held, person_id=person.person_id)
    result = ask_over(form, ChangeName, was=seen)
    if result is None:
        return merge_page(_name_edited(load_person(person_id)), form, seen or {})
    if isinstance(result, Form):
        text = seen_text(seen if seen is not None else _name_held(person))
        page = render_template("people/name.html", form=result, person=person, seen=text)
        return page, 422
    tell(mark("The name has been changed"))
    return redirect(_home(person), code=303)


def _name_edited(person: Person) -> Edited:
    return Edited(
        held=_name_held(person),
        labels={
            name: rule_of("person", "name" if name == "whole_name" else name).label
            for name in _name_held(person)
        },
        show=lambda _name, value: as_typed(value),
        action=url_for("people.change_name", person_id=person.person_id),
        back=_home(person),
        title=person.name,
    )


# Details


def _asked() -> list[str]:
    """Name what may be put right by whoever is signed in: nothing that is withheld from them."""
    withheld = set(SENSITIVE) - entitled(signed_in().actor)
    return [name for name in DETAILS if class_of("person", name) not in withheld]


def _details_schema() -> Schema:
    return Schema.from_dict(
        {name: ANSWERS["person"][name] for name in _asked()}, name="PersonDetailsSchema"
    )()


def _details_form(person: Person) -> Form:
    held = {**person.details, "born_on": person.born_on}
    return Form.blank(_details_schema(), {name: held[name] for name in _asked()})


@screens.get("/people/<uuid:person_id>/details")
@needs("people.record")
def details(person_id: UUID) -> str:
    """Ask what is known of a person."""
    person = load_person(person_id)
    return render_template(
        "people/details.html",
        form=_details_form(person),
        person=person,
        seen=seen_text(person.details),
    )


@screens.post("/people/<uuid:person_id>/details")
@needs("people.record")
def change_details(person_id: UUID) -> tuple[str, int] | Response:
    """Put right what is known of a person."""
    person = load_person(person_id)
    seen = {**person.details, **(seen_in_form() or {})}
    form = sent_over(_details_schema(), _details_form(person))
    edits = _edits(form.data, seen) if form.ok else {}
    if form.ok and not edits:
        return redirect(_home(person), code=303)
    result = ask_over(form, ChangeDetails, person_id=person.person_id, edits=edits)
    if result is None:
        return merge_page(_details_edited(load_person(person_id)), form, seen)
    if isinstance(result, Form):
        page = render_template(
            "people/details.html", form=result, person=person, seen=seen_text(seen)
        )
        return page, 422
    tell(mark("The details have been put right"))
    return redirect(_home(person), code=303)


def _edits(data: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Say which fields were changed on the page, each over what the page had shown."""
    meant = {name: as_json(data[name]) for name in _asked()}
    return {
        name: {"was": seen[name], "now": now} for name, now in meant.items() if now != seen[name]
    }


def _details_edited(person: Person) -> Edited:
    return Edited(
        held={name: person.details[name] for name in _asked()},
        labels={name: rule_of("person", name).label for name in _asked()},
        show=lambda name, value: said("person", name, value),
        action=url_for("people.change_details", person_id=person.person_id),
        back=_home(person),
        title=person.name,
    )


# Whether a number or address reaches them


def _contact(person: Person, contact_id: UUID) -> Contact:
    wanted = str(contact_id)
    return next((c for c in person.contacts if c.contact_id == wanted), None) or abort(404)


def _standing_schema() -> Schema:
    standing = Choice(STANDINGS, required=True, metadata=ANSWERS["contact"]["standing"].metadata)
    return Schema.from_dict({"standing": standing}, name="StandingSchema")()


@screens.get("/people/<uuid:person_id>/contacts/<uuid:contact_id>")
@needs("people.record")
def contact(person_id: UUID, contact_id: UUID) -> str:
    """Ask whether a number or address reaches the person."""
    person = load_person(person_id)
    found = _contact(person, contact_id)
    form = Form.blank(_standing_schema(), {"standing": found.standing})
    return _contact_page(person, found, form, found.standing)


def _contact_page(person: Person, found: Contact, form: Form, seen: str) -> str:
    return render_template(
        "people/standing.html",
        form=form,
        person=person,
        contact=found,
        seen=seen_text({"standing": seen}),
    )


@screens.post("/people/<uuid:person_id>/contacts/<uuid:contact_id>")
@needs("people.record")
def change_contact(person_id: UUID, contact_id: UUID) -> tuple[str, int] | Response:
    """Say whether a number or address reaches the person."""
    person = load_person(person_id)
    found = _contact(person, contact_id)
    seen = str((seen_in_form() or {}).get("standing", found.standing))
    held = Form.blank(_standing_schema(), {"standing": found.standing})
    form = sent_over(_standing_schema(), held)
    now = form.data["standing"] if form.ok else ""
    if form.ok and now == seen:
        return redirect(_home(person), code=303)
    result = ask_over(
        form,
        ChangeContact,
        person_id=person.person_id,
        contact_id=found.contact_id,
        edits={"standing": {"was": seen, "now": now}},
    )
    if isinstance(result, Form):
        return _contact_page(person, found, result, seen), 422
    tell(mark("It has been noted"))
    return redirect(_home(person), code=303)
