"""The office's share of each device's vault key: drawn once, kept sealed, and worked out for each lease.

What is drawn is a root of 32 bytes for each device. The share of an epoch follows from it, so that an
office that was put back from a backup still has every share a vault may be wrapped under, and one
deletion destroys them all. The root stands in the database sealed with a key that does not: whoever
reads the tables has no share.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.spine import secret_files
from sync.leases import SHARE_BYTES

KEY_FILE = "shares"
"""What the key's file is called among the office's secrets."""

_KEY_BYTES = 32
_NONCE_BYTES = 12


class RootUnreadable(Exception):  # noqa: N818 - it says what happened
    """A sealed root that this office's key does not open."""


class ShareKeeper:
    """Seals roots and works shares out of them."""

    def __init__(self, key: bytes) -> None:
        """Take the key of the secrets folder."""
        self._cipher = AESGCM(key)

    def new_root(self, device_id: str) -> bytes:
        """Draw a root for a device, sealed."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(
            nonce, secrets.token_bytes(SHARE_BYTES), device_id.encode()
        )

    def share(self, sealed_root: bytes, device_id: str, epoch: int) -> bytes:
        """Work out the share of one epoch of a device's lease."""
        nonce, sealed = sealed_root[:_NONCE_BYTES], sealed_root[_NONCE_BYTES:]
        try:
            root = self._cipher.decrypt(nonce, sealed, device_id.encode())
        except InvalidTag:
            raise RootUnreadable(device_id) from None
        purpose = f"fieldfare/share/1|{device_id}|{epoch}"
        return HKDF(SHA256(), SHARE_BYTES, None, purpose.encode()).derive(root)


def load(secrets_folder: Path) -> ShareKeeper:
    """Read the key that roots are sealed with, or make it at the first start."""
    return ShareKeeper(secret_files.read_or_make(secrets_folder / KEY_FILE, _KEY_BYTES))
