"""Tells whether the holder of an Ed25519 key signed something, however damaged what was shown is."""

from __future__ import annotations

import base64

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def is_signed_by(public_key: bytes, statement: bytes, signature: str) -> bool:
    """Tell whether this key signed the statement; a signature is written in base64."""
    try:
        signed = base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, statement)
    except (ValueError, InvalidSignature):
        return False
    return True
