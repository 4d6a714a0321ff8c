"""How the bytes of a photograph travel: the tus protocol, version 1.0, with this office's own limits.

A device asks for an address for one photograph (POST), sends it there in parts (PATCH), asks after a
cut how far the office has come (HEAD), and may give up (DELETE). One rule is added: the whole must
have the SHA-256 it is named by before anybody sees it, because tus checks single parts only, and the
first half of one file with the second half of another passes every such check.

This file reads and writes the headers, the same at both ends; a refusal is a code in one header,
because an answer to HEAD has no body. No header but the signature's own is signed, so nothing here
trusts one: the size must be the one that was recorded, and the digest of the whole decides.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from types import MappingProxyType

from shared.photographs import PHOTOGRAPH_BYTES_MAX

TUS_VERSION = "1.0.0"
"""The version of the tus protocol spoken here."""

EXTENSIONS = ("creation", "checksum", "expiration", "termination")
"""What of tus is spoken beyond its core."""

CHECKSUMS = ("sha1", "sha256")
"""Digests a part may be checked by: what tus asks for, and what our own devices send."""

BLOB_PATH = "/sync/v1/blobs"
"""Where an upload is asked for; the address of each is below it."""

PART_TYPE = "application/offset+octet-stream"
"""What tus calls a part."""

PART_BYTES = 256 * 1024
"""Bytes of one part; a lost one costs seconds on a poor line."""

PARTS_MAX = 256
"""Parts one upload may come in: enough for the largest photograph in parts of 24 KiB."""

UPLOADS_MAX = 16
"""Uploads a device may have begun; beginning another ends the one longest left alone."""

EXPIRES_SECONDS = 7 * 24 * 3600
"""How long an upload may lie untouched before the office forgets it."""

METADATA_CHARACTERS_MAX = 200
"""Characters of Upload-Metadata; it names the photograph and says nothing else."""

SIZE_MAX = PHOTOGRAPH_BYTES_MAX
"""Bytes one photograph may have; tus calls it Tus-Max-Size."""

REFUSED_HEADER = "Fieldfare-Refused"
"""Names the refusal of an upload's request; an answer to HEAD could not say it otherwise."""

UNKNOWN = "blob.unknown"
GONE = "blob.gone"
OFFSET = "blob.offset"
CHECKSUM = "blob.checksum"
CHECKSUM_UNKNOWN = "blob.checksum_unknown"
DAMAGED = "blob.damaged"
SIZE = "blob.size"
NOT_A_PICTURE = "blob.not_a_picture"
TOO_LARGE = "blob.too_large"
PART_TOO_LARGE = "blob.part_too_large"
PARTS = "blob.too_many_parts"
VERSION = "blob.version"
TYPE = "blob.type"
UNREADABLE = "blob.unreadable"

STATUSES: Mapping[str, int] = MappingProxyType(
    {
        UNKNOWN: 404,
        GONE: 410,
        OFFSET: 409,
        CHECKSUM: 460,
        CHECKSUM_UNKNOWN: 400,
        DAMAGED: 460,
        SIZE: 422,
        NOT_A_PICTURE: 422,
        TOO_LARGE: 413,
        PART_TOO_LARGE: 413,
        PARTS: 413,
        VERSION: 412,
        TYPE: 415,
        UNREADABLE: 400,
    }
)
"""Every refusal of an upload, with its HTTP status; 460 is what tus calls a mismatch."""

FOR_GOOD = frozenset({SIZE, NOT_A_PICTURE, TOO_LARGE})
"""Refusals that sending the same photograph again can never change."""

_NUMBER = re.compile(r"0|[1-9][0-9]{0,11}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ADDRESS = re.compile(
    re.escape(BLOB_PATH) + r"/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})", re.ASCII
)
_METADATA_KEY = "photograph"


class Unreadable(Exception):  # noqa: N818 - it says what a header is
    """A header is missing or is not what tus says it is; `code` names the refusal."""

    def __init__(self, code: str = UNREADABLE) -> None:
        self.code = code
        super().__init__(code)


def address_of(upload_id: str) -> str:
    """Name where an upload goes on."""
    return f"{BLOB_PATH}/{upload_id}"


def is_address(path: str) -> bool:
    """Tell whether a path is an upload's; a device follows no other."""
    return _ADDRESS.fullmatch(path) is not None


def capabilities() -> dict[str, str]:
    """Write what an office says of itself when it is asked (OPTIONS)."""
    return {
        "Tus-Version": TUS_VERSION,
        "Tus-Extension": ",".join(EXTENSIONS),
        "Tus-Max-Size": str(SIZE_MAX),
        "Tus-Checksum-Algorithm": ",".join(CHECKSUMS),
    }


def read_number(text: str | None) -> int:
    """Read a count of bytes out of a header."""
    if text is None or not _NUMBER.fullmatch(text):
        raise Unreadable
    return int(text)


def write_metadata(photograph_id: str) -> str:
    """Name the photograph of an upload."""
    return f"{_METADATA_KEY} {base64.b64encode(photograph_id.encode('ascii')).decode('ascii')}"


def read_metadata(text: str | None) -> str:
    """Read which photograph an upload is of; a header that says more is refused, not kept."""
    if text is None or len(text) > METADATA_CHARACTERS_MAX:
        raise Unreadable
    key, _space, value = text.partition(" ")
    try:
        photograph_id = base64.b64decode(value, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise Unreadable from None
    if key != _METADATA_KEY or not _DIGEST.fullmatch(photograph_id):
        raise Unreadable
    return photograph_id


def write_checksum(part: bytes) -> str:
    """Write the digest of a part as its header says it."""
    return f"sha256 {base64.b64encode(hashlib.sha256(part).digest()).decode('ascii')}"


def check_checksum(text: str | None, part: bytes) -> None:
    """Refuse a part that is not the one its checksum was taken of; tus lets it be left out."""
    if text is None:
        return
    name, _space, value = text.partition(" ")
    if name not in CHECKSUMS:
        raise Unreadable(CHECKSUM_UNKNOWN)
    try:
        said = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable from None
    if not hmac.compare_digest(said, hashlib.new(name, part, usedforsecurity=False).digest()):
        raise Unreadable(CHECKSUM)
