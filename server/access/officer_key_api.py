"""Where a device tells its officer's key: held to that device and officer from then on, and on record."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request

from server.access.device_commands import BindOfficerKey, read_key
from server.access.device_requests import (
    DeviceRefused,
    DeviceSpeaking,
    body_of,
    device_of,
)
from server.spine import clock
from server.spine.execute import Door
from server.spine.orders import Order
from server.spine.permissions import Opening, needs
from server.spine.signed import is_signed_by
from shared.commands import Outcome
from sync.officer_keys import (
    OFFICER_KEY_BYTES_MAX,
    OFFICER_KEY_PATH,
    OTHER_KEY,
    Holder,
    OfficerKey,
    key_statement,
    read_officer_key,
)
from sync.wire import NotAMessage

UNPROVEN = "officer_key.unproven"
"""The office's refusal (422) of a key that has not signed whose it is, and for this office."""

officer_key_api = Blueprint("officer_keys", __name__)


@officer_key_api.post(OFFICER_KEY_PATH)
@needs(Opening.DEVICE)
def tell_officer_key() -> Response:
    """Hold a device and its officer to the key they tell first; telling it again changes nothing."""
    body = body_of(request, OFFICER_KEY_BYTES_MAX)
    now = clock.now()
    speaking = device_of(request, body, now)
    if speaking.state != "active":
        raise DeviceRefused(f"device.{speaking.state}", device_id=speaking.device_id)
    try:
        told = read_officer_key(body)
    except NotAMessage as error:
        raise DeviceRefused("message.unreadable", 400) from error
    if not _is_proven(told, speaking):
        raise DeviceRefused(UNPROVEN, 422)
    command = BindOfficerKey(
        device_id=speaking.device_id, officer_key=told.officer_key, office=told.office
    )
    order = Order(command=command, command_id=clock.new_id(), actor=speaking.actor, happened_at=now)
    door: Door = current_app.extensions["fieldfare"]["door"]
    ended = door.execute(order, now=now)
    if ended.outcome not in {Outcome.APPLIED, Outcome.NO_CHANGE}:
        raise DeviceRefused(ended.code or OTHER_KEY, 409)
    return jsonify(officer_id=speaking.officer_id, officer_key=told.officer_key)


def _is_proven(told: OfficerKey, speaking: DeviceSpeaking) -> bool:
    """Tell whether the key itself signed that it is this officer's, on this device, for this office.

    A device that was enrolled before this office had a key names none.
    """
    public_key = read_key(told.officer_key)
    own = current_app.extensions["fieldfare"]["seal"].public_text
    holder = Holder(
        office=told.office, device_id=speaking.device_id, officer_id=speaking.officer_id
    )
    return (
        public_key is not None
        and told.office in {"", own}
        and is_signed_by(public_key, key_statement(holder, told.officer_key), told.proof)
    )
