"""Sealed copies as a device's vault makes them, for tests of the office that opens them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from server.spine.office_box import SUITE, OfficeBox
from sync.protocol import Place
from sync.sealed import SealedCopy, framed, info_of


def seal(box: OfficeBox, *envelopes: bytes, epoch: str | None = None) -> bytes:
    """Seal envelopes of one vault to an office, under the places they say they hold."""
    members = [json.loads(each) for each in envelopes]
    places = [Place(**{n: each[n] for n in ("command_id", "lane", "seq")}) for each in members]
    return seal_under(box, members[0]["store_id"], epoch, places, framed(envelopes))


def seal_under(
    box: OfficeBox, store_id: str, epoch: str | None, places: Sequence[Place], plain: bytes
) -> bytes:
    """Seal anything under any label."""
    key = X25519PublicKey.from_public_bytes(box.public)
    sealed = SUITE.encrypt(plain, key, info_of(store_id, epoch, places))
    return SealedCopy(store_id=store_id, epoch=epoch, places=tuple(places), sealed=sealed).written()
