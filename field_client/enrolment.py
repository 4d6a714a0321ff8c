"""How a device comes to belong to an officer: a one-time code, six words to compare, an approval."""

from __future__ import annotations

import base64
import enum
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, cast

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from field_client import clock
from field_client.answers import Answer
from field_client.files import read_private, write_private
from field_client.office_link import OfficeLink, code_of
from field_client.vault.keys import is_signed_by
from shared.errors import RuleBroken
from shared.schemas import canonical
from shared.words import words_to_compare
from sync.sealed import key_statement
from sync.shapes import SEAL_CHARACTERS_MAX
from sync.wipes import WipeOrder, WipeOrderSchema, read_order

ENROL_PATH = "/device/v1/enrol"
"""Where the office takes a code and a new device's key."""

STATE_PATH = "/device/v1/state"
"""Where the office says how it sees this device."""

DEVICE_NAME_MAX = 80
"""Characters a device's name may have."""

PLATFORM_MAX = 80
"""Characters that say what the device runs."""

_CODE = re.compile(r"\A[0-9A-HJKMNP-TV-Z]{8}\Z", re.ASCII)
_MEANT = str.maketrans("OIL", "011")
_RECEIPT_KEY = r"\A([A-Za-z0-9_-]{43})?\Z"
_SUCCESS = frozenset({200, 201})
_CODE_REFUSED = "enrolment.refused"


class State(enum.Enum):
    """How the office sees this device."""

    PENDING = "pending"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What the office and this device have settled so far."""

    office_address: str
    device_id: str
    device_name: str
    words: tuple[str, ...]
    state: State
    officer_id: str = ""
    officer_name: str = ""
    office_name: str = ""
    fictional: bool = False
    receipt_key: str = ""
    sealing_key: str = ""


class _Text(fields.String):
    """A short text of the office's that is shown to the officer."""

    def __init__(self, characters_max: int) -> None:
        super().__init__(required=True, validate=validate.Length(min=1, max=characters_max))


class _EnrolledSchema(Schema):
    device_id = _Text(64)
    ticket_id = fields.String(required=True, validate=validate.Regexp(r"\A[!-~]{1,64}\Z"))
    office_key = fields.String(required=True, validate=validate.Regexp(r"\A[A-Za-z0-9_-]{43}\Z"))
    receipt_key = fields.String(load_default="", validate=validate.Regexp(_RECEIPT_KEY))
    state = fields.Enum(State, by_value=True, required=True)
    office = fields.Nested(lambda: _OfficeSchema(unknown=EXCLUDE), required=True)


class _OfficerSchema(Schema):
    id = fields.String(required=True, validate=validate.Regexp(r"\A[0-9A-Za-z-]{1,64}\Z"))
    name = _Text(200)


class _OfficeSchema(Schema):
    name = _Text(200)
    fictional = fields.Boolean(required=True)


class _SealingKeySchema(Schema):
    key = fields.String(required=True, validate=validate.Regexp(_RECEIPT_KEY))
    signature = _Text(SEAL_CHARACTERS_MAX)


class _StateSchema(Schema):
    state = fields.Enum(State, by_value=True, required=True)
    receipt_key = fields.String(load_default="", validate=validate.Regexp(_RECEIPT_KEY))
    sealing_key = fields.Nested(
        _SealingKeySchema(unknown=EXCLUDE), load_default=None, allow_none=True
    )
    wipe = fields.Nested(WipeOrderSchema, load_default=None, allow_none=True)
    officer = fields.Nested(_OfficerSchema(unknown=EXCLUDE), load_default=None, allow_none=True)
    office = fields.Nested(_OfficeSchema(unknown=EXCLUDE), load_default=None, allow_none=True)


class _EnrolmentSchema(Schema):
    office_address = _Text(300)
    device_id = _Text(64)
    device_name = _Text(DEVICE_NAME_MAX)
    words = fields.List(fields.String(), required=True)
    state = fields.Enum(State, by_value=True, required=True)
    officer_id = fields.String(required=True)
    officer_name = fields.String(required=True)
    office_name = fields.String(required=True)
    fictional = fields.Boolean(required=True)
    receipt_key = fields.String(load_default="", validate=validate.Regexp(_RECEIPT_KEY))
    sealing_key = fields.String(load_default="", validate=validate.Regexp(_RECEIPT_KEY))


def read_code(typed: str) -> str:
    """Read a code as people type it: in any case, spaced or not, O for 0, I and L for 1."""
    code = re.sub(r"[\s-]", "", typed).upper().translate(_MEANT)
    if not code:
        raise RuleBroken("code.missing", field="code")
    if not _CODE.fullmatch(code):
        raise RuleBroken("code.unreadable", field="code")
    return code


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What a device says of itself when it asks to belong to an officer."""

    office_address: str
    code: str
    device_name: str
    platform: str
    public_key: bytes
    tablet_id: str = ""
    """What tells the office that devices of several officers are one piece of hardware."""


def ask(link: OfficeLink, asking: Asking) -> Enrolment:
    """Ask the office to take this device, with the code an officer was given.

    The words are worked out here from what this device holds, because words that were only
    sent would agree whoever stood in between. Asking again with the same key and code is safe.
    """
    key = base64.urlsafe_b64encode(asking.public_key).decode("ascii").rstrip("=")
    said = {
        "code": asking.code,
        "public_key": key,
        "device_name": asking.device_name,
        "platform": asking.platform[:PLATFORM_MAX],
    }
    if asking.tablet_id:
        said["tablet_id"] = asking.tablet_id
    answer = link.post(ENROL_PATH, canonical(said))
    if answer.status not in _SUCCESS:
        raise _refusal(answer)
    enrolled = _read(_EnrolledSchema(unknown=EXCLUDE), answer)
    receipt_key = enrolled["receipt_key"]
    office_key = base64.urlsafe_b64decode(enrolled["office_key"] + "=")
    if receipt_key:
        office_key += base64.urlsafe_b64decode(receipt_key + "=")
    return Enrolment(
        office_address=asking.office_address,
        device_id=enrolled["device_id"],
        device_name=asking.device_name,
        words=words_to_compare(asking.public_key, enrolled["ticket_id"], office_key),
        state=enrolled["state"],
        office_name=enrolled["office"]["name"],
        fictional=enrolled["office"]["fictional"],
        receipt_key=receipt_key,
    )


def ask_state(link: OfficeLink, enrolment: Enrolment) -> Enrolment:
    """Ask how the office sees this device now, and take what it says."""
    return check_in(link, enrolment)[0]


def check_in(link: OfficeLink, enrolment: Enrolment) -> tuple[Enrolment, WipeOrder | None]:
    """Ask how the office sees this device now, and whether it is to erase itself.

    An order counts only in the office's own hand and for this device. A device that was enrolled
    before its office signed receipts is given the key here, once: what
    is pinned is never replaced.
    """
    answer = link.post(STATE_PATH, canonical({"wall_at": clock.now().isoformat()}))
    if answer.status not in _SUCCESS:
        if code_of(answer) == "device.revoked":
            return replace(enrolment, state=State.REVOKED), None
        raise _refusal(answer)
    said = _read(_StateSchema(unknown=EXCLUDE), answer)
    officer, office = said["officer"] or {}, said["office"] or {}
    receipt_key = enrolment.receipt_key or said["receipt_key"]
    if said["state"] is State.ACTIVE and not (officer and office):
        raise RuleBroken("office.not_the_office")
    told = replace(
        enrolment,
        state=said["state"],
        officer_id=officer.get("id", enrolment.officer_id),
        officer_name=officer.get("name", enrolment.officer_name),
        office_name=office.get("name", enrolment.office_name),
        fictional=office.get("fictional", enrolment.fictional),
        receipt_key=receipt_key,
        sealing_key=_signed_key(receipt_key, said["sealing_key"]) or enrolment.sealing_key,
    )
    return told, _order(told, said["wipe"])


def _order(told: Enrolment, said: Mapping[str, Any] | None) -> WipeOrder | None:
    """Take an order to erase only from the office this device knows, and only if it is for this device."""
    order = read_order(said) if said else None
    if order is None or order.device_id != told.device_id or not told.receipt_key:
        return None
    return order if is_signed_by(told.receipt_key, order.statement, order.signature) else None


def _signed_key(receipt_key: str, told: Mapping[str, str] | None) -> str:
    """Take the key that copies are sealed to only from the office this device knows by its signature."""
    if told is None or not receipt_key:
        return ""
    signed = is_signed_by(receipt_key, key_statement(told["key"]), told["signature"])
    return told["key"] if signed else ""


def save(path: Path, enrolment: Enrolment) -> None:
    """Keep what was settled, for the next start."""
    write_private(path, canonical({**asdict(enrolment), "state": enrolment.state.value}))


def load(path: Path) -> Enrolment | None:
    """Read what was settled, or None on a device that never asked."""
    if not path.exists():
        return None
    try:
        content = _EnrolmentSchema(unknown=RAISE).load(json.loads(read_private(path)))
    except (ValueError, RecursionError, ValidationError):
        raise RuleBroken("device.damaged") from None
    known = cast(dict[str, Any], content)
    return Enrolment(**{**known, "words": tuple(known["words"])})


def _read(schema: Schema, answer: Answer) -> Mapping[str, Any]:
    try:
        return cast(Mapping[str, Any], schema.load(json.loads(answer.body)))
    except (ValueError, RecursionError, ValidationError):
        raise RuleBroken("office.not_the_office") from None


def _refusal(answer: Answer) -> RuleBroken:
    """Say in our own words what the office said no to; only its code is looked at."""
    code = code_of(answer)
    if code == _CODE_REFUSED:
        return RuleBroken("code.refused", field="code")
    if answer.status == 429:  # noqa: PLR2004 - HTTP's own number
        return RuleBroken("code.too_many_tries", field="code")
    if answer.status >= 500:  # noqa: PLR2004 - HTTP's own number
        return RuleBroken("office.unreachable")
    return RuleBroken("office.refused")
