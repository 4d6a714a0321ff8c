"""The pages about sealed work: what waits here and for what, and taking it in all the same."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, request, url_for
from marshmallow import EXCLUDE, Schema
from werkzeug.wrappers import Response

from server.access.device_requests import DeviceSpeaking
from server.sealed_work import queries, taking
from server.sealed_work.rescuing import open_rescue
from server.sealed_work.speaking import speaking_for
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import ROUTINE, needs
from server.spine.web import note_read, tell
from server.sync_api.store import OfficeOnPostgres
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.fields import CleanText
from shared.forms import Form
from sync.rescue import RESCUE_BYTES_MAX
from sync.sealed import TAKEN

screens = Blueprint("sealed_work", __name__, template_folder="templates", url_prefix="/sealed-work")


class RescueSchema(Schema):
    """A file somebody carried here from a device."""

    class Meta:
        """The file itself is no member of the form."""

        unknown = EXCLUDE

    file = CleanText(load_default="", characters_max=1, metadata={"label": mark("Rescue file")})


@screens.get("")
@needs("aside.examine")
def every_waiting() -> str:
    """List the devices whose sealed work waits here."""
    return _page(Form.blank(RescueSchema()))


@screens.post("")
@needs("aside.replay")
def rescue() -> Response | tuple[str, int]:
    """Take in a rescue file through the door of every sync; what it holds is recorded once."""
    form = Form.read(RescueSchema(), request.form)
    sent = request.files.get("file")
    data = sent.stream.read(RESCUE_BYTES_MAX + 1) if sent and sent.filename else b""
    if not data:
        return _page(form.with_error("file", mark("Choose a file that is not empty"))), 422
    try:
        with db.session.session_factory() as session:
            rescued = open_rescue(session, data)
    except RuleBroken as refusal:
        return _page(form.with_error("file", REFUSALS[refusal.code])), 422
    _take_in(rescued.speaking, rescued.copies, other_lives=False)
    return redirect(url_for("sealed_work.every_waiting"), code=303)


def _page(form: Form) -> str:
    waiting = queries.waiting(db.session())
    pictures = queries.photographs(db.session())
    return render_template(
        "sealed_work/list.html", waiting=waiting, photographs=pictures, form=form
    )


@screens.post("/<uuid:device_id>/take")
@needs("aside.replay", proved_within=ROUTINE)
def take(device_id: UUID) -> Response:
    """Take in what waits of a device, also what it sealed in another life of this database.

    What stands behind a gap goes on waiting: only its device, or whoever has it, can fill that.
    """
    with db.session.session_factory() as session:
        speaking = speaking_for(session, str(device_id)) or abort(404)
        copies = queries.copies_of(session, speaking.device_id)
    _take_in(speaking, copies, other_lives=True)
    return redirect(url_for("sealed_work.every_waiting"), code=303)


def _take_in(speaking: DeviceSpeaking, copies: Sequence[bytes], *, other_lives: bool) -> None:
    """Take copies in, note who did, and say what came of it."""
    office = current_app.extensions["fieldfare"]
    store = OfficeOnPostgres(
        door=office["door"], actor=speaking.actor, now=clock.now(), seal=office["seal"]
    )
    try:
        answers = taking.take(
            store, office["box"], copies, state=speaking.state, other_lives=other_lives
        )
    except taking.TooMany:
        tell(REFUSALS["sealed.too_many"], "warning")
        return
    taken = sum(said == TAKEN for said in answers.values())
    note_read("sealed_work.taken", speaking.device_id, results=taken)
    if taken == len(copies):
        tell(mark("Taken in. What could not be recorded stands among what was set aside"))
    else:
        tell(mark("Some of it still waits for what its device saved before it"), "warning")
