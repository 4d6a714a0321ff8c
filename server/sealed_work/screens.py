"""The pages about sealed work: what waits here and for what, and taking it in all the same."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, current_app, redirect, render_template, url_for
from werkzeug.wrappers import Response

from server.sealed_work import queries, taking
from server.sealed_work.speaking import speaking_for
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import needs
from server.spine.web import note_read, tell
from server.sync_api.store import OfficeOnPostgres
from shared.catalogue import mark
from sync.sealed import TAKEN

screens = Blueprint("sealed_work", __name__, template_folder="templates", url_prefix="/sealed-work")


@screens.get("")
@needs("aside.examine")
def every_waiting() -> str:
    """List the devices whose sealed work waits here."""
    return render_template("sealed_work/list.html", waiting=queries.waiting(db.session()))


@screens.post("/<uuid:device_id>/take")
@needs("aside.replay")
def take(device_id: UUID) -> Response:
    """Take in what waits of a device, also what it sealed in another life of this database.

    What stands behind a gap goes on waiting: only its device, or whoever has it, can fill that.
    """
    with db.session.session_factory() as session:
        speaking = speaking_for(session, str(device_id)) or abort(404)
        copies = queries.copies_of(session, speaking.device_id)
    office = current_app.extensions["fieldfare"]
    store = OfficeOnPostgres(
        door=office["door"], actor=speaking.actor, now=clock.now(), seal=office["seal"]
    )
    answers = taking.take(store, office["box"], copies, state=speaking.state, other_lives=True)
    taken = sum(said == TAKEN for said in answers.values())
    note_read("sealed_work.taken", speaking.device_id, results=taken)
    if taken == len(copies):
        tell(mark("Taken in. What could not be recorded stands among what was set aside"))
    else:
        tell(mark("Some of it still waits for what its device saved before it"), "warning")
    return redirect(url_for("sealed_work.every_waiting"), code=303)
