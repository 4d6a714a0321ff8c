"""Checkpoints of the office's sealed history as devices keep them: each has to extend the last.

A checkpoint says how many entries the history had and how the last one's hash was, signed. A device
keeps the newest it saw and asks beside its syncs for the office's newest, and for the hash that the
office's history has where the kept one ended. Whoever writes the history anew, or cuts it short,
cannot change what a hundred devices carry. This file lays out bytes and compares; keys are others'.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from shared.day_fields import MOMENT_TEXT_MAX
from shared.fields import IdField, WholeNumber
from shared.schemas import canonical
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wire import NotAMessage, read_json

CHECKPOINT_PATH = "/device/v1/checkpoint"
"""Where a device asks for the newest checkpoint, and shows the last it saw."""

CHECKPOINT_BYTES_MAX = 2_048
"""Bytes such a request may have."""

UNSETTLED_MAX = 2
"""Answers in a row that settle nothing before the device says so: one comes of a restore under way."""

FORMAT = "audit checkpoint 1"
"""What a checkpoint's file and the statement signed say they are."""

TAG = "fieldfare-history-1"
"""Names what is signed of an answer, so that a signature made for another purpose never fits."""

SHORTER = "history.shorter"
FORKED = "history.forked"
OTHER_LOG = "history.other_log"
OTHER_KEY = "history.other_key"
OTHER_LIFE = "history.other_life"
UNSIGNED = "history.unsigned"
WITHHELD = "history.withheld"

ALARMS = (SHORTER, FORKED, OTHER_LOG, OTHER_KEY, OTHER_LIFE, UNSIGNED, WITHHELD)
"""Every way a history is found not to extend what a device saw."""

_HASH = r"\A[0-9a-f]{64}\Z"
_KEY = r"\A[A-Za-z0-9_-]{43}\Z"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """One checkpoint as it is signed and kept; `at` is when, and `public_key` whose signature it bears."""

    log_id: str
    epoch: str
    entries: int
    head: str
    at: str
    public_key: str
    signature: str = ""

    @property
    def statement(self) -> bytes:
        """Write what is signed."""
        said = {name: value for name, value in asdict(self).items() if name != "signature"}
        return canonical({"fieldfare": FORMAT, **said})


@dataclass(frozen=True, kw_only=True)
class CheckpointRequest:
    """What a device says: which vault asks, the last checkpoint it saw, and what ties the answer to it."""

    store_id: str
    nonce: str
    known: Checkpoint | None = None


@dataclass(frozen=True, kw_only=True)
class CheckpointReply:
    """What the office answers: its life, its newest checkpoint, and its hash where the known one ended.

    `head` is none where its history does not reach so far.
    """

    epoch: str
    newest: Checkpoint | None
    head: str | None
    seal: str = ""


class _Kept(Schema):
    class Meta:
        """A newer version may say more."""

        unknown = EXCLUDE


class CheckpointSchema(_Kept):
    """One checkpoint of the sealed history."""

    log_id = IdField(required=True)
    epoch = IdField(required=True)
    entries = WholeNumber(required=True, least=1)
    head = fields.String(required=True, validate=validate.Regexp(_HASH))
    at = fields.String(required=True, validate=validate.Length(max=MOMENT_TEXT_MAX))
    public_key = fields.String(required=True, validate=validate.Regexp(_KEY))
    signature = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


class CheckpointRequestSchema(_Kept):
    """What a device says of the last checkpoint it saw."""

    store_id = IdField(required=True)
    nonce = IdField(required=True)
    known = fields.Nested(CheckpointSchema, load_default=None, allow_none=True)


class CheckpointReplySchema(_Kept):
    """The office's newest checkpoint, and its hash where the known one ended."""

    epoch = IdField(required=True)
    newest = fields.Nested(CheckpointSchema, required=True, allow_none=True)
    head = fields.String(required=True, allow_none=True, validate=validate.Regexp(_HASH))
    seal = fields.String(required=True, validate=validate.Length(max=SEAL_CHARACTERS_MAX))


def write_request(asked: CheckpointRequest) -> bytes:
    """Write what a device says."""
    return canonical(asdict(asked))


def read_request(body: bytes) -> CheckpointRequest:
    """Read what a device says; raises NotAMessage for anything else."""
    said = _read(CheckpointRequestSchema(), body)
    return CheckpointRequest(**{**said, "known": _checkpoint(said["known"])})


def write_checkpoint(checkpoint: Checkpoint) -> str:
    """Write a checkpoint as a device keeps it."""
    return canonical(asdict(checkpoint)).decode()


def read_checkpoint(text: str) -> Checkpoint:
    """Read a checkpoint that a device kept."""
    return Checkpoint(**_read(CheckpointSchema(), text.encode()))


def members_of(reply: CheckpointReply) -> dict[str, Any]:
    """Write an answer's members as they travel, without the seal under them."""
    said = asdict(reply)
    del said["seal"]
    return said


def statement(asked: CheckpointRequest, reply: CheckpointReply) -> bytes:
    """Lay out what the office signs of an answer: what was asked, and what it said."""
    return canonical({"tag": TAG, "asked": asdict(asked), **members_of(reply)})


def read_reply(body: bytes) -> CheckpointReply:
    """Read an answer; raises NotAMessage for anything else."""
    said = _read(CheckpointReplySchema(), body)
    return CheckpointReply(**{**said, "newest": _checkpoint(said["newest"])})


def amiss(known: Checkpoint | None, reply: CheckpointReply) -> str | None:
    """Say how an answer does not extend what was known, if it does not.

    Another life of the office (its database was restored) may have lost what was known; a device
    hears of one in its sync, and asks this of an answer that speaks of that life only.
    """
    newest = reply.newest
    if known is None:
        return None
    if newest is None:
        return SHORTER if reply.epoch == known.epoch else None
    if newest.log_id != known.log_id:
        return OTHER_LOG
    if newest.public_key != known.public_key:
        return OTHER_KEY
    return _amiss_within(known, newest, reply.head) if reply.epoch == known.epoch else None


def _amiss_within(known: Checkpoint, newest: Checkpoint, head: str | None) -> str | None:
    """Compare two checkpoints of one life of the office, and the hash where the first ended."""
    if newest.epoch != known.epoch:
        return OTHER_LIFE
    if newest.entries < known.entries or head is None:
        return SHORTER
    same = newest.entries == known.entries
    if head != known.head or (same and newest.head != known.head):
        return FORKED
    return None


def _read(schema: Schema, body: bytes) -> dict[str, Any]:
    try:
        return cast(dict[str, Any], schema.load(read_json(body)))
    except ValidationError as error:
        raise NotAMessage("message.unreadable") from error


def _checkpoint(members: Mapping[str, Any] | None) -> Checkpoint | None:
    return None if members is None else Checkpoint(**members)
