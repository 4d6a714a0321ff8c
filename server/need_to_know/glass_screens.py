"""The pages about broken glass: open a hidden record for an hour, close it, review what was opened."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.need_to_know import queries
from server.need_to_know.glass_commands import (
    FINDINGS,
    REASONS,
    BreakGlass,
    BreakGlassSchema,
    CloseGlass,
    ReviewGlass,
    ReviewGlassSchema,
)
from server.people.asked import ask as ask_for
from server.spine import clock, sight
from server.spine.database import db
from server.spine.links import link
from server.spine.paging import Page
from server.spine.permissions import may, needs, signed_in
from server.spine.web import give, note_read, tell
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.forms import Form

screens = Blueprint("glass", __name__, template_folder="templates", url_prefix="/hidden-records")
openings = Blueprint(
    "openings", __name__, template_folder="templates", url_prefix="/hidden-records/opened"
)


def words() -> dict[str, object]:
    """Give templates the words for codes."""
    return {"reasons": REASONS, "findings": FINDINGS}


screens.context_processor(words)
openings.context_processor(words)


@screens.get("")
@needs("glass.break")
def ask() -> str:
    """Ask which hidden record is needed and why, or show what is open."""
    return _page(Form.blank(BreakGlassSchema(), {"break_id": clock.new_id()}))


@screens.post("")
@needs("glass.break")
def open_record() -> Response | tuple[str, int]:
    """Open a hidden record for an hour and lead to it."""
    form = Form.read(BreakGlassSchema(), request.form)
    result = ask_for(form, BreakGlass)
    if isinstance(result, Form):
        return _page(result), 422
    session, actor = db.session(), signed_in().actor
    session.rollback()
    sight.look_for(session, sight.Reader(user_id=actor.user_id, now=clock.now()))
    found = queries.where_it_is(session, form.data["reference"])
    there = _link(*found) if found else None
    return redirect(there or url_for("glass.ask"), code=303)


def _link(kind: str, id_: str) -> str | None:
    if kind == "case":
        return link("cases.one_case", case_id=id_)
    return link("accounts.one_account", account_id=id_)


@screens.post("/close")
@needs("glass.break")
def close() -> Response:
    """Close the record that is open."""
    mine = queries.open_break(db.session(), signed_in().actor.user_id, clock.now())
    if mine is not None:
        give(CloseGlass(break_id=mine.break_id), request.form.get("command_id"))
        tell(mark("Closed. The record is hidden from you again"))
    return redirect(url_for("glass.ask"), code=303)


def _page(form: Form) -> str:
    session, actor = db.session(), signed_in().actor
    mine = queries.open_break(session, actor.user_id, clock.now())
    found = queries.where_it_is(session, mine.reference) if mine else None
    return render_template(
        "need_to_know/ask.html",
        form=form,
        mine=mine,
        there=_link(*found) if found else None,
        manages=may("restricted.manage"),
    )


@openings.get("")
@needs("glass.review")
def every_break() -> str:
    """List what was opened and waits for a review, or all of it, and count it month by month."""
    session = db.session()
    waiting = request.args.get("show") != "all"
    page = Page.asked(queries.count_breaks(session, waiting=waiting))
    found = queries.breaks(session, page.part, waiting=waiting)
    note_read("glass.list", results=len(found))
    return render_template(
        "need_to_know/breaks.html",
        breaks=found,
        waiting=waiting,
        months=queries.months(session),
        page=page,
        now=clock.now(),
    )


@openings.get("/<uuid:break_id>")
@needs("glass.review")
def one_break(break_id: UUID) -> str:
    """Show one opening, and ask what the reader finds of it."""
    return _review_page(break_id, Form.blank(_review_schema()))


@openings.post("/<uuid:break_id>")
@needs("glass.review")
def review(break_id: UUID) -> Response | tuple[str, int]:
    """Note what somebody else found."""
    form = Form.read(_review_schema(), request.form)
    if not form.ok:
        return _review_page(break_id, form), 422
    command = ReviewGlass(
        break_id=str(break_id), finding=form.data["finding"], note=form.data["note"]
    )
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        tell(REFUSALS[refusal.code], "warning")
        return redirect(url_for("openings.one_break", break_id=break_id), code=303)
    tell(mark("Noted"))
    return redirect(url_for("openings.every_break"), code=303)


def _review_page(break_id: UUID, form: Form) -> str:
    me, now = signed_in().actor.user_id, clock.now()
    found = queries.one_break(db.session(), str(break_id)) or abort(404)
    note_read("glass.one", found.break_id)
    return render_template(
        "need_to_know/review.html",
        found=found,
        form=form,
        own=found.user_id == me,
        still_open=now < found.until,
        now=now,
    )


def _review_schema() -> Schema:
    told = ReviewGlassSchema().fields
    asked = {"finding": told["finding"], "note": told["note"]}
    return Schema.from_dict(asked, name="ReviewFormSchema")()
