"""Where a device asks for its lease: signed like every request of a device, and answered signed."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from marshmallow import ValidationError

from server.access.device_requests import DeviceRefused, body_of, device_of
from server.leasing.lending import lend
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs
from shared.catalogue import mark
from shared.errors import register
from sync.leases import LEASE_BYTES_MAX, LEASE_PATH, LeaseRequestSchema, members_of, statement
from sync.wire import NotAMessage, read_json

register(
    {
        "device.pending": mark("Nobody has approved this device yet: ask your supervisor"),
        "device.revoked": mark("This device has been revoked: ask your supervisor"),
        "lease.taken_back": mark(
            "The office has taken back what this device needs to open. Ring your office"
        ),
    }
)

lease_api = Blueprint("leases", __name__)


@lease_api.post(LEASE_PATH)
@needs(Opening.DEVICE)
def lease() -> Response:
    """Lend the device that asks its share, for as long as the mode of its team says."""
    body = body_of(request, LEASE_BYTES_MAX)
    now = clock.now()
    speaking = device_of(request, body, now)
    if speaking.state != "active":
        raise DeviceRefused(f"device.{speaking.state}", device_id=speaking.device_id)
    try:
        asked = LeaseRequestSchema().load(read_json(body))
    except (NotAMessage, ValidationError) as error:
        raise DeviceRefused("message.unreadable", 400) from error
    office = current_app.extensions["fieldfare"]
    with db.session.session_factory() as session, session.begin():
        given = lend(session, office["shares"], speaking.device_id, asked["wrapped"], now)
    told = statement(speaking.device_id, asked["nonce"], given)
    return jsonify(**members_of(given), seal=office["seal"].sign(told))
