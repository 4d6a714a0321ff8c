"""Decide what is asked about devices: pure, with the ticket and the device under their locks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from server.access.device_commands import (
    TICKET_LIFE,
    ApproveDevice,
    BindOfficerKey,
    DeviceApproved,
    DeviceEnrolled,
    DeviceRevoked,
    EnrolmentTicketIssued,
    IssueEnrolmentTicket,
    OfficerKeyBound,
    RecordEnrolment,
    RevokeDevice,
    read_key,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken
from shared.words import words_to_compare


@dataclass(frozen=True, kw_only=True)
class TicketFile:
    """All that a rule may look at for one code and the device that shows it."""

    exists: bool = False
    officer_id: str = ""
    expires_at: datetime | None = None
    used: bool = False
    officer_goes_out: bool = False
    key_known: bool = False
    office_key: bytes = b""


@dataclass(frozen=True, kw_only=True)
class DeviceFile:
    """All that a rule may look at for one device."""

    officer_id: str
    state: str
    issued_by: str | None
    officer_goes_out: bool
    officer_key: str | None = None
    """The key its officer's work is signed with; none before it was told."""


def issue_ticket(ticket: TicketFile, command: IssueEnrolmentTicket, occasion: Occasion) -> Decision:
    """Decide whether an officer can be given a code: one who goes out."""
    if ticket.exists:
        raise RuleBroken("ticket.exists")
    if not ticket.officer_goes_out:
        raise RuleBroken("device.officer_gone", field="officer_id")
    issued = EnrolmentTicketIssued(
        ticket_id=command.ticket_id,
        officer_id=command.officer_id,
        issued_by=occasion.actor.user_id,
        expires_at=occasion.decided_at + TICKET_LIFE,
        code_hash=command.code_hash,
    )
    return Decision(changes=(issued,))


def record_enrolment(ticket: TicketFile, command: RecordEnrolment, occasion: Occasion) -> Decision:
    """Decide whether a device may ask: with a code that is unused, in time and its officer's."""
    late = ticket.expires_at is None or occasion.decided_at >= ticket.expires_at
    if late or ticket.used or ticket.officer_id != command.officer_id:
        raise RuleBroken("ticket.refused")
    if not ticket.officer_goes_out:
        raise RuleBroken("ticket.refused")
    public_key = read_key(command.public_key)
    if ticket.key_known or public_key is None:
        raise RuleBroken("device.exists")
    told = ticket.office_key + (read_key(command.receipt_key) or b"")
    said = words_to_compare(public_key, command.ticket_id, told)
    enrolled = DeviceEnrolled(
        device_id=command.device_id,
        ticket_id=command.ticket_id,
        officer_id=command.officer_id,
        public_key=command.public_key,
        words=" ".join(said),
        platform=command.platform,
        device_name=command.device_name,
        tablet_id=command.tablet_id,
    )
    return Decision(changes=(enrolled,))


def approve_device(
    device: DeviceFile | None, command: ApproveDevice, occasion: Occasion
) -> Decision:
    """Decide an approval: not by the officer, and not by whoever gave out the code."""
    if device is None:
        raise RuleBroken("device.not_known")
    if device.state != "pending":
        raise RuleBroken("device.not_pending")
    approver = occasion.actor.user_id
    if approver == device.officer_id:
        raise RuleBroken("device.own_approval")
    if approver == device.issued_by:
        raise RuleBroken("device.approver_issued")
    if not device.officer_goes_out:
        raise RuleBroken("device.officer_gone")
    approved = DeviceApproved(
        device_id=command.device_id, officer_id=device.officer_id, approved_by=approver
    )
    return Decision(changes=(approved,))


def revoke_device(device: DeviceFile | None, command: RevokeDevice, occasion: Occasion) -> Decision:
    """Decide a revocation: any device that is not revoked yet, approved or not."""
    if device is None:
        raise RuleBroken("device.not_known")
    if device.state == "revoked":
        raise RuleBroken("device.already_revoked")
    revoked = DeviceRevoked(
        device_id=command.device_id,
        officer_id=device.officer_id,
        revoked_by=occasion.actor.user_id,
        reason=command.reason,
    )
    return Decision(changes=(revoked,))


def bind_officer_key(
    device: DeviceFile | None, command: BindOfficerKey, _occasion: Occasion
) -> Decision:
    """Decide whether this is the officer's key on a device: the first one told, and no other ever.

    Another one takes another enrolment, which a second person approves.
    """
    if device is None or device.state != "active":
        raise RuleBroken("device.not_known")
    if device.officer_key is not None:
        if device.officer_key != command.officer_key:
            raise RuleBroken("officer_key.other")
        return Decision()
    bound = OfficerKeyBound(
        device_id=command.device_id,
        officer_id=device.officer_id,
        officer_key=command.officer_key,
        office=command.office,
    )
    return Decision(changes=(bound,))
