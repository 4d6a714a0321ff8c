"""What a device asks outside a sync: to be enrolled, and how it stands with the office."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from marshmallow import RAISE, Schema, ValidationError
from sqlalchemy.orm import Session

from server.access import attempts
from server.access.attempts import Limit
from server.access.device_commands import (
    DEVICE_NAME_MAX,
    PublicKey,
    RecordEnrolment,
    read_key,
    write_key,
)
from server.access.device_requests import (
    DeviceRefused,
    body_of,
    check_enrolling_key,
    device_of,
    note_clock,
    use_nonce,
)
from server.access.enrolment import Ticket, find_device, find_ticket, office_key
from server.access.roles import permissions_of
from server.access.tables import DeviceRow
from server.spine import clock
from server.spine.database import db
from server.spine.execute import Door
from server.spine.office_box import OfficeBox
from server.spine.office_seal import OfficeSeal
from server.spine.orders import Order
from server.spine.permissions import Opening, needs
from server.wiping.queries import order_for
from shared.catalogue import mark
from shared.commands import Actor, Outcome
from shared.day_fields import MomentField
from shared.errors import register
from shared.fields import CleanText, IdField
from sync.sealed import key_statement
from sync.wire import NotAMessage, read_json

logger = logging.getLogger(__name__)

BODY_BYTES_MAX = 8_192
"""Bytes a request here may have; four short members and room to spare."""

OFFICE_TRIES = 2
"""How many times as many wrong codes may come from anywhere as from one address in five minutes."""

register(
    {
        "message.unreadable": mark("The office could not read this request: update the device"),
        "device.suspended": mark("The officer of this device is suspended: ask your supervisor"),
        "enrolment.refused": mark("This code is not right or no longer works: ask for a new one"),
        "enrolment.too_many": mark("Too many wrong codes: wait five minutes, then try again"),
    }
)

device_api = Blueprint("device", __name__, url_prefix="/device/v1")


class EnrolSchema(Schema):
    """What a device says to be enrolled."""

    class Meta:
        """Refuse what this version does not know."""

        unknown = RAISE

    code = CleanText(required=True, characters_max=40)
    public_key = PublicKey(required=True)
    device_name = CleanText(required=True, characters_max=DEVICE_NAME_MAX)
    platform = CleanText(load_default="", characters_max=DEVICE_NAME_MAX)
    tablet_id = IdField(load_default=None)


class StateSchema(Schema):
    """What a device may say when it asks how it stands: its own clock, as it is."""

    class Meta:
        """Refuse what this version does not know."""

        unknown = RAISE

    wall_at = MomentField(load_default=None)


@device_api.app_errorhandler(DeviceRefused)
def refused(refusal: DeviceRefused) -> Response:
    """Say no to a device, with the office's clock so that it can learn how wrong its own is."""
    logger.info("a device was refused", extra={"code": refusal.code, "endpoint": request.endpoint})
    answer = jsonify(code=refusal.code, sentence=refusal.sentence)
    answer.status_code = refusal.status
    answer.date = clock.now()
    return answer


@device_api.post("/enrol")
@needs(Opening.DEVICE)
def enrol() -> Response:
    """Let a device ask to speak for the officer whose code it shows; asking again answers the same."""
    now = clock.now()
    body = body_of(request, BODY_BYTES_MAX)
    asked = _read(EnrolSchema(), body)
    public_key = read_key(asked["public_key"])
    assert public_key is not None, "the schema has read it"  # noqa: S101 - for the type checker
    signed = check_enrolling_key(request, body, public_key, now)
    counted = _count_try(now)
    ticket = _ticket_of(asked["code"])
    device = _device_with(public_key, ticket) or _record(asked, public_key, ticket, now)
    with _sessions()() as session, session.begin():
        use_nonce(session, device.device_id, signed, now)
        attempts.succeeded(session, counted)
        own_key = office_key(session)
    return jsonify(
        device_id=device.device_id,
        ticket_id=ticket.ticket_id,
        office_key=write_key(own_key),
        receipt_key=_receipt_key(),
        words=device.words.split(),
        state=device.state,
        office=_office(),
    )


@device_api.post("/state")
@needs(Opening.DEVICE)
def state() -> Response:
    """Tell a device how it stands, for whom it speaks and at which office."""
    now = clock.now()
    body = body_of(request, BODY_BYTES_MAX)
    speaking = device_of(request, body, now)
    if speaking.state == "suspended":
        raise DeviceRefused("device.suspended")
    told = _read(StateSchema(), body) if body else {}
    if told.get("wall_at"):
        with _sessions()() as session, session.begin():
            note_clock(session, speaking.device_id, told["wall_at"], now)
    return jsonify(
        device_id=speaking.device_id,
        state=speaking.state,
        officer={"id": speaking.officer_id, "name": speaking.officer_name},
        receipt_key=_receipt_key(),
        sealing_key=_sealing_key(),
        wipe=_wipe(speaking.device_id, now) if speaking.state == "revoked" else None,
        office=_office(),
    )


def _read(schema: Schema, body: bytes) -> Mapping[str, Any]:
    try:
        read: Mapping[str, Any] = schema.load(read_json(body))
    except (NotAMessage, ValidationError) as error:
        raise DeviceRefused("message.unreadable", 400) from error
    return read


def _count_try(now: datetime) -> list[int]:
    tries: int = current_app.extensions["fieldfare"]["config"].enrolment_tries
    limits = [
        Limit(what="enrol_address", who=request.remote_addr or "", tries_max=tries),
        Limit(what="enrol_office", who="", tries_max=OFFICE_TRIES * tries),
    ]
    with _sessions()() as session, session.begin():
        counted = attempts.try_once(session, limits, now)
    if counted is None:
        raise DeviceRefused("enrolment.too_many", 429)
    return list(counted)


def _ticket_of(typed: str) -> Ticket:
    with _sessions()() as session, session.begin():
        ticket = find_ticket(session, typed)
    if ticket is None:
        raise DeviceRefused("enrolment.refused", 403)
    return ticket


def _device_with(public_key: bytes, ticket: Ticket) -> DeviceRow | None:
    with _sessions()() as session:
        return find_device(session, public_key, ticket.ticket_id)


def _record(
    asked: Mapping[str, Any], public_key: bytes, ticket: Ticket, now: datetime
) -> DeviceRow:
    """Record the enrolment through the one door, as the officer it is for."""
    device_id = clock.new_id()
    with _sessions()() as session:
        may = permissions_of(session, ticket.officer_id)
    order = Order(
        command=RecordEnrolment(
            device_id=device_id,
            ticket_id=ticket.ticket_id,
            officer_id=ticket.officer_id,
            public_key=asked["public_key"],
            device_name=asked["device_name"],
            platform=asked["platform"],
            receipt_key=_receipt_key(),
            tablet_id=asked["tablet_id"],
        ),
        command_id=clock.new_id(),
        actor=Actor(user_id=ticket.officer_id, permissions=may, device_id=device_id),
        happened_at=now,
    )
    door: Door = current_app.extensions["fieldfare"]["door"]
    if door.execute(order, now=now).outcome is not Outcome.APPLIED:
        raise DeviceRefused("enrolment.refused", 403)
    device = _device_with(public_key, ticket)
    assert device is not None, "the door has just recorded it"  # noqa: S101 - for the type checker
    return device


def _receipt_key() -> str:
    """Give the public half of the key that this office signs receipts with."""
    seal: OfficeSeal = current_app.extensions["fieldfare"]["seal"]
    return seal.public_text


def _wipe(device_id: str, now: datetime) -> dict[str, str] | None:
    """Give the order to erase itself, in the office's own hand, to a device that has one."""
    with _sessions()() as session, session.begin():
        order = order_for(session, device_id, now)
    if order is None:
        return None
    seal: OfficeSeal = current_app.extensions["fieldfare"]["seal"]
    return asdict(replace(order, signature=seal.sign(order.statement)))


def _sealing_key() -> dict[str, str]:
    """Give the key that devices seal unsent work to, signed with the one they know the office by."""
    office = current_app.extensions["fieldfare"]
    seal: OfficeSeal = office["seal"]
    box: OfficeBox = office["box"]
    return {"key": box.public_text, "signature": seal.sign(key_statement(box.public_text))}


def _office() -> dict[str, Any]:
    told = current_app.extensions["fieldfare"]
    return {"name": told.get("office_name", ""), "fictional": bool(told.get("fictional", False))}


def _sessions() -> Callable[[], Session]:
    opened: Callable[[], Session] = db.session.session_factory
    return opened
