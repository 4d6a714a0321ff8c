"""What is asked about devices: a code to enrol one, the enrolment, its approval, its end."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, SECRET, Change, Command
from shared.errors import register
from shared.fields import Answer, Choice, CleanText, IdField

TICKET_LIFE = timedelta(minutes=15)
"""How long a code can be used."""

DEVICE_NAME_MAX = 80
"""Characters the name of a device may have."""

PUBLIC_KEY_BYTES = 32
"""Bytes of an Ed25519 public key."""

STATES: dict[str, str] = {
    "pending": mark("Waiting for approval"),
    "active": mark("In use"),
    "revoked": mark("Revoked"),
}
"""Where a device stands."""

WORDS_DIFFER = "words_differ"
"""Why a device is turned away that was never let in."""

REASONS: dict[str, str] = {
    "lost": mark("Lost"),
    "stolen": mark("Stolen"),
    "replaced": mark("Replaced by another device"),
    "officer_left": mark("The officer no longer does this work"),
    WORDS_DIFFER: mark("The six words did not match"),
    "other": mark("Another reason"),
}
"""Why a device may no longer speak for its officer."""

register(
    {
        "ticket.exists": mark("This code has already been made"),
        "ticket.refused": mark("This code is not right or no longer works: ask for a new one"),
        "device.exists": mark("This device has already asked: look at the list of devices"),
        "device.not_known": mark("This device is not known here: open the list of devices again"),
        "device.not_pending": mark("This device is not waiting for approval"),
        "device.already_revoked": mark("This device has already been revoked"),
        "device.own_approval": mark("Ask someone else: nobody approves their own device"),
        "device.approver_issued": mark(
            "Ask someone else to approve: you gave out the code for this device"
        ),
        "officer_key.other": mark(
            "The office knows another key of this officer on this device: enrol the device anew"
        ),
        "officer_key.unproven": mark("This key does not show that it is this officer’s here"),
        "device.officer_gone": mark(
            "This officer is suspended or no longer goes out: give them the role first"
        ),
    }
)


class PublicKey(Answer):
    """An Ed25519 public key, as unpadded base64url."""

    def check(self, value: object) -> str:
        """Return the key as it was written, if it is one in its only form."""
        if not isinstance(value, str) or read_key(value) is None:
            raise self.refusal("invalid")
        return value


def write_key(raw: bytes) -> str:
    """Write a key's bytes as unpadded base64url."""
    return base64.urlsafe_b64encode(raw).decode("ascii").rstrip("=")


def read_key(text: str) -> bytes | None:
    """Read a key's bytes; nothing for text that is not the one way to write a key."""
    try:
        raw = base64.b64decode(text + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if len(raw) == PUBLIC_KEY_BYTES and write_key(raw) == text else None


@dataclass(frozen=True, kw_only=True)
class IssueEnrolmentTicket(Command):
    """Let an officer enrol one device in the next minutes, with a code shown once."""

    name: ClassVar[str] = "IssueEnrolmentTicket"
    ticket_id: str
    officer_id: str
    code_hash: str = field(repr=False)


class IssueEnrolmentTicketSchema(Schema):
    """How `IssueEnrolmentTicket` is written."""

    ticket_id = IdField(required=True)
    officer_id = IdField(
        required=True,
        metadata={"label": mark("Officer"), "missing": mark("Choose an officer")},
    )
    code_hash = CleanText(required=True, characters_max=64)


@dataclass(frozen=True, kw_only=True)
class EnrolmentTicketIssued(Change):
    """An officer was given a code to enrol a device with; older codes of theirs are over."""

    name: ClassVar[str] = "EnrolmentTicketIssued"
    ticket_id: str
    officer_id: str
    issued_by: str
    expires_at: datetime
    code_hash: str = field(repr=False, metadata=SECRET)


@dataclass(frozen=True, kw_only=True)
class RecordEnrolment(Command):
    """Say that a device showed a code and its own key."""

    name: ClassVar[str] = "RecordEnrolment"
    device_id: str
    ticket_id: str
    officer_id: str
    public_key: str
    device_name: str
    platform: str = ""
    receipt_key: str = ""
    """The public half of the key that the device is told the office signs receipts with."""

    tablet_id: str | None = None
    """The piece of hardware, by its own word; several officers' devices may be on one."""


class RecordEnrolmentSchema(Schema):
    """How `RecordEnrolment` is written."""

    device_id = IdField(required=True)
    ticket_id = IdField(required=True)
    officer_id = IdField(required=True)
    public_key = PublicKey(required=True)
    device_name = CleanText(required=True, characters_max=DEVICE_NAME_MAX)
    platform = CleanText(load_default="", characters_max=DEVICE_NAME_MAX)
    receipt_key = PublicKey(load_default="")
    tablet_id = IdField(load_default=None, allow_none=True)


@dataclass(frozen=True, kw_only=True)
class DeviceEnrolled(Change):
    """A device asked to speak for an officer; somebody else has yet to approve it."""

    name: ClassVar[str] = "DeviceEnrolled"
    device_id: str
    ticket_id: str
    officer_id: str
    public_key: str
    words: str
    platform: str
    device_name: str = field(metadata=PERSONAL)
    tablet_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ApproveDevice(Command):
    """Let a device speak for its officer, its six words having been compared."""

    name: ClassVar[str] = "ApproveDevice"
    device_id: str


class ApproveDeviceSchema(Schema):
    """How `ApproveDevice` is written."""

    device_id = IdField(required=True)


@dataclass(frozen=True, kw_only=True)
class DeviceApproved(Change):
    """A device may speak for its officer."""

    name: ClassVar[str] = "DeviceApproved"
    device_id: str
    officer_id: str
    approved_by: str


@dataclass(frozen=True, kw_only=True)
class RevokeDevice(Command):
    """End what a device may do, with the reason."""

    name: ClassVar[str] = "RevokeDevice"
    device_id: str
    reason: str


class RevokeDeviceSchema(Schema):
    """How `RevokeDevice` is written in a form."""

    device_id = IdField(required=True)
    reason = Choice(
        REASONS,
        required=True,
        metadata={"label": mark("Why?"), "missing": mark("Choose why it is revoked")},
    )


@dataclass(frozen=True, kw_only=True)
class DeviceRevoked(Change):
    """A device may no longer speak for anyone; what it still sends is set aside."""

    name: ClassVar[str] = "DeviceRevoked"
    device_id: str
    officer_id: str
    revoked_by: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class BindOfficerKey(Command):
    """Tell the key that the officer's work on a device is signed with."""

    name: ClassVar[str] = "BindOfficerKey"
    device_id: str
    officer_key: str
    office: str


class BindOfficerKeySchema(Schema):
    """How `BindOfficerKey` is written."""

    device_id = IdField(required=True)
    officer_key = PublicKey(required=True)
    office = PublicKey(load_default="")


@dataclass(frozen=True, kw_only=True)
class OfficerKeyBound(Change):
    """From now on what comes from a device is its officer's only under this key's signature."""

    name: ClassVar[str] = "OfficerKeyBound"
    device_id: str
    officer_id: str
    officer_key: str
    office: str
