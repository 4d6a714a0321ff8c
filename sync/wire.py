"""How messages travel: canonical JSON under zstd, bounded when it is opened, checked when it is read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from dataclasses import fields as dataclass_fields
from math import isfinite
from typing import Any

import zstandard
from marshmallow import Schema, ValidationError

from shared.commands import Lane, Outcome
from shared.compiled import compiled
from shared.fields import WHOLE_NUMBER_MAX
from shared.schemas import DEPTH_MAX, canonical, digest
from shared.values import is_id
from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    REPLY_BYTES_MAX,
    REQUEST_BYTES_MAX,
    CaseTotal,
    Clock,
    Envelope,
    Page,
    Place,
    Position,
    Purge,
    Receipt,
    Record,
    Reply,
    Report,
    Request,
    Total,
    Whole,
)
from sync.seals import members_of
from sync.shapes import EnvelopeSchema, ReceiptSchema, ReplySchema, RequestSchema

_LEVEL = 3

_HISTORY_BYTES_MIN = 8  # the compressor takes no shorter one

ECHO_FROM = 2
"""The version from which a reply may point into the envelopes of its request."""

WINDOW_BYTES_MAX = 8 * 1024 * 1024
"""Memory a message may ask for to be opened; level 3 never writes one that asks for more."""


_CONTAINERS = frozenset({dict, list})
_MAY_BE_HALF_A_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")


class NotAMessage(Exception):  # noqa: N818 - it says what the bytes are
    """These bytes are not a message of this protocol; the reason is a code, never their content."""


def _defaults(schema: Schema) -> dict[str, Any]:
    """Say what a reader takes each member for that is not there."""
    return {
        name: field.load_default() if callable(field.load_default) else field.load_default
        for name, field in schema.fields.items()
        if not field.required
    }


_REQUEST_DEFAULTS, _REPLY_DEFAULTS = _defaults(RequestSchema()), _defaults(ReplySchema())
_ENVELOPE = compiled(EnvelopeSchema())
_REQUEST = compiled(RequestSchema())
_REPLY = compiled(ReplySchema())
_LANES = frozenset(Lane)
_OUTCOMES = frozenset(Outcome)
_RECEIPT_MEMBERS = frozenset(ReceiptSchema().fields)


def read_json(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Read JSON from outside: bounded depth, no NaN, no duplicate names, no lone surrogates."""
    try:
        text = data.decode("utf-8")
        value = json.loads(
            text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_no_twins,
        )
        if _MAY_BE_HALF_A_CHARACTER.search(text):
            canonical(value)  # which a lone surrogate cannot be written in
    except (ValueError, RecursionError) as error:
        raise NotAMessage("message.not_json") from error
    if _is_too_deep(value):
        raise NotAMessage("message.too_deep")
    return value


def _is_too_deep(value: Any, allowed: int = DEPTH_MAX) -> bool:  # noqa: ANN401 - a value of any kind
    """Tell whether lists and objects nest beyond what any message here does."""
    if not isinstance(value, dict | list):
        return False
    if allowed == 0:
        return True
    inside = value.values() if isinstance(value, dict) else value
    return any(_is_too_deep(item, allowed - 1) for item in inside if type(item) in _CONTAINERS)


def _finite(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise ValueError("beyond every number")
    return number


def _refuse_constant(_name: str) -> None:
    raise ValueError("not a number")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def pack(value: Mapping[str, Any], known: bytes = b"") -> bytes:
    """Write a message for the network; what the other end is known to hold is only pointed at."""
    compressor = zstandard.ZstdCompressor(
        level=_LEVEL, write_checksum=True, dict_data=_history(known)
    )
    return compressor.compress(canonical(value))


def unpack(data: bytes, bytes_max: int = REQUEST_BYTES_MAX, known: bytes = b"") -> dict[str, Any]:
    """Open a message from the network; raises NotAMessage for anything that is not one."""
    try:
        decompressor = zstandard.ZstdDecompressor(
            max_window_size=WINDOW_BYTES_MAX, dict_data=_history(known)
        )
        plain = decompressor.stream_reader(data).read(bytes_max + 1)
    except zstandard.ZstdError as error:
        raise NotAMessage("message.not_compressed") from error
    if len(plain) > bytes_max:
        raise NotAMessage("message.too_large")
    value = read_json(plain)
    if not isinstance(value, dict):
        raise NotAMessage("message.not_an_object")
    return value


def _history(known: bytes) -> zstandard.ZstdCompressionDict | None:
    """Give the compressor bytes that both ends hold, so that repeating them costs next to nothing."""
    if len(known) < _HISTORY_BYTES_MIN:
        return None
    return zstandard.ZstdCompressionDict(known, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


def _checked(load: Callable[[Any], Any], value: Mapping[str, Any]) -> dict[str, Any]:
    try:
        checked = load(value)
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
    return pack(_said(members, _REQUEST_DEFAULTS))


def read_request(data: bytes) -> Request:
    """Read a request from the network."""
    members = _checked(_REQUEST, unpack(data))
    envelopes = tuple(text.encode() for text in members.pop("envelopes"))
    manifest, report = members.pop("manifest"), members.pop("report")
    return Request(
        **{
            **members,
            "report": None if report is None else _read_report(report),
            "envelopes": envelopes,
            "places": tuple(map(_read_place, members["places"])),
            "signatures": tuple(members["signatures"]),
            "purged": tuple(members["purged"]),
            "manifest": None if manifest is None else _each(CaseTotal, manifest),
        }
    )


def _read_report(members: Mapping[str, Any]) -> Report:
    since = members["waiting_since"]
    return Report(**{**members, "waiting_since": None if since is None else since.isoformat()})


def write_reply(reply: Reply, sent: Sequence[bytes] = ()) -> bytes:
    """Write a reply for the network.

    What a device has just sent comes back to it in the records that its commands made. To one that
    speaks version 2 the envelopes it sent are the history of the reply's compression, so that this
    echo is a few pointers into what it already holds.
    """
    page = reply.page
    members = {f.name: getattr(reply, f.name) for f in dataclass_fields(reply)}
    members["receipts"] = [members_of(receipt) for receipt in reply.receipts]
    members["positions"] = {lane.value: asdict(at) for lane, at in reply.positions.items()}
    members["scope"] = None if reply.scope is None else asdict(reply.scope)
    members["page"] = {
        **{name: getattr(page, name) for name in ("start", "end", "head", "remaining")},
        "records": [record._asdict() for record in page.records],
        "purges": [asdict(purge) for purge in page.purges],
        **({"repaired": [asdict(whole) for whole in page.repaired]} if page.repaired else {}),
    }
    said = _said(members, _REPLY_DEFAULTS)
    return pack(said, b"".join(sent) if reply.protocol >= ECHO_FROM else b"")


def _said(members: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a reader takes for granted: of a message with nothing new that is a third."""
    return {
        name: value
        for name, value in members.items()
        if name not in defaults or not _is_same(value, defaults[name])
    }


def _is_same(value: Any, default: Any) -> bool:  # noqa: ANN401 - a value of any kind
    """Tell whether a member says what is taken for granted; an empty list is never none."""
    return bool((list(value) if isinstance(value, tuple) else value) == default)


def read_reply(data: bytes, sent: Sequence[bytes] = ()) -> Reply:
    """Read the reply to a request that sent these envelopes."""
    value = unpack(data, REPLY_BYTES_MAX, b"".join(sent))
    members = _checked(_REPLY, value)
    page = members["page"]
    return Reply(
        **{
            **members,
            "server_time": value["server_time"],
            "receipts": tuple(map(_read_receipt, members["receipts"], value["receipts"])),
            "positions": {
                Lane(lane): Position(**at)
                for lane, at in members["positions"].items()
                if lane in _LANES
            },
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
    """Make a receipt, with what this version does not know kept as it was said.

    An ending it does not know is read as held by the office: nothing is lost, nothing sent again.
    """
    more = {name: value for name, value in said.items() if name not in _RECEIPT_MEMBERS}
    outcome = members["outcome"]
    if outcome not in _OUTCOMES:
        more["outcome"] = outcome
        outcome = Outcome.QUARANTINED
    return Receipt(
        **{
            **members,
            "outcome": Outcome(outcome),
            "flags": tuple(members["flags"]),
            "more": more,
        }
    )


def _read_place(said: Any) -> Place:  # noqa: ANN401 - any JSON value
    """Read where an envelope stands by its device's word."""
    if not isinstance(said, dict):
        raise NotAMessage("message.wrong_shape")
    command_id, seq = said.get("command_id"), said.get("seq")
    if not (isinstance(command_id, str) and is_id(command_id)):
        raise NotAMessage("message.wrong_shape")
    if not isinstance(seq, int) or type(seq) is bool or not 1 <= seq <= WHOLE_NUMBER_MAX:
        raise NotAMessage("message.wrong_shape")
    return Place(command_id=command_id, lane=_text(said, "lane", 40), seq=seq)


def _read_records(said: Any) -> tuple[Record, ...]:  # noqa: ANN401 - any JSON value
    """Read a page's records without a schema for each, because a first page has thousands."""
    if not isinstance(said, list):
        raise NotAMessage("message.wrong_shape")
    return tuple(map(_read_record, said))


def _read_record(said: Any) -> Record:  # noqa: ANN401 - a value of any kind
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


def _each(kind: Callable[..., Any], items: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a value of any kind
    """Make one value of a kind from each dictionary."""
    return tuple(kind(**item) for item in items)
