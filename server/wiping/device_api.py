"""Where a device that has erased itself brings its receipt, signed by the key it forgets next."""

from __future__ import annotations

import base64
from dataclasses import asdict

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Blueprint, Response, current_app, jsonify, request

from server.access.device_requests import DeviceRefused, DeviceSpeaking, body_of, device_of
from server.spine import clock
from server.spine.database import db
from server.spine.execute import Door
from server.spine.orders import Order
from server.spine.permissions import Opening, needs
from server.wiping import queries
from server.wiping.commands import RecordWipeReceipt
from shared.commands import Actor
from sync.wipes import WIPE_BYTES_MAX, WIPE_PATH, WipeReceipt, answer_statement, read_receipt
from sync.wire import NotAMessage

wiping_api = Blueprint("wiped", __name__)

_SPEAKS = frozenset({"visits.record"})
"""What a device needs to say that it erased itself: its signature is what proves it, because its
officer may hold nothing any more."""


@wiping_api.post(WIPE_PATH)
@needs(Opening.DEVICE)
def take_receipt() -> Response:
    """Keep a receipt, and say when in the office's own hand; the same again is answered the same."""
    body = body_of(request, WIPE_BYTES_MAX)
    now = clock.now()
    speaking = device_of(request, body, now)
    try:
        receipt, signature = read_receipt(body)
    except NotAMessage as error:
        raise DeviceRefused("message.unreadable", 400) from error
    _check(speaking, receipt, signature)
    with db.session.session_factory() as session:
        ordered = queries.wipe_of(session, speaking.device_id)
    if ordered is None or ordered.wipe_id != receipt.wipe_id:
        raise DeviceRefused("wipe.not_ordered", 409)
    door: Door = current_app.extensions["fieldfare"]["door"]
    order = Order(
        command=RecordWipeReceipt(**asdict(receipt), signature=signature),
        command_id=clock.new_id(),
        actor=Actor(user_id=speaking.officer_id, permissions=_SPEAKS, device_id=speaking.device_id),
        happened_at=now,
    )
    door.execute(order, now=now).raise_if_refused()
    return _acknowledged(speaking.device_id)


def _check(speaking: DeviceSpeaking, receipt: WipeReceipt, signature: str) -> None:
    """Hold the receipt against the key of the device that brings it, which must be the one it names."""
    with db.session.session_factory() as session:
        public_key = queries.public_key_of(session, speaking.device_id)
    if receipt.device_id != speaking.device_id:
        raise DeviceRefused("signature.wrong", device_id=speaking.device_id)
    try:
        signed = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, receipt.statement)
    except (ValueError, InvalidSignature) as error:
        raise DeviceRefused("signature.wrong", device_id=speaking.device_id) from error


def _acknowledged(device_id: str) -> Response:
    with db.session.session_factory() as session:
        wipe = queries.wipe_of(session, device_id)
    assert wipe is not None, "the door has just looked at it"  # noqa: S101 - for the type checker
    assert wipe.acknowledged_at is not None, "a receipt is kept with its time"  # noqa: S101 - for the type checker
    at = wipe.acknowledged_at.isoformat()
    seal = current_app.extensions["fieldfare"]["seal"]
    return jsonify(acknowledged_at=at, signature=seal.sign(answer_statement(wipe.wipe_id, at)))
