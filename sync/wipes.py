"""How a device is told to erase itself, and how it says that it has: each in its writer's own hand.

An order is signed by the office and names one device, so nobody else can have a device emptied and no
order fits another. A receipt is signed by the device over what it did; only a receipt is evidence. That
none came is evidence of nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from shared.day_fields import MomentField
from shared.fields import IdField, WholeNumber, YesNo
from shared.schemas import canonical
from sync.shapes import APP_CHARACTERS_MAX, SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

WIPE_PATH = "/device/v1/wiped"
"""Where the office takes the receipt of a device that has erased itself."""

WIPE_BYTES_MAX = 8_192
"""Bytes of such a receipt, and of its answer."""

_ORDER_TAG = "fieldfare-wipe-1"
_RECEIPT_TAG = "fieldfare-wiped-1"
_ANSWER_TAG = "fieldfare-wiped-known-1"


@dataclass(frozen=True, kw_only=True)
class WipeOrder:
    """The office's word that a device is to erase itself."""

    wipe_id: str
    device_id: str
    ordered_at: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """Lay out what the office signs."""
        return canonical(
            {
                "tag": _ORDER_TAG,
                "wipe_id": self.wipe_id,
                "device_id": self.device_id,
                "ordered_at": self.ordered_at,
            }
        )


@dataclass(frozen=True, kw_only=True)
class WipeReceipt:
    """A device's word of what it erased: how much, when by its own clock, and with which program.

    `files` and `size_bytes` count what was deleted; `delivered` the sealed copies the office had
    answered by then and `damaged` those that were no copies any more. `secret_gone` says that the
    keystore confirmed it.
    """

    wipe_id: str
    device_id: str
    files: int
    size_bytes: int
    delivered: int
    damaged: int
    secret_gone: bool
    erased_at: str
    app: str

    @property
    def statement(self) -> bytes:
        """Lay out what the device signs."""
        return canonical({"tag": _RECEIPT_TAG, **asdict(self)})


class _Known(Schema):
    class Meta:
        """A newer version may say more."""

        unknown = EXCLUDE


class WipeOrderSchema(_Known):
    """How an order is written where a device is told how it stands."""

    wipe_id = IdField(required=True)
    device_id = IdField(required=True)
    ordered_at = MomentField(required=True)
    signature = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


class WipeReceiptSchema(_Known):
    """How a receipt is written."""

    wipe_id = IdField(required=True)
    device_id = IdField(required=True)
    files = WholeNumber(required=True)
    size_bytes = WholeNumber(required=True)
    delivered = WholeNumber(required=True)
    damaged = WholeNumber(required=True)
    secret_gone = YesNo(required=True)
    erased_at = MomentField(required=True)
    app = fields.String(required=True, validate=validate.Length(max=APP_CHARACTERS_MAX))


class WipedSchema(_Known):
    """How a receipt travels: with its device's signature under it."""

    receipt = fields.Nested(WipeReceiptSchema, required=True)
    signature = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


def read_order(said: Mapping[str, Any]) -> WipeOrder:
    """Read an order out of members that its schema has checked."""
    ordered_at = said["ordered_at"]
    return WipeOrder(
        wipe_id=said["wipe_id"],
        device_id=said["device_id"],
        ordered_at=_moment(ordered_at),
        signature=said["signature"],
    )


def write_receipt(receipt: WipeReceipt, signature: str) -> bytes:
    """Write a receipt with its signature."""
    return canonical({"receipt": asdict(receipt), "signature": signature})


def read_receipt(body: bytes) -> tuple[WipeReceipt, str]:
    """Read a receipt and its signature; raises NotAMessage for anything else."""
    try:
        said = cast(dict[str, Any], WipedSchema().load(read_json(body)))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    members = said["receipt"]
    receipt = WipeReceipt(**{**members, "erased_at": _moment(members["erased_at"])})
    return receipt, said["signature"]


def answer_statement(wipe_id: str, acknowledged_at: str) -> bytes:
    """Lay out what the office signs when it has kept a receipt."""
    return canonical({"tag": _ANSWER_TAG, "wipe_id": wipe_id, "acknowledged_at": acknowledged_at})


def _moment(value: datetime | str) -> str:
    return value if isinstance(value, str) else value.isoformat()
