"""The list of cases: filter it, tick some or take all of it, give them to an officer or take them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode

from flask import abort, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from server.access.queries import Officer
from server.cases import assigning, queries
from server.cases.blueprint import screens
from server.cases.forms import TICKED, filter_schema, selection_schema
from server.cases.queries import SORTS, Filter, Sorting
from server.spine import clock, jobs
from server.spine.database import db
from server.spine.giving import give_each
from server.spine.paging import Page, here
from server.spine.permissions import needs
from server.spine.web import note_read, reader, tell
from shared.catalogue import mark
from shared.forms import Form

ASKED_MAX = 2_000
"""Characters of a list's address that are kept while its cases are given out."""

_KEPT = {"sort", "order", "page", "text", "postcode", "officer", "debt_type", "held", "state"}
"""What an address of the list asks for."""

Asked = Mapping[str, str] | MultiDict[str, str]


@screens.get("/cases")
@needs("cases.see")
def every_case() -> str:
    """List cases."""
    officers = queries.everyone_out(db.session())
    return _list(officers, Form.blank(selection_schema(officers), {"scope": TICKED}))


@screens.post("/cases")
@needs("cases.assign")
def choose() -> str | tuple[str, int]:
    """Show what giving or taking the cases chosen would do."""
    officers = queries.everyone_out(db.session())
    form = Form.read(selection_schema(officers), request.form)
    if form.error("case_id"):
        abort(400)
    if form.ok and form.data["scope"] == TICKED and not form.data["case_id"]:
        form = form.with_error("scope", mark("Tick the cases first, or choose every case"))
    if not form.ok or form.errors:
        return _list(officers, form), 422
    asked = request.query_string.decode("ascii", "replace")
    return _preview(officers, form, _chosen(officers, form, asked), asked)


@screens.post("/cases/assignment")
@needs("cases.assign")
def assign_chosen() -> str | tuple[str, int] | Response:
    """Give or take the cases that were shown; if the list has moved since, show it again."""
    officers = queries.everyone_out(db.session())
    form = Form.read(selection_schema(officers), request.form)
    if not form.ok:
        abort(400)
    asked = request.form.get("asked", "")[:ASKED_MAX]
    case_ids = _chosen(officers, form, asked)
    if _print_of(case_ids) != request.form.get("shown"):
        return _preview(officers, form, case_ids, asked, moved=True), 409
    officer_id, what = form.data["officer_id"], form.data["what"]
    command_id = request.form.get("command_id")
    if len(case_ids) > assigning.AT_ONCE_MAX:
        job_id = jobs.start(
            assigning.TITLES[what],
            assigning.JOB,
            job_id=command_id,
            case_ids=case_ids,
            officer_id=officer_id,
            what=what,
        )
        return redirect(url_for("jobs.one_job", job_id=job_id), code=303)
    results = give_each(assigning.commands(case_ids, officer_id, what), command_id)
    came = assigning.report(case_ids, results)
    if came.refused:
        return _report(came, what, asked)
    _tell(came, what)
    return redirect(_back_to_list(asked), code=303)


def _list(officers: Sequence[Officer], selection: Form) -> str:
    """Show the list, with whatever was chosen on it still there."""
    session, today = db.session(), clock.today()
    filters = Form.read(filter_schema(officers), request.args)
    wanted = _wanted(filters)
    page = Page.asked(queries.count(session, wanted, today))
    sorting = _sorting(request.args)
    found = queries.cases(session, wanted, sorting, today, page.part)
    note_read("cases.list", results=len(found))
    return render_template(
        "cases/cases.html",
        cases=found,
        page=page,
        filters=filters,
        chosen=_in_force(filters),
        form=selection if selection.errors else None,
        selection=selection,
        sort_of=lambda name: _sort_link(sorting, name),
        action=here(),
        closed=wanted.closed,
        today=today,
    )


def _preview(
    officers: Sequence[Officer],
    form: Form,
    case_ids: Sequence[str],
    asked: str,
    *,
    moved: bool = False,
) -> str:
    officer_id, what, scope = (form.data[name] for name in ("officer_id", "what", "scope"))
    return render_template(
        "cases/assignment.html",
        preview=assigning.preview(db.session(), case_ids, officer_id, what),
        as_job=len(case_ids) > assigning.AT_ONCE_MAX,
        at_most=queries.SELECTED_MAX if len(case_ids) == queries.SELECTED_MAX else None,
        officer=next(each.name for each in officers if each.user_id == officer_id),
        what=what,
        moved=moved,
        back=_back_to_list(asked),
        fields={
            "command_id": clock.new_id(),
            "officer_id": officer_id,
            "what": what,
            "scope": scope,
            "asked": asked,
            "shown": _print_of(case_ids),
        },
        ticked=case_ids if scope == TICKED else [],
    )


def _report(came: assigning.Report, what: str, asked: str) -> str:
    """Say case by case what was refused, and how many were not."""
    refused = queries.cases_by_id(db.session(), list(came.refused), clock.today())
    note_read("cases.assignment", results=len(refused))
    return render_template(
        "cases/assignment_report.html",
        came=came,
        cases=refused,
        what=what,
        back=_back_to_list(asked),
    )


def _tell(came: assigning.Report, what: str) -> None:
    """Say on the next page how many cases moved."""
    say = reader()
    moved = (
        say.count("%(number)s case was given", "%(number)s cases were given", came.moved)
        if what == "give"
        else say.count("%(number)s case was taken", "%(number)s cases were taken", came.moved)
    )
    rest = say.count("%(number)s needed no change", "%(number)s needed no change", came.unchanged)
    tell(f"{moved}. {rest}." if came.unchanged else f"{moved}.")


def _chosen(officers: Sequence[Officer], form: Form, asked: str) -> list[str]:
    """List the cases meant: those ticked, or all that the list's filter wants."""
    if form.data["scope"] == TICKED:
        return queries.in_sight(db.session(), form.data["case_id"])
    filters = Form.read(filter_schema(officers), MultiDict(parse_qsl(asked)))
    return queries.case_ids(db.session(), _wanted(filters), clock.today())


def _print_of(case_ids: Sequence[str]) -> str:
    """Name a set of cases, so that a list that moved while someone looked at it is noticed."""
    return hashlib.sha256("".join(sorted(case_ids)).encode("ascii")).hexdigest()


def _wanted(filters: Form) -> Filter:
    """Read the filter; one that cannot be read filters nothing, and its page says why."""
    if not filters.ok:
        return Filter()
    return Filter(
        officer=filters.data["officer"],
        held={"yes": True, "no": False}.get(filters.data["held"]),
        debt_type=filters.data["debt_type"],
        postcode=filters.data["postcode"],
        text=filters.data["text"],
        closed=filters.data["state"] == "closed",
    )


def _in_force(filters: Form) -> list[dict[str, str]]:
    """List the filters in force, each with the address of the list without it."""
    found = []
    for name in filters.schema.fields:
        typed = filters.value(name)
        if not typed:
            continue
        choices = getattr(filters.schema.fields[name], "options", {})
        found.append(
            {
                "label": filters.label(name),
                "text": choices.get(typed, ""),
                "typed": typed,
                "remove": here(**{name: None, "page": None}),
            }
        )
    return found


def _sorting(asked: Asked) -> Sorting:
    by = asked.get("sort", "opened")
    if by not in SORTS:
        by = "opened"
    descending = asked.get("order", "down" if by != "name" else "up") == "down"
    return Sorting(by=by, descending=descending)


def _sort_link(sorting: Sorting, name: str) -> dict[str, str | None]:
    """Make the heading of a column sort by it, and turn the order round when it does already."""
    current = sorting.by == name
    turned = "up" if current and sorting.descending else "down"
    if not current and name == "name":
        turned = "up"
    direction = ("descending" if sorting.descending else "ascending") if current else None
    return {"href": here(sort=name, order=turned, page=None), "direction": direction}


def _back_to_list(asked: str) -> str:
    """Give the address of the list as it was."""
    query = urlencode([(name, value) for name, value in parse_qsl(asked) if name in _KEPT])
    return url_for("cases.every_case") + (f"?{query}" if query else "")
