"""Where a device brings sealed copies: by its keeper, signed, whether or not its vault is open."""

from __future__ import annotations

import logging

from flask import Blueprint, Response, current_app, jsonify, request

from server.access.device_requests import DeviceRefused, body_of, device_of
from server.sealed_work import photographs, taking
from server.spine import clock
from server.spine.database import db
from server.spine.office_seal import OfficeSeal
from server.spine.permissions import Opening, needs
from server.sync_api.store import OfficeOnPostgres
from sync.attachments import (
    BRINGING_BYTES_MAX,
    SEALED_PHOTOGRAPH_PATH,
    TAKEN,
    attachment_statement,
    read_bringing,
)
from sync.sealed import (
    COPIES_BYTES_MAX,
    COPIES_MAX,
    SEALED_PATH,
    answer_statement,
    unframed,
)
from sync.wire import NotAMessage

logger = logging.getLogger(__name__)

sealed_api = Blueprint("sealed", __name__)


@sealed_api.post(SEALED_PATH)
@needs(Opening.DEVICE)
def take_copies() -> Response:
    """Take sealed copies; the same again gets the same answer and has no further effect."""
    body = body_of(request, COPIES_BYTES_MAX, "sealed.too_large")
    now = clock.now()
    speaking = device_of(request, body, now)
    office = current_app.extensions["fieldfare"]
    store = OfficeOnPostgres(
        door=office["door"], actor=speaking.actor, now=now, seal=office["seal"]
    )
    try:
        copies = unframed(body, parts_max=COPIES_MAX)
        answers = taking.take(store, office["box"], copies, state=speaking.state)
    except NotAMessage as error:
        raise DeviceRefused("message.unreadable", 400) from error
    except taking.TooMany as error:
        raise DeviceRefused("sealed.too_many", 429) from error
    logger.info(
        "sealed copies taken",
        extra={"device_id": speaking.device_id, "copies": len(answers), "state": speaking.state},
    )
    return jsonify(
        answers=[{"digest": name, "state": said} for name, said in answers.items()],
        seal=store.sign(answer_statement(speaking.device_id, answers)),
    )


@sealed_api.post(SEALED_PHOTOGRAPH_PATH)
@needs(Opening.DEVICE)
def take_photograph() -> Response:
    """Take a part of a sealed photograph, on disk before it is acknowledged; its visit may come later."""
    body, now = body_of(request, BRINGING_BYTES_MAX, "sealed.too_large"), clock.now()
    speaking = device_of(request, body, now)
    office = current_app.extensions["fieldfare"]
    try:
        bringing = read_bringing(body)
        with db.session.session_factory() as session, session.begin():
            state, held = photographs.take(session, speaking.device_id, bringing, now)
    except NotAMessage as error:
        raise DeviceRefused("message.unreadable", 400) from error
    except photographs.TooMany as error:
        raise DeviceRefused("sealed.too_many_photographs", 429) from error
    if state == TAKEN:
        with db.session.session_factory() as session, session.begin():
            photographs.open_waiting(session, office["box"], now)
    seal: OfficeSeal = office["seal"]
    told = attachment_statement(speaking.device_id, bringing.digest, state, held)
    return jsonify(state=state, held=held, seal=seal.sign(told))
