"""Opens rescue files: whose device wrote one, and that it did, before anything of it is taken."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.access.device_requests import DeviceSpeaking
from server.access.tables import DeviceRow
from server.sealed_work.speaking import speaking_for
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.rescue import Rescue, read_rescue
from sync.sealed import read_copy
from sync.wire import NotAMessage

register(
    {
        "rescue.unreadable": mark("Choose a rescue file as the device wrote it: this is not one"),
        "rescue.unknown": mark("No device of this office wrote this file as it is"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Rescued:
    """The copies of a device that is known, and for whom it speaks."""

    speaking: DeviceSpeaking
    copies: tuple[bytes, ...]


def open_rescue(session: Session, written: bytes) -> Rescued:
    """Read a file and hold it against the key of the device it names; raises RuleBroken."""
    try:
        rescue = read_rescue(written)
        for copy in rescue.copies:
            read_copy(copy)
    except NotAMessage as error:
        raise RuleBroken("rescue.unreadable", field="file") from error
    speaking = speaking_for(session, rescue.device_id)
    if speaking is None or not _is_signed(session, rescue):
        raise RuleBroken("rescue.unknown", field="file")
    return Rescued(speaking=speaking, copies=rescue.copies)


def _is_signed(session: Session, rescue: Rescue) -> bool:
    public_key = session.scalars(
        select(DeviceRow.public_key).where(DeviceRow.device_id == rescue.device_id)
    ).one()
    try:
        signature = base64.b64decode(rescue.signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, rescue.statement)
    except (ValueError, InvalidSignature):
        return False
    return True
