"""The pages about sync health: every device with what it needs, one with its history, the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from marshmallow import Schema
from werkzeug.wrappers import Response

from server.cases.forms import as_text
from server.spine import clock
from server.spine.database import db
from server.spine.links import link
from server.spine.paging import Page, here
from server.spine.permissions import may, needs
from server.spine.web import give, note_read, tell
from server.sync_api.queries import answered
from server.sync_health import queries
from server.sync_health.commands import SetSyncLimits, SetSyncLimitsSchema
from server.sync_health.limits import read_limits
from server.sync_health.queries import Answer, Device
from server.sync_health.standing import DEFECTS, KINDS, OTHER_DEFECT, cause
from server.worktray.aside_queries import NAMES
from shared.catalogue import mark
from shared.errors import RuleBroken
from shared.fields import Choice, CleanText
from shared.forms import Form

screens = Blueprint("sync_health", __name__, template_folder="templates", url_prefix="/sync-health")

ANSWERS = {
    "applied": (mark("Recorded"), "green"),
    "merged": (mark("Joined with what the office had"), "green"),
    "no_change": (mark("Known already"), "green"),
    "flagged": (mark("Recorded, with a flag"), "yellow"),
    "duplicate": (mark("Recorded before"), "green"),
    "review": (mark("Somebody decides"), "orange"),
    "refused": (mark("Refused"), "red"),
    "quarantined": (mark("Set aside"), "orange"),
}
"""How the office answered, as it says so itself, with the colour it is said in."""


@screens.context_processor
def words() -> dict[str, object]:
    """Give templates the words for codes."""
    return {
        "answers": ANSWERS,
        "cause": cause,
        "defect": lambda kind: DEFECTS.get(kind, OTHER_DEFECT),
        "kinds": KINDS,
        "link": link,
        "sent": lambda name: NAMES.get(name, mark("Something that could not be read")),
    }


@screens.get("")
@needs("sync_health.see")
def every_device() -> str:
    """List every device in use, the one that needs somebody most first."""
    devices = queries.board(db.session(), clock.now())
    filters = Form.read(_filter_schema(devices), request.args)
    officer, need = ((filters.data or {}).get(name, "") for name in ("officer", "need"))
    wanted = [
        each
        for each in devices
        if (not officer or each.officer_id == officer)
        and (not need or need in {found.code for found in each.needs})
    ]
    page = Page.asked(len(wanted))
    return render_template(
        "sync_health/board.html",
        devices=wanted[page.part.offset : page.part.offset + page.part.limit],
        every=len(devices),
        needing=sum(1 for each in devices if each.needs),
        unheard=sum(1 for each in devices if each.standing.heard_at is None),
        page=page,
        filters=filters,
        chosen=[
            {"text": option.label, "remove": here(**{name: None}, page=None)}
            for name in ("officer", "need")
            for option in filters.options(name)
            if option.chosen
        ],
        now=clock.now(),
    )


def _filter_schema(devices: Sequence[Device]) -> Schema:
    officers = {each.officer_id: as_text(each.officer_name) for each in devices}
    return Schema.from_dict(
        {
            "officer": Choice(officers, load_default="", metadata={"label": mark("Officer")}),
            "need": Choice(KINDS, load_default="", metadata={"label": mark("Why")}),
        },
        name="SyncHealthFilterSchema",
    )()


@screens.get("/devices/<uuid:device_id>")
@needs("sync_health.see")
def one_device(device_id: UUID) -> str:
    """Show how a device stands, what it needs, and what has been between it and the office."""
    session, now = db.session(), clock.now()
    found = queries.device(session, str(device_id), now) or abort(404)
    page = Page.asked(queries.count_answers(session, found.device_id))
    rows = queries.answers(session, found.device_id, page.part)
    _note(rows, found.device_id)
    return render_template(
        "sync_health/device.html",
        device=found,
        history=queries.history(session, found.device_id, now),
        given=rows,
        page=page,
        form=Form.blank(NumberSchema()),
        now=now,
    )


class NumberSchema(Schema):
    """The number of a receipt as somebody reads it out."""

    number = CleanText(
        load_default="",
        characters_max=20,
        metadata={
            "label": mark("Receipt number"),
            "hint": mark("Eight letters and digits, as the device shows them: 3F9A-07C2"),
        },
    )


@screens.get("/receipts")
@needs("sync_health.see")
def receipts() -> str:
    """Find what the office answered under the number of a receipt."""
    form = Form.read(NumberSchema(), request.args)
    typed = str(form.data.get("number", "")) if form.ok else ""
    found = [each.command_id for each in answered(db.session(), typed)]
    rows = queries.answers_to(db.session(), found)
    _note(rows, None)
    return render_template("sync_health/receipts.html", form=form, typed=typed, rows=rows)


def _note(rows: Sequence[Answer], device_id: str | None) -> None:
    """Note that somebody was shown which cases a device spoke of."""
    if may("cases.see") and rows:
        note_read("sync_health.answers", device_id, results=len(rows))


@screens.get("/limits")
@needs("sync_health.set")
def limits() -> str:
    """Ask from when on a device needs somebody."""
    form = Form.blank(SetSyncLimitsSchema(), asdict(read_limits(db.session())))
    return render_template("sync_health/limits.html", form=form)


@screens.post("/limits")
@needs("sync_health.set")
def set_limits() -> Response | tuple[str, int]:
    """Keep what was agreed on."""
    form = Form.read(SetSyncLimitsSchema(), request.form)
    try:
        if form.ok:
            give(SetSyncLimits(**form.data), request.form.get("command_id"))
    except RuleBroken as refusal:
        form = form.refused(refusal)
    if not form.ok:
        return render_template("sync_health/limits.html", form=form), 422
    tell(mark("Saved. The board and the first page follow these limits from now on"))
    return redirect(url_for("sync_health.every_device"), code=303)
