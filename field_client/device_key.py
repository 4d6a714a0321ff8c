"""The device's own signing key, made at enrolment and usable while the vault is locked.

The private half is on disk only wrapped by the device secret. It proves which device speaks, so it
signs requests to the office; it opens no vault and decrypts nothing. What else the keeper may keep
on disk is wrapped by the same secret, under a purpose of its own: `wrap` and `unwrap`.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
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
        made = cls(Ed25519PrivateKey.generate())
        made.keep(path, device_secret)
        return made

    @classmethod
    def load(cls, path: Path, device_secret: bytes) -> DeviceKey:
        """Read the key made at enrolment; a file that was altered is refused."""
        try:
            content = json.loads(read_private(path))
            raw = unwrap(device_secret, _PURPOSE, content, bytes.fromhex(content["public"]))
            return cls(Ed25519PrivateKey.from_private_bytes(raw))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            raise RuleBroken("device.damaged") from None

    def keep(self, path: Path, secret: bytes) -> None:
        """Write the key, wrapped under a secret."""
        public_bytes = self.public_bytes()
        kept = wrap(secret, _PURPOSE, self._private_key.private_bytes_raw(), public_bytes)
        write_private(path, canonical({"public": public_bytes.hex(), **kept}))

    def sign(self, message: bytes) -> bytes:
        """Sign a message as this device."""
        return self._private_key.sign(message)

    def sign_text(self, message: bytes) -> str:
        """Sign a message, in base64, as messages carry signatures."""
        return base64.b64encode(self.sign(message)).decode("ascii")

    def public_bytes(self) -> bytes:
        """Give the half of the key that the office is told."""
        return self._private_key.public_key().public_bytes_raw()


def wrap(device_secret: bytes, purpose: bytes, secret: bytes, bound: bytes) -> dict[str, str]:
    """Wrap something secret for the disk; what is `bound` to it stands beside it and is not secret."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    wrapped = _wrapping(device_secret, purpose).encrypt(nonce, secret, bound)
    return {"nonce": nonce.hex(), "wrapped": wrapped.hex()}


def unwrap(device_secret: bytes, purpose: bytes, kept: Mapping[str, str], bound: bytes) -> bytes:
    """Unwrap it; raises ValueError, KeyError or TypeError when any of it was altered."""
    nonce, wrapped = bytes.fromhex(kept["nonce"]), bytes.fromhex(kept["wrapped"])
    try:
        return _wrapping(device_secret, purpose).decrypt(nonce, wrapped, bound)
    except InvalidTag:
        raise ValueError("this was altered, or wrapped by another device") from None


def _wrapping(device_secret: bytes, purpose: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, purpose).derive(device_secret))
