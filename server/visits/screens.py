"""Visits back for review: which to look at first, the visit beside its plan, approve or return."""

from __future__ import annotations

import re
from uuid import UUID

from flask import abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.cases.forms import officer_options
from server.cases.queries import everyone_out
from server.spine import clock
from server.spine.database import db
from server.spine.paging import Page, here
from server.spine.permissions import ROUTINE, may, needs, signed_in
from server.spine.web import give, note_read, tell
from server.visits import queries
from server.visits.blueprint import screens
from server.visits.device_clocks import by_the_office
from server.visits.device_copies import unseen
from server.visits.queries import Visit
from shared.catalogue import Sentence, mark
from shared.commands import Command
from shared.errors import REFUSALS, RuleBroken, register
from shared.fields import Choice, CleanText
from shared.forms import Form
from shared.reviews import ApproveVisit, ReturnVisit
from shared.values import is_id
from shared.visits import REVIEWABLE_FIELDS

register(
    {
        "visit.changed_meanwhile": mark(
            "This visit has changed since you opened it: read it again before you decide"
        ),
    }
)

TABS = {
    "waiting": mark("Waiting"),
    "returned": mark("With the officer"),
    "approved": mark("Approved"),
}
"""The lists of visits a supervisor looks at."""

PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": 'inline; filename="photograph.jpg"',
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""What goes with a photograph, so that nothing in it can ever act in the office's name."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class CommentSchema(Schema):
    """What a supervisor says who returns a visit."""

    about = Choice(
        REVIEWABLE_FIELDS,
        required=True,
        metadata={
            "label": mark("Which part of the visit?"),
            "missing": mark("Select the part of the visit you are asking about"),
        },
    )
    comment = CleanText(
        required=True,
        characters_max=2000,
        lines=True,
        metadata={
            "label": mark("What do you want the officer to do?"),
            "missing": mark("Enter what you want the officer to do"),
        },
    )


@screens.get("/visits/review")
@needs("visits.review")
def review() -> str:
    """List the visits that wait, first the one to look at first, and those already looked at."""
    session = db.session()
    officers = everyone_out(session)
    options = officer_options(officers)
    filters = Form.read(_officer_filter(options), request.args)
    officer_id = filters.data["officer"] if filters.ok else ""
    asked = request.args.get("tab", "waiting")
    tab = asked if asked in TABS else "waiting"
    counted = queries.counts(session, officer_id)
    waiting = sum(counted.get(state, 0) for state in queries.WAITING)
    page = Page.asked(waiting if tab == "waiting" else counted.get(tab, 0))
    part = page.part
    if tab == "waiting":
        ranked = queries.waiting(session, clock.now(), officer_id)
        found = ranked[part.offset : part.offset + part.limit]
    else:
        found = queries.reviewed(session, tab, part.offset, part.limit, officer_id)
    note_read("visits.review", results=len(found))
    return render_template(
        "visits/review.html",
        visits=found,
        page=page,
        tab=tab,
        tabs=[
            {
                "text": sentence,
                "href": here(tab=name, page=None),
                "current": name == tab,
                "count": waiting if name == "waiting" else counted.get(name, 0),
            }
            for name, sentence in TABS.items()
        ],
        filters=filters,
        chosen=[{"text": options[officer_id], "remove": here(officer=None, page=None)}]
        if officer_id in options
        else [],
        now=clock.now(),
    )


def _officer_filter(options: dict[str, str]) -> Schema:
    officer = Choice(options, load_default="", metadata={"label": mark("Officer")})
    tab = CleanText(load_default="", characters_max=20)
    return Schema.from_dict({"officer": officer, "tab": tab}, name="ReviewFilterSchema")()


@screens.get("/visits/<uuid:visit_id>")
@needs("visits.see")
def one_visit(visit_id: UUID) -> str:
    """Show a visit as the officer wrote it."""
    about = request.args.get("about", "")
    known = {"about": about} if about in REVIEWABLE_FIELDS else {}
    return _page(_found(visit_id), Form.blank(CommentSchema(), known))


@screens.post("/visits/<uuid:visit_id>/approve")
@needs("visits.review", proved_within=ROUTINE)
def approve(visit_id: UUID) -> Response | tuple[str, int]:
    """Approve a visit."""
    visit = _found(visit_id)
    command = ApproveVisit(visit_id=visit.visit_id, case_id=visit.case_id)
    refused = _refused(visit, command)
    if refused is not None:
        return _page(_found(visit_id), Form.blank(CommentSchema()), refused), 409
    tell(mark("The visit has been approved"))
    return redirect(_next(), code=303)


@screens.post("/visits/<uuid:visit_id>/return")
@needs("visits.review")
def send_back(visit_id: UUID) -> Response | tuple[str, int]:
    """Return a visit to its officer with a comment on one part of it."""
    visit = _found(visit_id)
    form = Form.read(CommentSchema(), request.form)
    if not form.ok:
        return _page(visit, form), 422
    command = ReturnVisit(
        comment_id=_offered_id(),
        visit_id=visit.visit_id,
        case_id=visit.case_id,
        about=form.data["about"],
        comment=form.data["comment"],
    )
    refused = _refused(visit, command)
    if refused is not None:
        return _page(_found(visit_id), form, refused), 409
    tell(mark("The visit is on its way back to the officer with your comment"))
    return redirect(_next(), code=303)


@screens.get("/visits/<uuid:visit_id>/photographs/<digest>")
@needs("visits.see")
def photograph(visit_id: UUID, digest: str) -> Response:
    """Send a photograph of a visit, and note who looked at it."""
    body = None
    if _DIGEST.fullmatch(digest):
        body = queries.picture(db.session(), str(visit_id), digest)
    if body is None:
        abort(404)
    note_read("visits.photograph", subject_id=digest)
    return Response(body, mimetype="image/jpeg", headers=PICTURE_HEADERS)


def _found(visit_id: UUID) -> Visit:
    visit = queries.find(db.session(), str(visit_id))
    if visit is None:
        abort(404)
    return visit


def _refused(visit: Visit, command: Command) -> Sentence | None:
    """Give a command about a visit that is still as its page showed it; say why not otherwise."""
    if visit.review in queries.WAITING and request.form.get("seen") != _print_of(visit):
        return Sentence(REFUSALS["visit.changed_meanwhile"])
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        return Sentence(REFUSALS[refusal.code], **refusal.values)
    return None


def _offered_id() -> str:
    """Read the id the page offered with its button, so that pressing twice says one thing."""
    offered = request.form.get("command_id", "")
    return offered if is_id(offered) else clock.new_id()


def _print_of(visit: Visit) -> str:
    """Name the visit as it stands; what an answer adds changes it."""
    return f"{visit.review} {visit.reviewed_at.isoformat() if visit.reviewed_at else ''}".strip()


def _page(visit: Visit, form: Form, refused: Sentence | None = None) -> str:
    """Show a visit with what was planned, what came with it and what was said about it."""
    session = db.session()
    note_read("visits.visit", subject_id=visit.visit_id)
    waits = visit.review in queries.WAITING
    own = visit.officer_id == signed_in().actor.user_id
    pictures = queries.photographs(session, visit.visit_id)
    earlier = queries.of_case(session, visit.case_id, queries.PREVIOUS_MAX + 1)
    return render_template(
        "visits/visit.html",
        visit=visit,
        by_the_office=by_the_office(session, visit),
        unseen=unseen(session, visit),
        met=queries.names(session, visit.met_person_ids),
        photographs=[picture for picture in pictures if picture.arrived],
        to_come=sum(not picture.arrived and not picture.refused for picture in pictures),
        not_kept=sum(bool(picture.refused) and not picture.lost for picture in pictures),
        lost=sum(picture.lost for picture in pictures),
        comments=queries.comments(session, visit.visit_id),
        earlier=[each for each in earlier if each.visit_id != visit.visit_id],
        may_review=waits and not own and may("visits.review"),
        own=waits and own and may("visits.review"),
        form=form,
        refused=refused,
        seen=_print_of(visit),
        command_id=clock.new_id(),
        now=clock.now(),
    )


def _next() -> str:
    """Go on to the list, as it was."""
    return url_for("visits.review")
