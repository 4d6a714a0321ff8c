"""The office's own box: what a device sealed to its public key can be opened here and nowhere else.

An X25519 key for HPKE (RFC 9180), made at the first start and kept beside the key that signs, in
the office's home and in its backups. It is another key than that one, because one signs in the
office's name and the other reads what was meant for it. The office signs the public half, so a
device takes it from nobody else.
"""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_BYTES = 32
"""Bytes of an X25519 key, either half."""

KEY_FILE = "sealed-work"
"""What the key's file is called among the office's secrets."""

SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
"""The one suite both ends use; another would be another tag of the format."""


class NotOurs(Exception):  # noqa: N818 - it says what the bytes are
    """These bytes were not sealed to this office, or are not as they were sealed."""


class OfficeBox:
    """Opens what was sealed to this office."""

    def __init__(self, private: bytes) -> None:
        """Take the private half."""
        self._key = X25519PrivateKey.from_private_bytes(private)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    @property
    def public_text(self) -> str:
        """Write the public half as messages carry it."""
        return base64.urlsafe_b64encode(self.public).decode("ascii").rstrip("=")

    def open(self, sealed: bytes, info: bytes) -> bytes:
        """Open sealed bytes under what they are bound to; raises NotOurs."""
        try:
            return SUITE.decrypt(sealed, self._key, info)
        except (InvalidTag, ValueError) as error:
            raise NotOurs from error


def load(secrets_folder: Path) -> OfficeBox:
    """Read the office's key, or make it at the first start; of two processes one makes it."""
    path = secrets_folder / KEY_FILE
    secrets_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return OfficeBox(path.read_bytes())
