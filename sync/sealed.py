"""Sealed copies: unsent work that only the office can open, as it lies on a device and as it travels.

A copy holds one group of commands, or one command alone, each as the very bytes that stand in the
outbox, and after them what the officer's key signed of each. It is sealed to the office's key with
HPKE (RFC 9180), so whoever carries it, the keeper of a locked device among them, reads nothing but
which vault it is from and which places it fills. This file lays out the bytes; the vault seals them,
the office opens them.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from shared.commands import Lane
from shared.fields import IdField, WholeNumber
from shared.schemas import canonical
from sync.protocol import ENVELOPES_MAX, GROUP_BYTES_MAX, Place
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

SEALED_PATH = "/device/v1/sealed"
"""Where the office takes sealed copies."""

SEALED_TYPE = "application/vnd.fieldfare.sealed"
"""What a request of sealed copies is called; its answer is JSON."""

COPY_BYTES_MAX = GROUP_BYTES_MAX + 65_536
"""Bytes of one copy: the largest group, its places, and what sealing adds."""

COPIES_MAX = 100
"""Copies one request may carry."""

COPIES_BYTES_AIM = 2 * COPY_BYTES_MAX
"""Bytes of copies a device puts into one request; one copy alone always fits."""

COPIES_BYTES_MAX = COPIES_BYTES_AIM + 4 * COPIES_MAX
"""Bytes such a request may have: the copies, and the length before each."""

TAKEN, HELD = "taken", "held"
"""What the office says of a copy: its commands are answered, or it waits there for what is before it."""

_KEY_TAG = "fieldfare-sealing-key-1"
_ANSWER_TAG = "fieldfare-sealed-1"
_LENGTH = struct.Struct(">I")
_DIGEST = r"\A[0-9a-f]{64}\Z"


@dataclass(frozen=True, kw_only=True)
class SealedCopy:
    """One sealed copy: whose it is, which places its commands hold, and what only the office reads.

    `epoch` is the life of the office's database that the vault's copy was read from when it was sealed.
    """

    store_id: str
    epoch: str | None
    places: tuple[Place, ...]
    sealed: bytes

    @property
    def info(self) -> bytes:
        """Give what the seal is bound to, so that no copy can be passed off under another label."""
        return info_of(self.store_id, self.epoch, self.places)

    def written(self) -> bytes:
        """Write it as it lies on a device: its label, a line feed, and the sealed bytes."""
        return self.info + b"\n" + self.sealed


class _PlaceSchema(Schema):
    class Meta:
        """A newer version may say more."""

        unknown = EXCLUDE

    command_id = IdField(required=True)
    lane = fields.Enum(Lane, by_value=True, required=True)
    seq = WholeNumber(required=True, least=1)


class _LabelSchema(Schema):
    store_id = IdField(required=True)
    epoch = IdField(required=True, allow_none=True)
    places = fields.List(
        fields.Nested(_PlaceSchema),
        required=True,
        validate=validate.Length(min=1, max=ENVELOPES_MAX),
    )


class AnswerSchema(Schema):
    """What became of one copy."""

    digest = fields.String(required=True, validate=validate.Regexp(_DIGEST))
    state = fields.String(required=True, validate=validate.OneOf([TAKEN, HELD]))


class AnswersSchema(Schema):
    """What became of each copy, and the office's signature under it."""

    class Meta:
        """A newer office may say more."""

        unknown = EXCLUDE

    answers = fields.List(
        fields.Nested(AnswerSchema), required=True, validate=validate.Length(max=COPIES_MAX)
    )
    seal = fields.String(load_default="", validate=validate.Length(max=200))


def info_of(store_id: str, epoch: str | None, places: Sequence[Place]) -> bytes:
    """Write the label of a copy: which vault, and which places of which commands."""
    said = {"store_id": store_id, "epoch": epoch, "places": [asdict(place) for place in places]}
    return canonical(said)


def read_copy(written: bytes) -> SealedCopy:
    """Read a copy as it was written; raises NotAMessage for anything else."""
    label, found, sealed = written.partition(b"\n")
    if not found or not sealed or len(written) > COPY_BYTES_MAX:
        raise NotAMessage("message.unreadable")
    try:
        said = _LabelSchema().load(read_json(label))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    places = tuple(Place(**{**each, "lane": each["lane"].value}) for each in said["places"])
    copy = SealedCopy(store_id=said["store_id"], epoch=said["epoch"], places=places, sealed=sealed)
    if copy.info != label:
        raise NotAMessage("message.unreadable")
    return copy


def write_content(envelopes: Sequence[bytes], signatures: Sequence[str]) -> bytes:
    """Write what is sealed in a copy: its envelopes, then the signature of each, if there are any."""
    return framed([*envelopes, *(signature.encode("ascii") for signature in signatures)])


def read_content(content: bytes, count: int) -> tuple[tuple[bytes, ...], tuple[str, ...]]:
    """Read so many envelopes and their signatures; what an older vault sealed has none.

    Raises NotAMessage for anything else.
    """
    if len(content) > GROUP_BYTES_MAX + ENVELOPES_MAX * (2 * _LENGTH.size + SEAL_CHARACTERS_MAX):
        raise NotAMessage("message.too_large")
    parts = unframed(content, parts_max=2 * ENVELOPES_MAX)
    envelopes, signatures = parts[:count], parts[count:]
    if len(envelopes) != count or len(signatures) not in {0, count}:
        raise NotAMessage("message.unreadable")
    if sum(map(len, envelopes)) > GROUP_BYTES_MAX:
        raise NotAMessage("message.too_large")
    if any(len(each) > SEAL_CHARACTERS_MAX or not each.isascii() for each in signatures):
        raise NotAMessage("message.unreadable")
    return tuple(envelopes), tuple(each.decode("ascii") for each in signatures)


def framed(parts: Sequence[bytes]) -> bytes:
    """Put byte strings one behind the other, each after its length."""
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def unframed(body: bytes, *, parts_max: int) -> list[bytes]:
    """Take byte strings apart again; raises NotAMessage where they do not end where they say."""
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        if len(body) - at < _LENGTH.size or len(parts) == parts_max:
            raise NotAMessage("message.unreadable")
        (length,) = _LENGTH.unpack_from(body, at)
        at += _LENGTH.size
        if length > len(body) - at:
            raise NotAMessage("message.unreadable")
        parts.append(body[at : at + length])
        at += length
    return parts


def answer_statement(device_id: str, answers: Mapping[str, str]) -> bytes:
    """Lay out what the office signs about copies of a device, each named by the SHA-256 of its bytes."""
    return canonical({"tag": _ANSWER_TAG, "device_id": device_id, "answers": dict(answers)})


def key_statement(key: str) -> bytes:
    """Lay out what the office signs when it tells a device the key that copies are sealed to."""
    return canonical({"tag": _KEY_TAG, "key": key})


def read_answers(body: bytes) -> tuple[dict[str, str], str]:
    """Read what the office said of each copy, by its SHA-256, and its signature under that."""
    try:
        said: Mapping[str, Any] = AnswersSchema().load(read_json(body))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error
    return {each["digest"]: each["state"] for each in said["answers"]}, said["seal"]
