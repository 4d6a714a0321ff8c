"""The pages about erasing devices: who has not confirmed, and the record of one lost device."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access.device_commands import REASONS
from server.spine import clock
from server.spine.database import db
from server.spine.paging import Page
from server.spine.permissions import WEIGHTY, needs
from server.spine.web import give, note_read, tell
from server.wiping import queries
from server.wiping.commands import OrderWipe
from shared.catalogue import mark
from shared.errors import REFUSALS, RuleBroken
from shared.lease_modes import named

screens = Blueprint("wiping", __name__, template_folder="templates", url_prefix="/lost-devices")


@screens.get("")
@needs("wipes.see")
def every_wipe() -> str:
    """List the devices that were to erase themselves and have not confirmed, or all of them."""
    session = db.session()
    every = request.args.get("show") == "all"
    page = Page.asked(queries.count_wipes(session, unconfirmed=not every))
    return render_template(
        "wiping/list.html",
        wipes=queries.wipes(session, page.part, unconfirmed=not every),
        page=page,
        every=every,
        reasons=REASONS,
        now=clock.now(),
    )


@screens.get("/<uuid:device_id>")
@needs("incidents.see")
def one_incident(device_id: UUID) -> str:
    """Show all that is known of a device that may be in anybody's hands, to read and to print."""
    wipe = queries.wipe_of(db.session(), str(device_id)) or abort(404)
    note_read("wiping.incident", wipe.device_id)
    return render_template(
        "wiping/incident.html", wipe=wipe, reasons=REASONS, now=clock.now(), mode_named=named
    )


@screens.post("/<uuid:device_id>/erase")
@needs("devices.manage", proved_within=WEIGHTY)
def erase(device_id: UUID) -> Response:
    """Have a device erased that was revoked before it could be told to erase itself."""
    command = OrderWipe(wipe_id=clock.new_id(), device_id=str(device_id))
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        tell(REFUSALS[refusal.code], "warning")
    else:
        tell(mark("The device is told to erase itself as soon as it is heard of"))
    return redirect(url_for("devices.one_device", device_id=device_id), code=303)
