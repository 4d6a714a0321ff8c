"""How a device is lent its share of a vault's key: what it asks, what it is given, what is signed of it.

The share is one of the three things that open a vault. A lease says until when the device may keep
it, and its epoch says under which share the vault's key is wrapped. This file lays out bytes: the
office's key signs them, and the device's pinned half of it checks them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from shared.day_fields import MomentField
from shared.fields import WholeNumber
from shared.lease_modes import OFFLINE_DAYS_MAX, Mode
from shared.schemas import canonical

LEASE_PATH = "/device/v1/lease"
"""Where the office lends a device its share."""

LEASE_TAG = "fieldfare-lease-1"
"""Names what is signed, so that a signature made for another purpose never fits."""

SHARE_BYTES = 32
"""Bytes of a share: 256 bits."""

EPOCH_MAX = 1_000_000
"""The last epoch there can be; with a new one twice a day that is more than a thousand years."""

SHARES_MAX = 2
"""Shares a device is given at once: that of its vault now, and that of its next."""

LEASE_BYTES_MAX = 1_024
"""Bytes a request for a lease may have."""

LEASE_NONCE_BYTES = 16
"""Bytes of the number that ties an answer to its request."""

_SHARE = rf"\A[0-9a-f]{{{2 * SHARE_BYTES}}}\Z"
_NONCE = rf"\A[0-9a-f]{{{2 * LEASE_NONCE_BYTES}}}\Z"
_SEAL_CHARACTERS_MAX = 200


@dataclass(frozen=True, kw_only=True)
class LeaseRequest:
    """What a device says: under which epoch its vault is wrapped on disk (0: none), and a number."""

    wrapped: int
    nonce: str


@dataclass(frozen=True, kw_only=True)
class LeaseReply:
    """What the office lends: the share of each epoch, in which mode, from when and until when."""

    mode: Mode
    days: int
    granted_at: datetime
    ends_at: datetime
    shares: Mapping[int, bytes] = field(repr=False)


class LeaseUnreadable(Exception):  # noqa: N818 - it says what happened
    """A request or a reply that is none."""


class LeaseRequestSchema(Schema):
    """How a request for a lease is written."""

    class Meta:
        """Leave what a newer version adds."""

        unknown = EXCLUDE

    wrapped = WholeNumber(required=True, least=0, most=EPOCH_MAX)
    nonce = fields.String(required=True, validate=validate.Regexp(_NONCE))


class _ShareSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    epoch = WholeNumber(required=True, least=1, most=EPOCH_MAX)
    share = fields.String(required=True, validate=validate.Regexp(_SHARE))


class LeaseReplySchema(Schema):
    """How a lease is written."""

    class Meta:
        """Leave what a newer version adds."""

        unknown = EXCLUDE

    mode = fields.Enum(Mode, by_value=True, required=True)
    days = WholeNumber(required=True, least=0, most=OFFLINE_DAYS_MAX)
    granted_at = MomentField(required=True)
    ends_at = MomentField(required=True)
    shares = fields.List(
        fields.Nested(_ShareSchema), required=True, validate=validate.Length(1, SHARES_MAX)
    )
    seal = fields.String(required=True, validate=validate.Length(max=_SEAL_CHARACTERS_MAX))


def write_request(asked: LeaseRequest) -> bytes:
    """Write what a device asks."""
    return canonical({"wrapped": asked.wrapped, "nonce": asked.nonce})


def members_of(given: LeaseReply) -> dict[str, Any]:
    """Write a lease's members as they travel, without the seal under them."""
    return {
        "mode": given.mode.value,
        "days": given.days,
        "granted_at": given.granted_at.isoformat(),
        "ends_at": given.ends_at.isoformat(),
        "shares": [
            {"epoch": epoch, "share": share.hex()} for epoch, share in sorted(given.shares.items())
        ],
    }


def statement(device_id: str, nonce: str, given: LeaseReply) -> bytes:
    """Lay out what the office signs: this lease, for this device, in answer to this request."""
    return canonical(
        {"tag": LEASE_TAG, "device_id": device_id, "nonce": nonce, **members_of(given)}
    )


def read_reply(body: bytes) -> tuple[LeaseReply, str]:
    """Read a lease and the seal under it; raises LeaseUnreadable when it is none."""
    try:
        said = cast(dict[str, Any], LeaseReplySchema().load(json.loads(body)))
    except (ValueError, RecursionError, ValidationError):
        raise LeaseUnreadable from None
    shares = {each["epoch"]: bytes.fromhex(each["share"]) for each in said["shares"]}
    given = LeaseReply(
        mode=said["mode"],
        days=said["days"],
        granted_at=said["granted_at"],
        ends_at=said["ends_at"],
        shares=shares,
    )
    return given, said["seal"]
