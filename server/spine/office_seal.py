"""The office's own signing key: what it puts its name to can be shown to be its word for ever.

The key is made at the first start and kept in the office's home, readable by its owner alone, not
in the database: whoever reads the tables cannot sign in the office's name. A backup carries it
sealed, with the office's other secrets. Devices are given the public half when they are enrolled;
an office that has lost the file is no longer believed by any of them.
"""

from __future__ import annotations

import base64
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.spine import secret_files

KEY_BYTES = 32
"""Bytes of an Ed25519 key, either half."""

KEY_FILE = "receipts"
"""What the key's file is called among the office's secrets."""

CHECKPOINT_KEY_FILE = "audit"
"""What that of another key is called, which signs checkpoints of the sealed history and nothing else."""


class OfficeSeal:
    """Signs in the office's name."""

    def __init__(self, private: bytes) -> None:
        """Take the private half."""
        self._key = Ed25519PrivateKey.from_private_bytes(private)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    @property
    def public_text(self) -> str:
        """Write the public half as messages carry it."""
        return base64.urlsafe_b64encode(self.public).decode("ascii").rstrip("=")

    def sign(self, statement: bytes) -> str:
        """Sign a statement; base64, as messages carry it."""
        return base64.b64encode(self._key.sign(statement)).decode("ascii")


def load(secrets_folder: Path, name: str = KEY_FILE) -> OfficeSeal:
    """Read one of the office's keys, or make it at the first use; of two processes one makes it."""
    return OfficeSeal(secret_files.read_or_make(secrets_folder / name, KEY_BYTES))
