"""What a file that opens a vault says, and how it is read and laid out; nothing here knows a key.

Its header is authenticated by whoever wraps the key: it is the associated data of the wrapping. Any
byte that we would have written otherwise means damage.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from shared.errors import RuleBroken
from shared.schemas import canonical
from sync.leases import EPOCH_MAX

KEY_BYTES = 32
"""Bytes of every key of a vault: 256 bits."""

SALT_BYTES = 16
"""Bytes that make two derivations from one passphrase differ."""

NONCE_BYTES = 12
"""Bytes of the number that each wrapping uses once."""

VERSION = 1
"""Which layout this is."""

_TAG_BYTES = 16


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """A wrapped key, and the number it was wrapped with."""

    nonce: bytes
    wrapped: bytes


class _Hexadecimal(fields.String):
    """Bytes written as lower-case hexadecimal, so many and no other."""

    def __init__(self, length: int) -> None:
        pattern = re.compile(rf"\A[0-9a-f]{{{2 * length}}}\Z", re.ASCII)
        super().__init__(required=True, validate=validate.Regexp(pattern))


class _DerivationSchema(Schema):
    algorithm = fields.String(required=True, validate=validate.Equal("argon2id"))
    memory_kib = fields.Integer(required=True, strict=True)
    passes = fields.Integer(required=True, strict=True)
    lanes = fields.Integer(required=True, strict=True)
    salt = _Hexadecimal(SALT_BYTES)


class _HeaderSchema(Schema):
    version = fields.Integer(required=True, strict=True, validate=validate.Equal(VERSION))
    device_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    officer_id = fields.String(required=True, validate=validate.Length(min=1, max=64))
    lease_epoch = fields.Integer(
        required=True, strict=True, validate=validate.Range(min=0, max=EPOCH_MAX)
    )
    derivation = fields.Nested(_DerivationSchema(unknown=RAISE), required=True)


class _KeyFileSchema(Schema):
    header = fields.Nested(_HeaderSchema(unknown=RAISE), required=True)
    nonce = _Hexadecimal(NONCE_BYTES)
    wrapped = _Hexadecimal(KEY_BYTES + _TAG_BYTES)


def laid_out(header: Mapping[str, Any], sealed: Sealed) -> bytes:
    """Lay out a header and the key that was wrapped under it."""
    content = {"header": header, "nonce": sealed.nonce.hex(), "wrapped": sealed.wrapped.hex()}
    return canonical(content)


def parsed(raw: bytes) -> tuple[dict[str, Any], Sealed]:
    """Read a header and the key that was wrapped under it; anything we would not write is damage."""
    try:
        content = cast(dict[str, Any], _KeyFileSchema(unknown=RAISE).load(json.loads(raw)))
        if canonical(content) != raw:
            raise RuleBroken("vault.damaged")
    except (ValueError, RecursionError, ValidationError):
        raise RuleBroken("vault.damaged") from None
    sealed = Sealed(
        nonce=bytes.fromhex(content["nonce"]), wrapped=bytes.fromhex(content["wrapped"])
    )
    return content["header"], sealed
