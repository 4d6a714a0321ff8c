"""The device's own signing key, made at enrolment and usable while the vault is locked.

The private half is on disk only wrapped by the device secret. It proves which device speaks, so it
signs requests to the office; it opens no vault and decrypts nothing.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from field_client.files import read_private, write_private
from shared.errors import RuleBroken
from shared.schemas import canonical

_NONCE_BYTES = 12
_PURPOSE = b"fieldfare/device-key/1"


class DeviceKey:
    """The Ed25519 key this device signs its requests with."""

    def __init__(self, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key

    @classmethod
    def make(cls, path: Path, device_secret: bytes) -> DeviceKey:
        """Make a new key and write it, wrapped; one that was there before is gone."""
        private_key = Ed25519PrivateKey.generate()
        public_bytes = private_key.public_key().public_bytes_raw()
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = _wrapping(device_secret).encrypt(
            nonce, private_key.private_bytes_raw(), public_bytes
        )
        content = {"public": public_bytes.hex(), "nonce": nonce.hex(), "wrapped": wrapped.hex()}
        write_private(path, canonical(content))
        return cls(private_key)

    @classmethod
    def load(cls, path: Path, device_secret: bytes) -> DeviceKey:
        """Read the key made at enrolment; a file that was altered is refused."""
        try:
            content = json.loads(read_private(path))
            parts = {name: bytes.fromhex(content[name]) for name in ("public", "nonce", "wrapped")}
            raw = _wrapping(device_secret).decrypt(
                parts["nonce"], parts["wrapped"], parts["public"]
            )
            return cls(Ed25519PrivateKey.from_private_bytes(raw))
        except (OSError, ValueError, KeyError, TypeError, RecursionError, InvalidTag):
            raise RuleBroken("device.damaged") from None

    def sign(self, message: bytes) -> bytes:
        """Sign a message as this device."""
        return self._private_key.sign(message)

    def public_bytes(self) -> bytes:
        """Give the half of the key that the office is told."""
        return self._private_key.public_key().public_bytes_raw()


def _wrapping(device_secret: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, _PURPOSE).derive(device_secret))
