"""What the office signs when it answers: which commands it has, how each ended, and what is to go.

One signature stands under a whole reply, over the digest of each receipt. A receipt's digest covers
the bytes of the command it is for, so that nobody can say afterwards that something else was sent.
The device keeps the statement with its receipts and can show it at any time. This file lays out the
bytes; the office's key signs them and the device's pinned half of it checks them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from shared.schemas import canonical, digest
from sync.protocol import Receipt

TAG = "fieldfare-receipts-1"
"""Names what is signed, so that a signature made for another purpose never fits."""


def members_of(receipt: Receipt) -> dict[str, Any]:
    """Write a receipt's members as they travel, those of a newer office among them.

    An ending that this version does not know stands among what is more, in the office's own word.
    """
    known = {
        f.name: getattr(receipt, f.name)
        for f in fields(receipt)
        if f.name not in {"more", "outcome"}
    }
    return {
        "outcome": receipt.outcome.value,
        **receipt.more,
        **known,
        "flags": list(receipt.flags),
        "values": dict(receipt.values),
    }


def statement(
    *,
    store_id: str,
    epoch: str,
    receipts: Sequence[Receipt],
    sent: Mapping[str, str],
    confirmed: str | None,
) -> bytes:
    """Lay out what is signed; `sent` gives the SHA-256 of the bytes each command was first written as."""
    return canonical(
        {
            "tag": TAG,
            "store_id": store_id,
            "epoch": epoch,
            "confirmed": confirmed,
            "receipts": [
                digest(canonical({**members_of(r), "envelope": sent[r.command_id]}))
                for r in receipts
            ],
        }
    )
