"""What a copy comes to: a number both ends keep as records move, so that two copies are compared at once.

Each record has a hash of 48 bits over where it belongs and its very bytes. The hashes of a case, and
those of all cases, are summed, so that moving one record moves each sum by itself and no order
matters. Two copies with equal sums are taken to be equal: by chance two that differ would agree once
in 280,000,000,000,000. It finds faults, not forgers: the channel and the seal are for those.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from shared.schemas import canonical, digest
from sync.protocol import CaseTotal, Purge, Total

HASHES = 2**48
"""How many hashes there are; sums are taken modulo this."""

_BYTES = 6


def record_hash(place: Iterable[str], content_hash: str) -> int:
    """Hash a record: its case, view, kind and id, and the SHA-256 of its body."""
    return _number("\n".join((*place, content_hash)))


def body_hash(case_id: str, view: str, kind: str, record_id: str, body: str) -> int:
    """Hash a record whose body is at hand; a bundle's thousands go through here one by one."""
    content_hash = hashlib.sha256(body.encode()).hexdigest()
    return _number(f"{case_id}\n{view}\n{kind}\n{record_id}\n{content_hash}")


def _number(told: str) -> int:
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:_BYTES])


def total_of(cases: Iterable[CaseTotal]) -> Total:
    """Add cases up."""
    records, summed = 0, 0
    for case in cases:
        records += case.records
        summed += case.hash
    return Total(records=records, hash=summed % HASHES)


def purge_digest(epoch: str, purges: Iterable[Purge]) -> str:
    """Name exactly these purges, so that a question about them and its answer mean the same."""
    told = sorted([purge.case_id, purge.view, purge.commit] for purge in purges)
    return digest(canonical([epoch, told]))
