"""What is asked about erasing devices: the order, and a device's receipt for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema, fields, validate

from shared.catalogue import mark
from shared.commands import SECRET, Change, Command
from shared.errors import register
from shared.fields import CleanText, IdField, WholeNumber, YesNo
from sync.shapes import APP_CHARACTERS_MAX, SEAL_CHARACTERS_MAX

register(
    {
        "wipe.device_in_use": mark("Revoke this device first: only then is it erased"),
        "wipe.never_approved": mark("This device was never approved: there is nothing on it"),
        "wipe.ordered_already": mark("This device has already been told to erase itself"),
        "wipe.not_ordered": mark("Nobody ordered this device to be erased"),
    }
)


@dataclass(frozen=True, kw_only=True)
class OrderWipe(Command):
    """Have a revoked device erase what it holds, as soon as it is heard of."""

    name: ClassVar[str] = "OrderWipe"
    wipe_id: str
    device_id: str


class OrderWipeSchema(Schema):
    """How `OrderWipe` is written."""

    wipe_id = IdField(required=True)
    device_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class WipeOrdered(Change):
    """A device is to erase itself."""

    name: ClassVar[str] = "WipeOrdered"
    wipe_id: str
    device_id: str
    ordered_by: str


@dataclass(frozen=True, kw_only=True)
class RecordWipeReceipt(Command):
    """Say what a device erased, in its own hand."""

    name: ClassVar[str] = "RecordWipeReceipt"
    wipe_id: str
    device_id: str
    files: int
    size_bytes: int
    delivered: int
    damaged: int
    secret_gone: bool
    erased_at: str
    app: str
    signature: str = field(repr=False)


class RecordWipeReceiptSchema(Schema):
    """How `RecordWipeReceipt` is written."""

    wipe_id = IdField(required=True)
    device_id = IdField(required=True)
    files = WholeNumber(required=True)
    size_bytes = WholeNumber(required=True)
    delivered = WholeNumber(required=True)
    damaged = WholeNumber(required=True)
    secret_gone = YesNo(required=True)
    erased_at = CleanText(required=True, characters_max=40)
    app = CleanText(required=True, characters_max=APP_CHARACTERS_MAX)
    signature = fields.String(
        required=True, validate=validate.Length(min=1, max=SEAL_CHARACTERS_MAX)
    )


@dataclass(frozen=True, kw_only=True)
class DeviceWiped(Change):
    """A device has erased itself and signed for it."""

    name: ClassVar[str] = "DeviceWiped"
    wipe_id: str
    device_id: str
    files: int
    size_bytes: int
    delivered: int
    damaged: int
    secret_gone: bool
    erased_at: str
    app: str
    signature: str = field(repr=False, metadata=SECRET)
