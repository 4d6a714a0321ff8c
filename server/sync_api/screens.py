"""Where the office answers devices: the sync request, checked for who is speaking."""

from __future__ import annotations

import logging
from datetime import datetime
from itertools import chain, repeat

from flask import Blueprint, Response, current_app, jsonify, request

from server.access.device_requests import DeviceRefused, DeviceSpeaking, body_of, device_of
from server.spine import clock
from server.spine.permissions import Opening, needs
from server.sync_api import contacts
from server.sync_api.store import OfficeOnPostgres, WrongVault
from sync import hub
from sync.office_steps import Aside
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
    """Take what a device did and tell it what moved; what goes no further is counted by its cause."""
    body = body_of(request, REQUEST_BYTES_MAX)
    now = clock.now()
    sessions = current_app.extensions["fieldfare"]["door"].sessions
    try:
        speaking = device_of(request, body, now)
    except DeviceRefused as refusal:
        if refusal.device_id is not None:
            contacts.note_failed(sessions, refusal.device_id, refusal.code, now)
        raise
    try:
        return _answer(body, speaking, now)
    except _Failed as failed:
        contacts.note_failed(sessions, speaking.device_id, failed.code, now)
        return refused(failed.status, failed.code)
    except Exception:
        contacts.note_failed(sessions, speaking.device_id, contacts.FAULT, now)
        raise


class _Failed(Exception):  # noqa: N818 - what the office says to the device
    """A request of a device we know that is not answered: a code it understands, and a status."""

    def __init__(self, status: int, code: str) -> None:
        self.status, self.code = status, code
        super().__init__(code)


def _answer(body: bytes, speaking: DeviceSpeaking, now: datetime) -> Response:
    try:
        asked = read_request(body)
    except NotAMessage as refusal:
        raise _Failed(400, str(refusal)) from refusal
    office = current_app.extensions["fieldfare"]
    store = OfficeOnPostgres(
        door=office["door"], actor=speaking.actor, now=now, seal=office["seal"]
    )
    if speaking.state != "active":
        if asked.envelopes:
            code = f"device.{speaking.state}"
            signatures = chain(asked.signatures, repeat(""))
            signed = zip(asked.envelopes, signatures, strict=False)
            kept = [Aside(written, code, signature) for written, signature in signed]
            store.set_aside(asked.store_id, kept)
        raise _Failed(401, f"device.{speaking.state}")
    try:
        reply = run(hub.answer(asked), store)
    except hub.Refused as refusal:
        raise _Failed(426, str(refusal)) from refusal
    except WrongVault as refusal:
        raise _Failed(409, "store.of_another_device") from refusal
    exchange = contacts.Exchange(asked=asked, reply=reply, now=now)
    contacts.note_answered(
        store.sessions, speaking.device_id, speaking.officer_id, exchange, store.contact
    )
    return Response(write_reply(reply, asked.envelopes), content_type=CONTENT_TYPE)
