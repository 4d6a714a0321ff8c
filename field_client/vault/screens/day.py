"""The first page of a day: where to go, in which order and why, and what was left unfinished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from flask import Blueprint, abort, render_template, request

from field_client.vault import drafts, leaving, outbox
from field_client.vault.cases import Summary, summarise
from field_client.vault.desk import Desk, desk
from field_client.vault.pending import case_view, case_views
from field_client.vault.screens.paging import paged
from field_client.vault.today import (
    GROUPS,
    RECORD_KINDS,
    STOPS_WALKED_MAX,
    Day,
    plan_day,
    walking_order,
)
from field_client.vault.walking import plot

screens = Blueprint("day", __name__, template_folder="templates")

STOPS_SHOWN = 20
"""Rows of one group on the first page; the rest stand on a page of their own."""

UNPLANNED_SHOWN = 5

Row = TypeVar("Row")


@screens.get("/today")
def today() -> str:
    """Show the day."""
    here = desk()
    day = _day(here)
    return render_template(
        "screens/today.html",
        day=day,
        groups=GROUPS,
        shown=STOPS_SHOWN,
        unplanned_shown=UNPLANNED_SHOWN,
        unfinished=_unfinished(here),
        taken_back=_taken_back(here),
        needing_you=len(outbox.needing_you(here.store)),
        copy=here.copy(),
        progress=here.syncing.progress,
    )


@screens.get("/today/list/<group>")
def group(group: str) -> str:
    """Show one group in full, a page at a time."""
    day = _day(desk())
    if group == "unplanned":
        return _list(group, day.unplanned)
    if group not in GROUPS:
        abort(404)
    return _list(group, day.stops[group])


def _list(group: str, rows: Sequence[Row]) -> str:
    page = paged(len(rows), request.args.get("page", ""), f"/today/list/{group}")
    return render_template(
        "screens/group.html", group=group, rows=rows[page.first - 1 : page.last], page=page
    )


@screens.get("/today/walk")
def walk() -> str:
    """Show today's doors on a plain plot, in an order to walk them."""
    due = _day(desk()).due()
    stops = walking_order(due[:STOPS_WALKED_MAX])
    drawn = [(number, stop.point) for number, stop in enumerate(stops, 1) if stop.point]
    return render_template("screens/walk.html", stops=stops, due=len(due), plot=plot(drawn))


def _day(here: Desk) -> Day:
    """Plan the day without the cases that the office is taking back."""
    views = case_views(here.store, here.officer_id, RECORD_KINDS)
    gone = leaving.every(here.store)
    kept = [view for case_id, view in views.items() if case_id not in gone]
    return plan_day(kept, here.officer_id, here.now())


def _taken_back(here: Desk) -> list[Summary]:
    """List the cases that the office is taking back and that are still here."""
    found = (
        case_view(here.store, here.officer_id, case_id) for case_id in leaving.every(here.store)
    )
    return [summarise(view, here.today()) for view in found if view]


def _unfinished(here: Desk) -> list[dict[str, object]]:
    """List what was begun and not saved, with whom it is about."""
    found: list[dict[str, object]] = []
    for draft in drafts.every(here.store):
        view = case_view(here.store, here.officer_id, draft.case_id)
        case = summarise(view, here.today()) if view else None
        found.append({"draft": draft, "case": case})
    return found
