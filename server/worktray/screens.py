"""Home: what waits for the person signed in, with why and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from marshmallow import Schema

from server.access.queries import Officer
from server.cases.forms import as_text
from server.cases.queries import everyone_out
from server.reconciling import queries as conflicts
from server.spine import clock
from server.spine.database import db
from server.spine.links import link
from server.spine.paging import Page, here
from server.spine.permissions import Opening, may, needs, signed_in
from server.spine.web import note_read, reader
from server.visits import queries as visits
from server.worktray import aside_queries, queries
from server.worktray.commands import KINDS
from server.worktray.queries import NOBODY, Waiting
from server.worktray.trays import TRAYS, Tray
from shared.catalogue import mark
from shared.fields import Choice, CleanText
from shared.forms import Form
from shared.visits import FLAGS, OUTCOMES, PURPOSES

screens = Blueprint("worktray", __name__, template_folder="templates")


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for codes."""
    return {
        "flags": FLAGS,
        "kinds": KINDS,
        "link": link,
        "outcomes": OUTCOMES,
        "purposes": PURPOSES,
    }


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A part of one tray: its rows, and which page of how many they are."""

    page: Page
    rows: list[Any]
    filters: Form


@screens.get("/")
@needs(Opening.SIGNED_IN)
def home() -> str:
    """Show what waits; whoever works on no tray is told where their work is."""
    if not may("worktray.see"):
        return _without_trays()
    session, today, now = db.session(), clock.today(), clock.now()
    trays = [tray for tray in TRAYS if may(tray.needs)]
    waiting = {tray.key: tray.count(session, today) for tray in trays}
    tray = _chosen(trays, waiting)
    shown = _rows(tray, today, now) if tray else None
    if shown is not None and tray is not None:
        note_read(f"worktray.{tray.key}", results=len(shown.rows))
    return render_template(
        "worktray/home.html",
        items=[_item(each, waiting[each.key], now, today) for each in trays],
        tray=tray,
        shown=shown,
        chosen=_in_force(shown.filters) if shown else [],
        goes_out=may("visits.record"),
        today=today,
        now=now,
    )


def _without_trays() -> str:
    actor = signed_in().actor
    return render_template(
        "worktray/without_trays.html",
        goes_out=actor.may("visits.record"),
        cases=queries.cases_held(db.session(), actor.user_id),
    )


def _chosen(trays: list[Tray], waiting: Mapping[str, Waiting]) -> Tray | None:
    """Open the tray asked for, else the first in which something waits."""
    asked = request.args.get("tray")
    for tray in trays:
        if tray.key == asked:
            return tray
    return next((tray for tray in trays if waiting[tray.key].count), trays[0] if trays else None)


def _item(tray: Tray, waiting: Waiting, now: datetime, today: date) -> dict[str, object]:
    """Describe a tray as the row of trays shows it."""
    return {
        "text": reader()(tray.title),
        "count": waiting.count,
        "href": url_for("worktray.home", tray=tray.key),
        "tone": tray.tone if waiting.count else "",
        "seconds": _age(waiting.oldest, now, today),
    }


def _age(oldest: datetime | date | None, now: datetime, today: date) -> float | None:
    if oldest is None:
        return None
    if isinstance(oldest, datetime):
        return (now - oldest).total_seconds()
    return (today - oldest).total_seconds()


def _rows(tray: Tray, today: date, now: datetime) -> Rows:
    """Read the part of a tray that the address asks for."""
    if tray.key in {"reviews", "flagged"}:
        return _visits(now, flagged=tray.key == "flagged")
    if tray.key == "due":
        return _due(today)
    if tray.key == "aside":
        page = Page.asked(aside_queries.waiting(db.session()).count)
        rows = aside_queries.unexamined(db.session(), page.part)
        return Rows(page=page, rows=rows, filters=Form.blank(_schema("", {})))
    if tray.key == "conflicts":
        page = Page.asked(queries.conflicts_waiting(db.session()).count)
        differing = conflicts.open_conflicts(db.session(), page.part)
        return Rows(page=page, rows=differing, filters=Form.blank(_schema("", {})))
    return _tasks(today, find_liable=tray.key == "find_liable")


def _visits(now: datetime, *, flagged: bool) -> Rows:
    filters = Form.read(_officer_filter(everyone_out(db.session())), request.args)
    ranked = visits.waiting(db.session(), now, _asked(filters, "officer"))
    wanted = [visit for visit in ranked if visit.flags or not flagged]
    page = Page.asked(len(wanted))
    start = page.part.offset
    return Rows(page=page, rows=wanted[start : start + page.part.limit], filters=filters)


def _due(today: date) -> Rows:
    session = db.session()
    filters = Form.read(_officer_filter(everyone_out(session)), request.args)
    officer_id = _asked(filters, "officer")
    page = Page.asked(queries.visits_due(session, today, officer_id).count)
    rows = queries.due_visits(session, today, page.part, officer_id)
    return Rows(page=page, rows=rows, filters=filters)


def _tasks(today: date, *, find_liable: bool) -> Rows:
    session, me = db.session(), signed_in().actor.user_id
    others = [each for each in queries.workers(session) if each.user_id != me]
    owners = {
        me: mark("Me"),
        NOBODY: mark("Nobody yet"),
        **{each.user_id: as_text(each.name) for each in others},
    }
    filters = Form.read(_schema("owner", owners), request.args)
    owner = _asked(filters, "owner")
    waiting = queries.tasks_open(session, find_liable=find_liable, owner=owner)
    page = Page.asked(waiting.count)
    rows = queries.tasks(
        session,
        find_liable=find_liable,
        owner=owner,
        reader_id=me,
        today=today,
        part=page.part,
    )
    return Rows(page=page, rows=rows, filters=filters)


def _officer_filter(officers: list[Officer]) -> Schema:
    return _schema("officer", {each.user_id: as_text(each.name) for each in officers})


def _schema(name: str, options: Mapping[str, str]) -> Schema:
    """Ask whose part of a tray is wanted; the tray itself is kept beside it."""
    labels = {"officer": mark("Officer"), "owner": mark("Who does it")}
    asked: dict[str, Any] = {"tray": CleanText(load_default="", characters_max=20)}
    if name:
        asked[name] = Choice(options, load_default="", metadata={"label": labels[name]})
    return Schema.from_dict(asked, name="TrayFilterSchema")()


def _asked(filters: Form, name: str) -> str:
    return str(filters.data[name]) if filters.ok else ""


def _in_force(filters: Form) -> list[dict[str, str]]:
    """List the filters in force, each with the address of the tray without it."""
    found: list[dict[str, str]] = []
    for name in ("officer", "owner"):
        if name in filters.schema.fields and filters.ok:
            chosen = [option.label for option in filters.options(name) if option.chosen]
            remove = here(**{name: None, "page": None})
            found.extend({"text": text, "remove": remove} for text in chosen)
    return found
