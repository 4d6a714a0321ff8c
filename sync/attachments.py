"""Sealed photographs: files in segments that only the office can open, and how they are brought to it.

The format, FVA1: a header, then the plain bytes in segments of 64 KiB, each under AES-256-GCM. The
header (magic, algorithm, size of a segment, salt, nonce's prefix) is the associated data of every
segment. A segment's nonce is that prefix, its number and whether it is the last, so that none can be
moved, left out, repeated or added. The key is of this one file: from 32 random bytes with the salt and
the photograph's name, which stand in the label sealed to the office with HPKE. Nothing is given out
before the last segment has been checked.

This file lays out the bytes and knows no cipher: the vault brings one to seal, the office to open.
"""

from __future__ import annotations

import base64
import binascii
import struct
from dataclasses import dataclass
from typing import Any, Protocol

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from shared.fields import WholeNumber
from shared.photographs import PHOTOGRAPH_BYTES_MAX, DigestField
from shared.schemas import canonical
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

SEALED_PHOTOGRAPH_PATH = "/device/v1/sealed/photographs"
"""Where the office takes sealed photographs, a part at a time."""

SEGMENT_BYTES = 64 * 1024
"""Plain bytes of each segment but the last, which has at least one and may have as many."""

TAG_BYTES = 16
SALT_BYTES = 16
PREFIX_BYTES = 7
SECRET_BYTES = 32
"""Bytes of what the key of one file is derived from."""

LABEL_BYTES_MAX = 1_024
"""Bytes a label may have: the photograph's name and size, and the secret, sealed."""

ATTACHMENT_BYTES_MAX = PHOTOGRAPH_BYTES_MAX + PHOTOGRAPH_BYTES_MAX // 1_024 + 2 * LABEL_BYTES_MAX
"""Bytes of a sealed photograph: the largest there is, a tag each segment, the header and the label."""

SEALED_PART_BYTES = 256 * 1024
"""Bytes of one part on its way; a lost one costs seconds on a poor line."""

BRINGING_BYTES_MAX = SEALED_PART_BYTES + LABEL_BYTES_MAX
"""Bytes a request with a part may have."""

COMING, TAKEN = "coming", "taken"
"""What the office says of a sealed photograph: it goes on from a place, or it has all it needs."""

_MAGIC, _ALGORITHM = b"FVA1", 1
_HEADER = struct.Struct(f">4sBI{SALT_BYTES}s{PREFIX_BYTES}s")
_NONCE = struct.Struct(f">{PREFIX_BYTES}sIB")
_TAG = "fieldfare-attachment-1"
_ANSWER_TAG = "fieldfare-attachment-answer-1"


class Tampered(Exception):  # noqa: N818 - it says what the bytes are
    """These bytes are no attachment as it was sealed: not one of them is given out."""


class Cipher(Protocol):
    """Authenticated encryption under the key of one file."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Encrypt a segment."""

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        """Decrypt a segment; raises when it is not as it was encrypted."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What stands before the segments; nothing of it is secret, and all of it is authenticated."""

    salt: bytes
    prefix: bytes

    def written(self) -> bytes:
        """Write it as it stands in a file."""
        return _HEADER.pack(_MAGIC, _ALGORITHM, SEGMENT_BYTES, self.salt, self.prefix)

    def nonce(self, number: int, *, last: bool) -> bytes:
        """Give the nonce of a segment, which no other segment of any file under this key has."""
        return _NONCE.pack(self.prefix, number, last)


def purpose_of(photograph_id: str) -> bytes:
    """Say what the key of a file is derived for, so that it opens no other photograph."""
    return b"fieldfare/att/1|" + photograph_id.encode("ascii")


def info_of(photograph_id: str, size_bytes: int) -> bytes:
    """Give what the seal of a file's secret is bound to."""
    return canonical({"tag": _TAG, "photograph_id": photograph_id, "size_bytes": size_bytes})


def seal_segments(header: Header, plain: bytes, cipher: Cipher) -> bytes:
    """Write a header and the bytes behind it, in segments; there is always a last one."""
    bound = header.written()
    starts = range(0, max(1, len(plain)), SEGMENT_BYTES)
    segments = [
        cipher.encrypt(
            header.nonce(number, last=number == len(starts) - 1),
            plain[start : start + SEGMENT_BYTES],
            bound,
        )
        for number, start in enumerate(starts)
    ]
    return bound + b"".join(segments)


def read_header(written: bytes) -> Header:
    """Read what stands before the segments; raises Tampered unless it is what we would write."""
    if len(written) < _HEADER.size:
        raise Tampered
    magic, algorithm, segment, salt, prefix = _HEADER.unpack_from(written)
    if (magic, algorithm, segment) != (_MAGIC, _ALGORITHM, SEGMENT_BYTES):
        raise Tampered
    return Header(salt=salt, prefix=prefix)


def open_segments(written: bytes, cipher: Cipher, failed: type[Exception]) -> bytes:
    """Give the plain bytes once the last segment has been checked, and until then none; else Tampered.

    `failed` is what the cipher raises of a segment that is not as it was sealed.
    """
    header = read_header(written)
    bound, body = written[: _HEADER.size], written[_HEADER.size :]
    each = SEGMENT_BYTES + TAG_BYTES
    starts = range(0, len(body), each)
    plain = bytearray()
    for number, start in enumerate(starts):
        nonce = header.nonce(number, last=number == len(starts) - 1)
        try:
            plain += cipher.decrypt(nonce, body[start : start + each], bound)
        except failed:
            raise Tampered from None
    if not starts:
        raise Tampered
    return bytes(plain)


@dataclass(frozen=True, kw_only=True)
class SealedPhotograph:
    """A photograph as it lies beside a vault: its label, and its bytes in segments."""

    photograph_id: str
    size_bytes: int
    secret: bytes
    """What the key of the file is derived from, sealed to the office."""

    segments: bytes

    def written(self) -> bytes:
        """Write it as it lies on a device: its label, a line feed, the header and the segments."""
        secret = base64.b64encode(self.secret).decode("ascii")
        label = {
            "photograph_id": self.photograph_id,
            "size_bytes": self.size_bytes,
            "secret": secret,
        }
        return canonical(label) + b"\n" + self.segments


class _LabelSchema(Schema):
    photograph_id = DigestField(required=True)
    size_bytes = WholeNumber(required=True, least=1, most=PHOTOGRAPH_BYTES_MAX)
    secret = fields.String(required=True, validate=validate.Length(min=1, max=400))


def read_photograph(written: bytes) -> SealedPhotograph:
    """Read a sealed photograph as it was written, still sealed; raises Tampered for anything else."""
    label, found, segments = written.partition(b"\n")
    if not found or len(label) > LABEL_BYTES_MAX or len(written) > ATTACHMENT_BYTES_MAX:
        raise Tampered
    try:
        said = _LabelSchema(unknown=RAISE).load(read_json(label))
        secret = base64.b64decode(said["secret"], validate=True)
    except (NotAMessage, ValidationError, binascii.Error, ValueError):
        raise Tampered from None
    photograph = SealedPhotograph(
        photograph_id=said["photograph_id"],
        size_bytes=said["size_bytes"],
        secret=secret,
        segments=segments,
    )
    if photograph.written() != written:
        raise Tampered
    return photograph


@dataclass(frozen=True, kw_only=True)
class Bringing:
    """One request of a sealed photograph on its way: a part, or none to ask how far it has come.

    `digest` is the SHA-256 of the file as it lies on the device, `start` where the part begins in it.
    """

    photograph_id: str
    digest: str
    size_bytes: int
    start: int
    part: bytes

    def written(self) -> bytes:
        """Write it as a request carries it."""
        said = {
            "photograph_id": self.photograph_id,
            "digest": self.digest,
            "size_bytes": self.size_bytes,
            "start": self.start,
        }
        return canonical(said) + b"\n" + self.part


class _BringingSchema(Schema):
    class Meta:
        """A newer device may say more."""

        unknown = EXCLUDE

    photograph_id = DigestField(required=True)
    digest = DigestField(required=True)
    size_bytes = WholeNumber(required=True, least=1, most=ATTACHMENT_BYTES_MAX)
    start = WholeNumber(required=True, least=0, most=ATTACHMENT_BYTES_MAX)


class BroughtSchema(Schema):
    """How far a sealed photograph has come, and the office's signature under that."""

    class Meta:
        """A newer office may say more."""

        unknown = EXCLUDE

    state = fields.String(required=True, validate=validate.OneOf([COMING, TAKEN]))
    held = WholeNumber(required=True, least=0, most=ATTACHMENT_BYTES_MAX)
    seal = fields.String(load_default="", validate=validate.Length(max=SEAL_CHARACTERS_MAX))


def read_bringing(body: bytes) -> Bringing:
    """Read a request with a part; raises NotAMessage for anything else."""
    head, found, part = body.partition(b"\n")
    if not found or len(part) > SEALED_PART_BYTES:
        raise NotAMessage("message.unreadable")
    try:
        said = _BringingSchema().load(read_json(head))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    if said["start"] + len(part) > said["size_bytes"]:
        raise NotAMessage("message.unreadable")
    return Bringing(**said, part=part)


def attachment_statement(device_id: str, digest: str, state: str, held: int) -> bytes:
    """Lay out what the office signs about a sealed photograph of a device."""
    return canonical(
        {"tag": _ANSWER_TAG, "device_id": device_id, "digest": digest, "state": state, "held": held}
    )


def read_taken(body: bytes) -> tuple[str, int, str]:
    """Read what the office says of a sealed photograph, up to where it has it, and its signature."""
    try:
        said: dict[str, Any] = dict(BroughtSchema().load(read_json(body)))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    return said["state"], said["held"], said["seal"]
