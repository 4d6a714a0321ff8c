"""The keys that simulated officers sign with: the same ones whenever a day is told again."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.officer_keys import Holder


def private_of(device_id: str) -> bytes:
    """Give the private half of the key of a device's officer."""
    return hashlib.sha256(f"the officer's key on {device_id}".encode()).digest()


def public_of(device_id: str) -> bytes:
    """Give the half that the office is told."""
    own = Ed25519PrivateKey.from_private_bytes(private_of(device_id))
    return own.public_key().public_bytes_raw()


def holder_of(office_key: str, device_id: str, officer_id: str) -> Holder:
    """Say whose key it is."""
    return Holder(office=office_key, device_id=device_id, officer_id=officer_id)
