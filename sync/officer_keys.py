"""What an officer's key signs: each command where it stands in its lane, and that the key is theirs.

The key is made inside the vault and never leaves it, so what it signed was saved while the vault was
open. Each command is signed with the hash of its lane after it; that hash is made of every command
before it, so one signature stands for all of the lane from its first number to this one. This file
lays out the bytes: the vault signs them and the office checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from shared.fields import IdField
from shared.schemas import canonical, digest
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

OFFICER_KEY_PATH = "/device/v1/officer-key"
"""Where a device tells the office the key of its officer."""

OFFICER_KEY_BYTES_MAX = 1_000
"""Bytes such a request may have."""

OTHER_KEY = "officer_key.other"
"""The office's refusal (409) of another key than the one it knows of an officer on a device."""

UNSIGNED = "lane.unsigned"
"""Why a command is set aside that its officer's key has not signed."""

WRONG_SIGNATURE = "lane.wrong_signature"
"""Why a command is set aside under which another signature stands than its officer's."""

_LANE_TAG = "fieldfare-lane-1"
_KEY_TAG = "fieldfare-officer-key-1"
_KEY = r"\A[A-Za-z0-9_-]{43}\Z"
_NO_KEY_OR_ONE = r"\A([A-Za-z0-9_-]{43})?\Z"

_FINGERPRINT_CHARACTERS = 16


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Whose key it is: of which officer, on which device, for which office.

    `office` is the key that the device knows its office by; nothing for a device that was given none.
    """

    office: str
    device_id: str
    officer_id: str


@dataclass(frozen=True, kw_only=True)
class OfficerKey:
    """How a device tells the office its officer's key; `proof` is that key's own signature."""

    officer_key: str
    office: str
    proof: str


class OfficerKeySchema(Schema):
    """What a device says of its officer's key."""

    class Meta:
        """Refuse what this version does not know."""

        unknown = RAISE

    officer_key = fields.String(required=True, validate=validate.Regexp(_KEY))
    office = fields.String(required=True, validate=validate.Regexp(_NO_KEY_OR_ONE))
    proof = fields.String(required=True, validate=validate.Length(min=1, max=SEAL_CHARACTERS_MAX))


class OfficerKeyAnswerSchema(Schema):
    """For whom the office holds which key."""

    officer_id = IdField(required=True)
    officer_key = fields.String(required=True, validate=validate.Regexp(_KEY))


def lane_statement(holder: Holder, store_id: str, lane: str, seq: int, head: str) -> bytes:
    """Lay out what is signed of a command: all of its lane, from the first number to its own."""
    return canonical(
        {
            "tag": _LANE_TAG,
            **asdict(holder),
            "store_id": store_id,
            "lane": lane,
            "first": 1,
            "last": seq,
            "head": head,
        }
    )


def key_statement(holder: Holder, officer_key: str) -> bytes:
    """Lay out what a key signs when the office is told of it."""
    return canonical({"tag": _KEY_TAG, **asdict(holder), "officer_key": officer_key})


def fingerprint(officer_key: str) -> str:
    """Write a key short enough to compare by eye, in groups of four."""
    short = digest(officer_key.encode())[:_FINGERPRINT_CHARACTERS].upper()
    return " ".join(short[at : at + 4] for at in range(0, _FINGERPRINT_CHARACTERS, 4))


def write_officer_key(told: OfficerKey) -> bytes:
    """Write what a device says of its officer's key."""
    return canonical(asdict(told))


def read_officer_key(body: bytes) -> OfficerKey:
    """Read what a device says of its officer's key; raises NotAMessage."""
    try:
        said: Mapping[str, Any] = OfficerKeySchema().load(read_json(body))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    return OfficerKey(**said)
