"""Where a device asks for the newest checkpoint: whoever writes the history anew meets what it kept."""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from server.access.device_requests import DeviceRefused, DeviceSpeaking, body_of, device_of
from server.audit import checkpoints
from server.audit.checkpoints import Checkpoint
from server.audit.jobs import checkpoint_key
from server.audit.sealing import log_id_of
from server.audit.tables import AuditEntryRow
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs
from server.spine.tables import SyncHeadRow
from server.sync_api.tables import DefectRow
from sync.checkpoints import (
    CHECKPOINT_BYTES_MAX,
    CHECKPOINT_PATH,
    CheckpointReply,
    CheckpointRequest,
    amiss,
    members_of,
    read_request,
    statement,
)
from sync.wire import NotAMessage

logger = logging.getLogger(__name__)

checkpoint_api = Blueprint("checkpoints", __name__)


@checkpoint_api.post(CHECKPOINT_PATH)
@needs(Opening.DEVICE)
def newest_checkpoint() -> Response:
    """Tell a device the newest checkpoint, and what the history holds where its own ended."""
    body = body_of(request, CHECKPOINT_BYTES_MAX)
    speaking = device_of(request, body, clock.now())
    if speaking.state != "active":
        raise DeviceRefused(f"device.{speaking.state}", device_id=speaking.device_id)
    try:
        asked = read_request(body)
    except NotAMessage as error:
        raise DeviceRefused("message.unreadable", 400) from error
    office = current_app.extensions["fieldfare"]
    with db.session.session_factory() as session, session.begin():
        reply = _answer(session, asked)
        _note(session, speaking, asked, reply)
    signed = replace(reply, seal=office["seal"].sign(statement(asked, reply)))
    return jsonify(**members_of(signed), seal=signed.seal)


def _answer(session: Session, asked: CheckpointRequest) -> CheckpointReply:
    log_id, row = log_id_of(session), session.scalars(checkpoints.NEWEST).one_or_none()
    newest = checkpoints.of_row(row, log_id) if row is not None and log_id is not None else None
    head = None
    if asked.known is not None:
        at = AuditEntryRow.seq == asked.known.entries
        head = session.scalar(select(AuditEntryRow.hash).where(at))
    epoch = str(session.scalar(select(SyncHeadRow.epoch)))
    return CheckpointReply(epoch=epoch, newest=newest, head=head)


def _note(
    session: Session, speaking: DeviceSpeaking, asked: CheckpointRequest, reply: CheckpointReply
) -> None:
    """Note where a device holds a checkpoint of ours that the history of now does not extend.

    Only what our own key has signed is believed: no device can raise this by itself.
    """
    if asked.known is None:
        return
    known = Checkpoint(**asdict(asked.known))
    own_key = checkpoint_key(current_app.extensions["fieldfare"]["config"]).public_text
    kind = amiss(asked.known, reply)
    if kind is None or known.public_key != own_key or not known.is_signed:
        return
    values: dict[str, Any] = {"entries": known.entries, "head": known.head, "at": known.at}
    logger.error("sync defect %s", kind, extra={"device_id": speaking.device_id, **values})
    session.execute(
        insert(DefectRow).values(
            store_id=asked.store_id,
            device_id=speaking.device_id,
            officer_id=speaking.officer_id,
            noticed_at=clock.now(),
            kind=kind,
            values=values,
        )
    )
