"""Where devices send the bytes of photographs: signed like every request, a part at a time."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, request

from server.access.device_requests import device_of
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs
from server.visits import blobs
from server.visits.blobs import Part
from shared.errors import RuleBroken
from sync.blobs import BLOB_PATH, DAMAGED, PART_BYTES, UNKNOWN, read_address, write_held

blob_api = Blueprint("blobs", __name__)

STATUSES = {UNKNOWN: 404, DAMAGED: 409, blobs.NOT_A_PICTURE: 422, blobs.TOO_LARGE: 413}


@blob_api.post(f"{BLOB_PATH}<digest>/<start>")
@needs(Opening.DEVICE)
def take_part(digest: str, start: str) -> Response:
    """Take a part of a photograph from the device of an officer who has the case, or had it."""
    place = read_address(f"{BLOB_PATH}{digest}/{start}")
    if place is None:
        return _refused(UNKNOWN)
    if (request.content_length or 0) > PART_BYTES:
        return _refused(blobs.TOO_LARGE)
    now = clock.now()
    body = request.get_data(cache=True)
    speaking = device_of(request, body, now)
    if speaking.state != "active":
        return _refused(f"device.{speaking.state}", 401)
    part = Part(digest=place[0], start=place[1], body=body)
    try:
        with db.session.session_factory() as session, session.begin():
            held = blobs.take(session, speaking.officer_id, speaking.device_id, part, now)
    except RuleBroken as refusal:
        if refusal.code in {DAMAGED, blobs.NOT_A_PICTURE}:
            with db.session.session_factory() as session, session.begin():
                blobs.forget(session, part.digest, speaking.device_id)
        return _refused(refusal.code)
    return Response(write_held(held), content_type="application/json")


def _refused(code: str, status: int = 400) -> Response:
    """Answer a device that cannot be answered, with a code it understands."""
    answer = jsonify(code=code)
    answer.status_code = STATUSES.get(code, status)
    return answer
