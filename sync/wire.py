"""How messages travel: canonical JSON under zstd, bounded when it is opened, checked when it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from typing import Any

import zstandard
from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from shared.commands import Lane, Outcome
from shared.fields import WHOLE_NUMBER_MAX, IdField, MomentField, WholeNumber
from shared.schemas import DEPTH_MAX, canonical, digest
from shared.values import is_id
from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    ENVELOPES_MAX,
    MANIFEST_MAX,
    PURGED_MAX,
    RECORDS_MAX,
    REPLY_BYTES_MAX,
    REQUEST_BYTES_MAX,
    CaseTotal,
    Clock,
    Envelope,
    Page,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
    Request,
    Total,
    Whole,
)
from sync.scope import HASHES
from sync.seals import members_of

_LEVEL = 3

SEAL_CHARACTERS_MAX = 200
"""Characters a seal may have; an Ed25519 signature has 88 in base64."""

_DIGEST = r"\A[0-9a-f]{64}\Z"

WINDOW_BYTES_MAX = 8 * 1024 * 1024
"""Memory a message may ask for to be opened; level 3 never writes one that asks for more."""


class NotAMessage(Exception):  # noqa: N818 - it says what the bytes are
    """These bytes are not a message of this protocol; the reason is a code, never their content."""


class _Kept(Schema):
    """Unknown members are left for newer versions to mind."""

    class Meta:
        """Read what is known of a message that a newer version wrote."""

        unknown = EXCLUDE


class ClockSchema(_Kept):
    """The clocks of a device as an envelope carries them."""

    wall = MomentField(required=True)
    monotonic = fields.Float(required=True, allow_nan=False)
    boot = fields.String(required=True, validate=validate.Length(max=64))
    offset = fields.Float(load_default=None, allow_none=True, allow_nan=False)


class EnvelopeSchema(_Kept):
    """An envelope's members, checked before anything looks at its body."""

    command_id = IdField(required=True)
    store_id = IdField(required=True)
    lane = fields.Enum(Lane, by_value=True, required=True)
    seq = WholeNumber(required=True, least=1)
    prev = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))
    name = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z]{1,60}\Z"))
    version = WholeNumber(required=True, least=1, most=1000)
    case_id = IdField(required=True)
    seen_commit = WholeNumber(required=True)
    group = IdField(load_default=None, allow_none=True)
    happened_at = MomentField(required=True)
    clock = fields.Nested(ClockSchema, required=True)
    body = fields.Dict(keys=fields.String(), required=True)


class CaseTotalSchema(_Kept):
    """A line of a manifest."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))
    records = WholeNumber(required=True)
    hash = WholeNumber(required=True, most=HASHES - 1)


class RequestSchema(_Kept):
    """A request's members."""

    protocol = WholeNumber(required=True, least=1, most=1000)
    oldest = WholeNumber(load_default=1, least=1, most=1000)
    store_id = IdField(required=True)
    epoch = IdField(load_default=None, allow_none=True)
    cursor = WholeNumber(required=True)
    envelopes = fields.List(
        fields.String(validate=validate.Length(min=2, max=ENVELOPE_BYTES_MAX)),
        load_default=list,
        validate=validate.Length(max=ENVELOPES_MAX),
    )
    purged = fields.List(IdField(), load_default=list, validate=validate.Length(max=PURGED_MAX))
    records_max = WholeNumber(load_default=RECORDS_MAX, least=1, most=RECORDS_MAX)
    manifest = fields.List(
        fields.Nested(CaseTotalSchema),
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=MANIFEST_MAX),
    )
    confirm = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_DIGEST))


class ReceiptSchema(_Kept):
    """A receipt's members; those a newer office added are kept beside them."""

    command_id = IdField(required=True)
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    code = fields.String(load_default=None, allow_none=True)
    flags = fields.List(fields.String(), load_default=list)
    commit = WholeNumber(load_default=None, allow_none=True)
    received_at = fields.String(load_default="")
    values = fields.Dict(keys=fields.String(), load_default=dict)


class PurgeSchema(_Kept):
    """A purge's members."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))
    commit = WholeNumber(required=True)
    reason = fields.String(required=True, validate=validate.Length(max=80))


class WholeSchema(_Kept):
    """A view of a case that is sent whole."""

    case_id = IdField(required=True)
    view = fields.String(required=True, validate=validate.Length(max=40))


class PageSchema(_Kept):
    """A page's members but for its records, which are many and read by a function of their own."""

    purges = fields.List(fields.Nested(PurgeSchema), required=True)
    repaired = fields.List(fields.Nested(WholeSchema), load_default=list)
    start = WholeNumber(required=True)
    end = WholeNumber(required=True)
    head = WholeNumber(required=True)
    remaining = WholeNumber(required=True)


class PositionSchema(_Kept):
    """A lane's position."""

    seq = WholeNumber(required=True)
    head = fields.String(required=True, validate=validate.Regexp(r"\A[0-9a-f]{64}\Z"))


class TotalSchema(_Kept):
    """What records come to."""

    records = WholeNumber(required=True)
    hash = WholeNumber(required=True, most=HASHES - 1)


class ReplySchema(_Kept):
    """A reply's members."""

    protocol = WholeNumber(required=True, least=1, most=1000)
    epoch = IdField(required=True)
    server_time = MomentField(required=True)
    receipts = fields.List(fields.Nested(ReceiptSchema), required=True)
    positions = fields.Dict(
        keys=fields.Enum(Lane, by_value=True), values=fields.Nested(PositionSchema), required=True
    )
    noted = fields.List(IdField(), load_default=list, validate=validate.Length(max=PURGED_MAX))
    page = fields.Nested(PageSchema, required=True)
    scope = fields.Nested(TotalSchema, load_default=None, allow_none=True)
    durable = WholeNumber(load_default=0)
    replaces = IdField(load_default=None, allow_none=True)
    confirmed = fields.String(load_default=None, allow_none=True, validate=validate.Regexp(_DIGEST))
    seal = fields.String(load_default="", validate=validate.Length(max=SEAL_CHARACTERS_MAX))


_ENVELOPE, _REQUEST, _REPLY = EnvelopeSchema(), RequestSchema(), ReplySchema()
_RECEIPT_MEMBERS = frozenset(ReceiptSchema().fields)


def read_json(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON from outside: bounded depth, no NaN, no duplicate names, no lone surrogates."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_no_twins)
        canonical(value)
    except (ValueError, RecursionError) as error:
        raise NotAMessage("message.not_json") from error
    if _is_too_deep(value):
        raise NotAMessage("message.too_deep")
    return value


def _is_too_deep(value: Any, allowed: int = DEPTH_MAX) -> bool:  # noqa: ANN401
    """Tell whether lists and objects nest beyond what any message here does."""
    if not isinstance(value, dict | list):
        return False
    if allowed == 0:
        return True
    inside = value.values() if isinstance(value, dict) else value
    return any(_is_too_deep(item, allowed - 1) for item in inside)


def _refuse_constant(_name: str) -> None:
    raise ValueError("not a number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def pack(value: Mapping[str, Any]) -> bytes:
    """Write a message for the network."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True)
    return compressor.compress(canonical(value))


def unpack(data: bytes, bytes_max: int = REQUEST_BYTES_MAX) -> dict[str, Any]:
    """Open a message from the network; raises NotAMessage for anything that is not one."""
    try:
        decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
        plain = decompressor.stream_reader(data).read(bytes_max + 1)
    except zstandard.ZstdError as error:
        raise NotAMessage("message.not_compressed") from error
    if len(plain) > bytes_max:
        raise NotAMessage("message.too_large")
    value = read_json(plain)
    if not isinstance(value, dict):
        raise NotAMessage("message.not_an_object")
    return value


def _checked(schema: Schema, value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        checked = schema.load(value)
    except (ValidationError, ValueError, OverflowError) as error:
        raise NotAMessage("message.wrong_shape") from error
    assert isinstance(checked, dict)
    return checked


def write_envelope(members: Mapping[str, Any]) -> bytes:
    """Write an envelope for the first and only time; these bytes are what is kept and hashed."""
    return canonical(members)


def chain_hash(prev: str, written: bytes) -> str:
    """Link an envelope to the one before it: SHA-256 of the predecessor's hash and these bytes."""
    return digest(bytes.fromhex(prev) + written)


def read_envelope(written: bytes) -> Envelope:
    """Read an envelope from its bytes; raises NotAMessage when it is not one."""
    if len(written) > ENVELOPE_BYTES_MAX:
        raise NotAMessage("message.too_large")
    value = read_json(written)
    if not isinstance(value, dict):
        raise NotAMessage("message.not_an_object")
    members = _checked(_ENVELOPE, value)
    clock = dict(value["clock"])
    return Envelope(
        **{
            **members,
            "happened_at": members["happened_at"].isoformat(),
            "clock": Clock(
                wall=clock["wall"],
                monotonic=clock["monotonic"],
                boot=clock["boot"],
                offset=clock.get("offset"),
            ),
            "written": written,
        }
    )


def write_request(request: Request) -> bytes:
    """Write a request for the network."""
    members = asdict(request)
    members["envelopes"] = [written.decode() for written in request.envelopes]
    return pack(members)


def read_request(data: bytes) -> Request:
    """Read a request from the network."""
    members = _checked(_REQUEST, unpack(data))
    envelopes = tuple(text.encode() for text in members.pop("envelopes"))
    manifest = members.pop("manifest")
    return Request(
        **{
            **members,
            "envelopes": envelopes,
            "purged": tuple(members["purged"]),
            "manifest": None if manifest is None else _each(CaseTotal, manifest),
        }
    )


def write_reply(reply: Reply) -> bytes:
    """Write a reply for the network."""
    page = reply.page
    members = {f.name: getattr(reply, f.name) for f in dataclass_fields(reply)}
    members["receipts"] = [members_of(receipt) for receipt in reply.receipts]
    members["positions"] = {lane.value: asdict(at) for lane, at in reply.positions.items()}
    members["scope"] = None if reply.scope is None else asdict(reply.scope)
    members["page"] = {
        **{name: getattr(page, name) for name in ("start", "end", "head", "remaining")},
        "records": [_write_record(record) for record in page.records],
        "purges": [asdict(purge) for purge in page.purges],
        "repaired": [asdict(whole) for whole in page.repaired],
    }
    return pack(members)


def _write_record(record: Record) -> dict[str, Any]:
    return {name: getattr(record, name) for name in _RECORD_MEMBERS}


def read_reply(data: bytes) -> Reply:
    """Read a reply from the network."""
    value = unpack(data, REPLY_BYTES_MAX)
    members = _checked(_REPLY, value)
    page = members["page"]
    return Reply(
        **{
            **members,
            "server_time": value["server_time"],
            "receipts": tuple(map(_read_receipt, members["receipts"], value["receipts"])),
            "positions": {lane: Position(**at) for lane, at in members["positions"].items()},
            "noted": tuple(members["noted"]),
            "scope": None if members["scope"] is None else Total(**members["scope"]),
            "page": Page(
                **{
                    **page,
                    "records": _read_records(value["page"].get("records")),
                    "purges": _each(Purge, page["purges"]),
                    "repaired": _each(Whole, page["repaired"]),
                }
            ),
        }
    )


def _read_receipt(members: Mapping[str, Any], said: Mapping[str, Any]) -> Receipt:
    """Make a receipt, with what this version does not know kept as it was said."""
    more = {name: value for name, value in said.items() if name not in _RECEIPT_MEMBERS}
    return Receipt(**{**members, "flags": tuple(members["flags"]), "more": more})


_RECORD_MEMBERS = ("case_id", "view", "kind", "record_id", "commit", "body")


def _read_records(said: Any) -> tuple[Record, ...]:  # noqa: ANN401 - any JSON value
    """Read a page's records without a schema for each, because a first page has thousands."""
    if not isinstance(said, list):
        raise NotAMessage("message.wrong_shape")
    return tuple(map(_read_record, said))


def _read_record(said: Any) -> Record:  # noqa: ANN401
    if not isinstance(said, dict):
        raise NotAMessage("message.wrong_shape")
    case_id, commit, body = said.get("case_id"), said.get("commit"), said.get("body")
    if not (isinstance(case_id, str) and is_id(case_id)):
        raise NotAMessage("message.wrong_shape")
    if not isinstance(commit, int) or type(commit) is bool or not 0 <= commit <= WHOLE_NUMBER_MAX:
        raise NotAMessage("message.wrong_shape")
    if not (body is None or isinstance(body, str)):
        raise NotAMessage("message.wrong_shape")
    return Record(
        case_id=case_id,
        view=_text(said, "view", 40),
        kind=_text(said, "kind", 40),
        record_id=_text(said, "record_id", 80),
        commit=commit,
        body=body,
    )


def _text(said: Mapping[str, Any], name: str, characters_max: int) -> str:
    value = said.get(name)
    if not isinstance(value, str) or len(value) > characters_max:
        raise NotAMessage("message.wrong_shape")
    return value


def _each(kind: Callable[..., Any], items: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    """Make one value of a kind from each dictionary."""
    return tuple(kind(**item) for item in items)
