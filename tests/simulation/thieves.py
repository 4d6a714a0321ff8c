"""Somebody who has a device but not its officer's passphrase, and an oracle for whose hand signed."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.commands import Lane
from sync.protocol import Reply, Request
from sync.wire import chain_hash, write_envelope
from tests.simulation import hands
from tests.simulation.broken import Broken
from tests.simulation.device import Device

if TYPE_CHECKING:
    from tests.simulation.story import Story
    from tests.simulation.watch import Watch

SIGNED = """
    SELECT c.device_id::text, c.store_id::text, c.lane, c.seq, c.signature, d.body
    FROM command c JOIN detail d ON d.detail_id = c.detail_id
    WHERE c.store_id IS NOT NULL AND c.outcome <> 'quarantined'
"""
"""What counts as an officer's work."""


def try_it(story: Story) -> None:
    """Have somebody with each device send a visit that the officer's key has not signed."""
    for device in story.devices:
        cases = device.cases()
        if cases:
            _send(story, device, cases[0])
    signed_by_their_officers(story.watch, story.devices)


def _send(story: Story, device: Device, case_id: str) -> None:
    """Follow on where the lane stands, which whoever holds the sealed copies' labels can see."""
    visit_id, at = story.ids(), device.store.lane_head(Lane.ORDINARY)
    now = story.now.isoformat()
    visit = {"visit_id": visit_id, "case_id": case_id, "happened_at": now, "outcome": "no_answer"}
    written = write_envelope(
        {
            "command_id": story.ids(),
            "store_id": device.store_id,
            "lane": Lane.ORDINARY.value,
            "seq": at.seq + 1,
            "prev": at.head,
            "name": "RecordVisit",
            "version": 1,
            "case_id": case_id,
            "seen_commit": device.store.cursor(),
            "group": None,
            "happened_at": now,
            "clock": {"wall": now, "monotonic": 1.0, "boot": "b", "offset": None},
            "body": {**visit, "notes": "Nobody was here"},
        }
    )
    request = Request(
        store_id=device.store_id,
        epoch=device.store.epoch(),
        cursor=device.store.cursor(),
        envelopes=(written,),
    )
    call = story.office.conversation(request, device.actor, story.now, None)
    story.office.go_on(call)
    assert isinstance(call.answer, Reply), "the office answers whoever has the device"
    story.watch.looked_at("P25")
    taken = [r for r in call.answer.receipts if r.outcome.value != "quarantined"]
    if taken or any(id_ == visit_id for id_, _case in story.watch.visits()):
        raise Broken("P25", f"a visit that nobody signed was taken from {device.label}")


def signed_by_their_officers(watch: Watch, devices: list[Device]) -> None:
    """P25: under all that was taken from a device stands its officer's signature, laid out anew here."""
    known = {device.device_id: device for device in devices}
    for row in watch.rows(SIGNED):
        device = known[row.device_id]
        told = {
            "tag": "fieldfare-lane-1",
            "office": device.office_key,
            "device_id": row.device_id,
            "officer_id": device.officer.user_id,
            "store_id": row.store_id,
            "lane": row.lane,
            "first": 1,
            "last": row.seq,
            "head": chain_hash(json.loads(bytes(row.body))["prev"], bytes(row.body)),
        }
        laid_out = json.dumps(told, sort_keys=True, separators=(",", ":")).encode()
        key = Ed25519PublicKey.from_public_bytes(hands.public_of(row.device_id))
        try:
            key.verify(base64.b64decode(row.signature or ""), laid_out)
        except InvalidSignature:
            raise Broken("P25", f"something of {device.label} was taken unsigned") from None
        watch.looked_at("P25")
