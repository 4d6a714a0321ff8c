"""The pages of one person: what is kept of them, what they owe, and everything that happened."""

from __future__ import annotations

from uuid import UUID

from flask import abort, current_app, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.people import queries, timeline
from server.people.asked import ask, sent
from server.people.blueprint import screens
from server.people.commands import (
    KINDS,
    OpenPerson,
    OpenPersonSchema,
)
from server.people.queries import Person
from server.reconciling import open_fields as conflicts
from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.paging import Page, Slice, here
from server.spine.permissions import needs
from server.spine.web import note_read, tell
from shared.catalogue import mark
from shared.fields import Choice
from shared.forms import Form

LATEST = 5
"""Entries of the timeline on a person's first page."""


def load_person(person_id: UUID) -> Person:
    """Find a person for a page, and note that they are being looked at."""
    found = queries.person(db.session(), str(person_id)) or abort(404)
    note_read(request.endpoint or "people", found.person_id)
    return found


def house() -> House:
    """Give the assembled areas, whose sentences a timeline is written in."""
    assembled: House = current_app.extensions["fieldfare"]["house"]
    return assembled


@screens.get("/people/<uuid:person_id>")
@needs("people.see")
def one_person(person_id: UUID) -> str:
    """Show a person: flags, every debt, holds, markers, how to reach them, what happened last."""
    person, session = load_person(person_id), db.session()
    about = timeline.of_person(session, person.person_id)
    debts = queries.debts(session, person.person_id, Slice())
    today = clock.today()
    return render_template(
        "people/person.html",
        person=person,
        owed=queries.owed(session, person.person_id),
        debts=debts,
        holds=[(debt, hold) for debt in debts for hold in debt.holds],
        held={hold.reason for debt in debts for hold in debt.holds if hold.is_in_force_on(today)},
        entries=timeline.entries(session, house(), about, Slice(limit=LATEST)),
        today=today,
        differing=conflicts.of_person(session, person.person_id),
    )


@screens.get("/people/<uuid:person_id>/debts")
@needs("accounts.see")
def debts_of_person(person_id: UUID) -> str:
    """List every debt of a person who has many."""
    person, session = load_person(person_id), db.session()
    owed = queries.owed(session, person.person_id)
    page = Page.asked(owed.debts)
    return render_template(
        "people/debts.html",
        person=person,
        owed=owed,
        debts=queries.debts(session, person.person_id, page.part),
        page=page,
    )


@screens.get("/people/<uuid:person_id>/history")
@needs("people.see")
def history(person_id: UUID) -> str:
    """Show everything that happened to a person, the latest first, of one kind if asked."""
    person, session = load_person(person_id), db.session()
    about = timeline.of_person(session, person.person_id)
    filters = timeline_filter()
    kind = filters.data["kind"] if filters.ok else ""
    page = Page.asked(timeline.count(session, house(), about, kind))
    return render_template(
        "people/history.html",
        person=person,
        entries=timeline.entries(session, house(), about, page.part, kind),
        filters=filters,
        kind=kind,
        page=page,
        without=here(kind=None, page=None),
    )


def timeline_filter() -> Form:
    """Read which kind of entries is wanted."""
    schema = Schema.from_dict(
        {"kind": Choice(timeline.KINDS, load_default="", metadata={"label": mark("What to show")})},
        name="TimelineFilterSchema",
    )()
    return Form.read(schema, request.args)


@screens.get("/people/new/<kind>")
@needs("people.record")
def new_person(kind: str) -> str:
    """Ask who is to be opened."""
    form = Form.blank(OpenPersonSchema(), {"person_id": clock.new_id(), "kind": _kind(kind)})
    return render_template("people/new_person.html", form=form, kind=kind)


@screens.post("/people/new/<kind>")
@needs("people.record")
def open_person(kind: str) -> tuple[str, int] | Response:
    """Open a person and show their page."""
    form = sent(OpenPersonSchema(), kind=_kind(kind))
    result = ask(form, OpenPerson)
    if isinstance(result, Form):
        return render_template("people/new_person.html", form=result, kind=kind), 422
    tell(mark("The person has been added"))
    return redirect(url_for("people.one_person", person_id=form.data["person_id"]), code=303)


def _kind(kind: str) -> str:
    return kind if kind in KINDS else abort(404)
