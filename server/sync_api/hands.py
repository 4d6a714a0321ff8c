"""Whose hand signed what a device sends: its officer's, where the office knows that key, or nobody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.access.tables import OfficerKeyRow
from server.spine.signed import is_signed_by
from sync.officer_keys import UNSIGNED, WRONG_SIGNATURE, Holder, lane_statement
from sync.protocol import Envelope
from sync.wire import chain_hash


@dataclass(frozen=True, kw_only=True)
class Hand:
    """The key that an officer signs with on one device, and for whom it was made."""

    holder: Holder
    public_key: bytes


_KNOWN = select(OfficerKeyRow).where(OfficerKeyRow.device_id == bindparam("device_id"))


def hand_of(session: Session, device_id: str | None) -> Hand | None:
    """Find the key that the work of a device is signed with; none before it has told one."""
    row = session.scalars(_KNOWN, {"device_id": device_id}).one_or_none()
    if row is None:
        return None
    holder = Holder(office=row.office, device_id=row.device_id, officer_id=row.officer_id)
    return Hand(holder=holder, public_key=row.public_key)


def not_by(hand: Hand | None, envelopes: Sequence[Envelope]) -> Mapping[str, str]:
    """Say which commands that hand did not sign where they stand, and in which way.

    A device that has told no key is taken at its own word, as it was before there were any. What
    stands or falls with something unsigned is kept together with it.
    """
    if hand is None:
        return {}
    wrong = {
        envelope.command_id: UNSIGNED if not envelope.signature else WRONG_SIGNATURE
        for envelope in envelopes
        if not _is_by(hand, envelope)
    }
    groups = {e.group: wrong[e.command_id] for e in envelopes if e.group and e.command_id in wrong}
    return {e.command_id: groups[e.group] for e in envelopes if e.group in groups} | wrong


def _is_by(hand: Hand, envelope: Envelope) -> bool:
    head = chain_hash(envelope.prev, envelope.written)
    told = lane_statement(hand.holder, envelope.store_id, envelope.lane.value, envelope.seq, head)
    return is_signed_by(hand.public_key, told, envelope.signature)
