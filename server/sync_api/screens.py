"""Where the office answers devices: the sync request, checked for who is speaking."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, jsonify, request

from server.access.device_requests import device_of
from server.spine import clock
from server.spine.permissions import Opening, needs
from server.sync_api.store import OfficeOnPostgres, WrongVault
from sync import hub
from sync.protocol import CONTENT_TYPE, REQUEST_BYTES_MAX, SYNC_PATH
from sync.steps import run
from sync.wire import NotAMessage, read_request, write_reply

logger = logging.getLogger(__name__)

screens = Blueprint("sync_api", __name__)


def refused(status: int, code: str) -> Response:
    """Answer a device that cannot be answered, with a code it understands."""
    response = jsonify(code=code)
    response.status_code = status
    return response


@screens.post(SYNC_PATH)
@needs(Opening.DEVICE)
def sync() -> Response:
    """Take what a device did and tell it what moved."""
    body = request.get_data(cache=True)
    if len(body) > REQUEST_BYTES_MAX:
        return refused(413, "message.too_large")
    now = clock.now()
    speaking = device_of(request, body, now)
    try:
        asked = read_request(body)
    except NotAMessage as refusal:
        return refused(400, str(refusal))
    office = current_app.extensions["fieldfare"]
    store = OfficeOnPostgres(
        door=office["door"], actor=speaking.actor, now=now, seal=office["seal"]
    )
    if speaking.state != "active":
        if asked.envelopes:
            code = f"device.{speaking.state}"
            store.set_aside(asked.store_id, [(written, code) for written in asked.envelopes])
        return refused(401, f"device.{speaking.state}")
    try:
        reply = run(hub.answer(asked), store)
    except hub.Refused as refusal:
        return refused(426, str(refusal))
    except WrongVault:
        return refused(409, "store.of_another_device")
    return Response(write_reply(reply, asked.envelopes), content_type=CONTENT_TYPE)
