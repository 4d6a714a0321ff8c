"""The sealed history as mathematics: what an entry's hash is made of, and the walk that checks it.

It knows no database, so that whoever holds an export can follow every step. SHA-256 throughout:

    beginning  = SHA-256(0x03 ‖ log id)                     the 16 bytes of the log's UUID
    commitment = SHA-256(0x01 ‖ salt ‖ detail)              a salt of 16 bytes; without detail SHA-256(0x01)
    hash       = SHA-256(0x02 ‖ hash before ‖ commitment ‖ SHA-256(header))

Erasing a detail and its salt leaves the commitment, so that the chain still holds and nobody can
tell by guessing what stood there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from server.audit import refusals as _registered  # noqa: F401 - its sentences are ours
from shared.errors import RuleBroken
from shared.schemas import canonical, digest

SALT_BYTES = 16

NOTHING = digest(b"\x01")
"""The commitment of an entry that has no detail, or whose detail was erased before it was sealed."""

LOG = "log"
"""The kind of the entries that speak of the history itself: that it began, that it was restored."""


def beginning(log_id: str) -> str:
    """Give what the first entry is chained to, which no other log begins with."""
    return digest(b"\x03" + UUID(log_id).bytes)


def commitment(salt: bytes, detail: bytes) -> str:
    """Commit to a detail without telling it."""
    return digest(b"\x01" + salt + detail)


def link(before: str, committed: str, header: bytes) -> str:
    """Chain an entry to the one before it."""
    header_hash = hashlib.sha256(header).digest()
    return digest(b"\x02" + bytes.fromhex(before) + bytes.fromhex(committed) + header_hash)


def header_bytes(header: Mapping[str, Any]) -> bytes:
    """Write a header in the one form that is hashed."""
    return canonical(dict(header))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One entry as it is checked; without detail it was erased, left out, or there never was one."""

    seq: int
    header: bytes
    commitment: str
    hash: str
    detail: tuple[bytes, bytes] | None = None
    """The salt and the text."""


@dataclass
class Walk:
    """A walk along the chain from its beginning; raises RuleBroken at the first entry amiss."""

    log_id: str
    entries: int = 0
    head: str = field(init=False)
    details: int = 0
    """Entries whose text was there and was what had been sealed."""
    withheld: int = 0
    """Entries that had a text which was erased since, or left out of an export."""

    def __post_init__(self) -> None:
        self.head = beginning(self.log_id)

    def take(self, entry: Entry) -> None:
        """Check the next entry."""
        if entry.seq != self.entries + 1:
            raise RuleBroken("audit.out_of_order", seq=entry.seq, wanted=self.entries + 1)
        if link(self.head, entry.commitment, entry.header) != entry.hash:
            raise RuleBroken("audit.broken", seq=entry.seq)
        if entry.detail is not None:
            if commitment(*entry.detail) != entry.commitment:
                raise RuleBroken("audit.detail_changed", seq=entry.seq)
            self.details += 1
        elif entry.commitment != NOTHING:
            self.withheld += 1
        self.entries, self.head = entry.seq, entry.hash
