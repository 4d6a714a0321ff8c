"""What the entrance keeps sealed: forms on their way round a sign-in, and what the provider gave us.

The key is made at the first start and kept with the office's secrets, not in the database: whoever
reads the tables has neither what somebody typed nor a token that the provider would honour.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.spine import secret_files

KEY_FILE = "sign-in"
"""What the key's file is called among the office's secrets."""

_KEY_BYTES = 32
_NONCE_BYTES = 12


class Unreadable(Exception):  # noqa: N818 - it says what the bytes are
    """Sealed bytes that this office's key does not open, or that belong to something else."""


class Sealer:
    """Seals bytes for one thing and opens them for the same."""

    def __init__(self, key: bytes) -> None:
        """Take the key of the secrets folder."""
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, about: str) -> bytes:
        """Seal bytes that belong to what `about` names."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Open them again; raises Unreadable."""
        try:
            return self._cipher.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about.encode()
            )
        except InvalidTag:
            raise Unreadable from None


def load(secrets_folder: Path) -> Sealer:
    """Read the key, or make it at the first start."""
    return Sealer(secret_files.read_or_make(secrets_folder / KEY_FILE, _KEY_BYTES))
