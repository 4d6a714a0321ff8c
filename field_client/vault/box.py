"""Seals to the office: what is put in here nobody on this device can take out again."""

from __future__ import annotations

import base64
import secrets

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.attachments import (
    PREFIX_BYTES,
    SALT_BYTES,
    SECRET_BYTES,
    Header,
    SealedPhotograph,
    info_of,
    purpose_of,
    seal_segments,
)


def seal_to(public_text: str, plain: bytes, info: bytes) -> bytes:
    """Seal bytes to the holder of a key, the office, under a label; nothing here can open them again."""
    public = base64.urlsafe_b64decode(public_text + "=" * (-len(public_text) % 4))
    suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
    return suite.encrypt(plain, X25519PublicKey.from_public_bytes(public), info)


def seal_photograph(public_text: str, photograph_id: str, plain: bytes) -> bytes:
    """Seal a photograph to the office, as a file in segments under a key of its own."""
    header = Header(salt=secrets.token_bytes(SALT_BYTES), prefix=secrets.token_bytes(PREFIX_BYTES))
    secret = secrets.token_bytes(SECRET_BYTES)
    key = HKDF(SHA256(), SECRET_BYTES, header.salt, purpose_of(photograph_id)).derive(secret)
    sealed = SealedPhotograph(
        photograph_id=photograph_id,
        size_bytes=len(plain),
        secret=seal_to(public_text, secret, info_of(photograph_id, len(plain))),
        segments=seal_segments(header, plain, AESGCM(key)),
    )
    return sealed.written()
