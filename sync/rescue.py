"""A rescue file: the sealed copies of one device, carried to the office by hand.

It is for a device that cannot reach the office any more. The device signs what it wrote, so that nobody
can pass copies off as another device's; what is in them only the office can read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from shared.day_fields import MomentField
from shared.fields import IdField
from shared.schemas import canonical, digest
from sync.sealed import framed, unframed
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

RESCUE_COPIES_MAX = 2_000
"""Copies one file may hold; far more than a fortnight of visits."""

RESCUE_BYTES_MAX = 32 * 1024 * 1024
"""Bytes one file may have."""

_TAG = "fieldfare-rescue-1"


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """What a rescue file holds, and who says so."""

    device_id: str
    statement: bytes
    signature: str
    copies: tuple[bytes, ...]


class _HeadSchema(Schema):
    device_id = IdField(required=True)
    saved_at = MomentField(required=True)
    signature = fields.String(
        required=True, validate=validate.Length(min=1, max=SEAL_CHARACTERS_MAX)
    )


def write_rescue(
    device_id: str, saved_at: str, copies: Sequence[bytes], sign: Callable[[bytes], str]
) -> bytes:
    """Write the copies of a device as one file, under its own signature."""
    body = framed(copies)
    signature = sign(_statement(device_id, saved_at, body))
    head = canonical({"device_id": device_id, "saved_at": saved_at, "signature": signature})
    return head + b"\n" + body


def read_rescue(written: bytes) -> Rescue:
    """Read a rescue file, whose signature has still to be checked; raises NotAMessage."""
    head, found, body = written.partition(b"\n")
    if not found or len(written) > RESCUE_BYTES_MAX:
        raise NotAMessage("message.unreadable")
    said = read_json(head)
    try:
        _HeadSchema(unknown=RAISE).load(said)
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    return Rescue(
        device_id=said["device_id"],
        statement=_statement(said["device_id"], said["saved_at"], body),
        signature=said["signature"],
        copies=tuple(unframed(body, parts_max=RESCUE_COPIES_MAX)),
    )


def _statement(device_id: str, saved_at: str, body: bytes) -> bytes:
    """Lay out what the device signs."""
    said = {"tag": _TAG, "device_id": device_id, "saved_at": saved_at, "copies": digest(body)}
    return canonical(said)
