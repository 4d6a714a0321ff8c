"""The pages about devices: give out a code, compare the words and approve, revoke."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from server.access import queries
from server.access.device_commands import (
    REASONS,
    STATES,
    TICKET_LIFE,
    WORDS_DIFFER,
    ApproveDevice,
    IssueEnrolmentTicket,
    RevokeDevice,
    RevokeDeviceSchema,
)
from server.access.enrolment import hash_code, in_halves, new_code, office_key
from server.access.forms import ApprovalSchema, ticket_schema
from server.access.queries import Device
from server.spine import clock
from server.spine.database import db
from server.spine.giving import give_together
from server.spine.paging import Page, Slice
from server.spine.permissions import WEIGHTY, needs, signed_in
from server.spine.web import give, tell
from server.wiping.commands import OrderWipe
from server.wiping.queries import wipe_of
from shared.catalogue import mark
from shared.commands import Command
from shared.errors import RuleBroken
from shared.forms import Form
from shared.lease_modes import named

screens = Blueprint("devices", __name__, template_folder="templates")

WITHOUT_LIMIT = Slice(limit=500)
"""Devices that wait for approval are few; more than these would be an attack."""


@screens.get("/devices")
@needs("devices.manage")
def every_device() -> str:
    """List devices: those that wait for somebody first, then those in use."""
    return _list("active", waiting=True)


@screens.get("/devices/revoked")
@needs("devices.manage")
def revoked_devices() -> str:
    """List the devices that may no longer speak for anyone."""
    return _list("revoked", waiting=False)


@screens.get("/devices/new")
@needs("devices.manage")
def new_device() -> str:
    """Ask which officer is to enrol a device."""
    schema = ticket_schema(queries.officers(db.session()))
    return render_template("access/new_device.html", form=Form.blank(schema))


@screens.post("/devices/new")
@needs("devices.manage")
def issue_code() -> str | tuple[str, int]:
    """Make a code and show it, once; asking again makes another and ends this one."""
    form = Form.read(ticket_schema(queries.officers(db.session())), request.form)
    if not form.ok:
        return render_template("access/new_device.html", form=form), 422
    code = new_code()
    with db.session.session_factory() as session, session.begin():
        own_key = office_key(session)
    ticket = IssueEnrolmentTicket(
        ticket_id=clock.new_id(),
        officer_id=form.data["officer_id"],
        code_hash=hash_code(code, own_key),
    )
    try:
        give(ticket)
    except RuleBroken as refusal:
        return render_template("access/new_device.html", form=form.refused(refusal)), 422
    names = {option.value: option.label for option in form.options("officer_id")}
    return render_template(
        "access/code_once.html",
        code=in_halves(code),
        officer_name=names[form.data["officer_id"]],
        until=clock.now() + TICKET_LIFE,
    )


@screens.get("/devices/<uuid:device_id>")
@needs("devices.manage")
def one_device(device_id: UUID) -> str:
    """Show a device, and the words to compare while it waits for approval."""
    return _page_of(_device(device_id), Form.blank(ApprovalSchema()))


@screens.post("/devices/<uuid:device_id>/approve")
@needs("devices.approve", proved_within=WEIGHTY)
def approve(device_id: UUID) -> tuple[str, int] | Response:
    """Let a device in when its words are the same; turn it away when they are not."""
    device = _device(device_id)
    form = Form.read(ApprovalSchema(), request.form)
    if not form.ok:
        return _page_of(device, form), 422
    same = form.data["words_match"]
    command = (
        ApproveDevice(device_id=device.device_id)
        if same
        else RevokeDevice(device_id=device.device_id, reason=WORDS_DIFFER)
    )
    try:
        give(command, request.form.get("command_id"))
    except RuleBroken as refusal:
        return _page_of(device, form.refused(refusal)), 422
    if same:
        tell(mark("The device has been approved: it can now be given its officer’s cases"))
    else:
        tell(mark("The device has been turned away. Find out whose request it was"), "warning")
    return redirect(url_for("devices.one_device", device_id=device_id), code=303)


@screens.get("/devices/<uuid:device_id>/revoke")
@needs("devices.manage")
def revoking(device_id: UUID) -> str:
    """Ask why a device is to be revoked."""
    form = Form.blank(RevokeDeviceSchema(), {"device_id": str(device_id)})
    return render_template("access/revoke_device.html", device=_device(device_id), form=form)


@screens.post("/devices/<uuid:device_id>/revoke")
@needs("devices.manage", proved_within=WEIGHTY)
def revoke(device_id: UUID) -> tuple[str, int] | Response:
    """End what a device may do."""
    device = _device(device_id)
    sent = {"device_id": str(device_id), "reason": request.form.getlist("reason")}
    form = Form.read(RevokeDeviceSchema(), sent)
    try:
        if form.ok:
            _revoke(device, form.data["reason"])
    except RuleBroken as refusal:
        form = form.refused(refusal)
    if not form.ok:
        return render_template("access/revoke_device.html", device=device, form=form), 422
    if device.approved_at:
        tell(mark("The device has been revoked. It is told to erase itself when it is heard of"))
    else:
        tell(mark("The device has been revoked: what it still sends is set aside"))
    return redirect(url_for("devices.one_device", device_id=device_id), code=303)


def _revoke(device: Device, reason: str) -> None:
    """Revoke a device and, where there may be anything on it, have it erase itself: both or neither."""
    commands: list[Command] = [RevokeDevice(device_id=device.device_id, reason=reason)]
    if device.approved_at:
        commands.append(OrderWipe(wipe_id=clock.new_id(), device_id=device.device_id))
    give_together(commands, request.form.get("command_id"))


def _device(device_id: UUID) -> Device:
    return queries.device(db.session(), str(device_id)) or abort(404)


def _list(state: str, *, waiting: bool) -> str:
    session = db.session()
    page = Page.asked(queries.count_devices(session, [state]))
    return render_template(
        "access/devices.html",
        pending=queries.devices(session, ["pending"], WITHOUT_LIMIT) if waiting else [],
        devices=queries.devices(session, [state], page.part),
        page=page,
        state=state,
        states=STATES,
        now=clock.now(),
    )


def _page_of(device: Device, form: Form) -> str:
    return render_template(
        "access/device.html",
        device=device,
        form=form,
        states=STATES,
        reasons=REASONS,
        wipe=wipe_of(db.session(), device.device_id),
        together=queries.on_the_same_tablet(db.session(), device.device_id),
        now=clock.now(),
        mode_named=named,
        own=signed_in().actor.user_id in {device.officer_id, device.issued_by},
    )
