"""Which device speaks: its signature checked over every byte that matters, once, and at the right time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import Request
from sqlalchemy import Connection, Row, bindparam, func, select, text, update
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from server.access.device_commands import read_key
from server.access.tables import DeviceRow, RolePermissionRow, UserRoleRow, UserRow
from server.spine.database import db
from server.spine.tables import Id
from shared.catalogue import mark
from shared.commands import Actor
from shared.errors import REFUSALS, RuleBroken, register
from sync import signatures
from sync.signatures import Signed

_SEEN_AGAIN = timedelta(seconds=30)

TOO_LARGE = "message.too_large"
"""The office's refusal (413) of a request that brings more than it may."""

OFFSET_SECONDS_MAX = 2_000_000_000
"""The most a device's clock is said to be wrong by, either way: more than sixty years."""

register(
    {
        TOO_LARGE: mark("This request is larger than the office takes: update the device"),
        "signature.wrong": mark("This request was not signed by the device it names"),
        "signature.repeated": mark("This request has been sent before"),
        "device.unknown": mark("The office does not know this device: enrol it again"),
    }
)


class DeviceRefused(Exception):  # noqa: N818 - what the office says to the device
    """A device's request that goes no further: a code it understands, and a status.

    `device_id` names the device when it is one of ours.
    """

    def __init__(self, code: str, status: int = 401, device_id: str | None = None) -> None:
        self.sentence = REFUSALS[code]
        self.code = code
        self.status = status
        self.device_id = device_id
        super().__init__(code)


@dataclass(frozen=True, kw_only=True)
class DeviceSpeaking:
    """The device at the other end, the officer it speaks for, and whether it still may.

    `state` is pending, active, revoked or suspended (the officer is). Only an active device's
    actor holds any permission, so what another one sends is set aside and never lost.
    """

    device_id: str
    officer_id: str
    officer_name: str
    actor: Actor
    state: str


_ROLES = (
    select(func.array_agg(RolePermissionRow.permission.distinct()))
    .join(UserRoleRow, UserRoleRow.role == RolePermissionRow.role)
    .where(UserRoleRow.user_id == UserRow.user_id)
    .correlate(UserRow)
    .scalar_subquery()
)

_KNOWN = (
    select(
        DeviceRow.device_id,
        DeviceRow.public_key,
        DeviceRow.state,
        DeviceRow.seen_at,
        UserRow.user_id,
        UserRow.name,
        UserRow.active,
        _ROLES.label("permissions"),
    )
    .join(UserRow, UserRow.user_id == DeviceRow.officer_id)
    .where(DeviceRow.key_hash == bindparam("key_hash"))
)
"""A device with its officer and what they may do: everything that is asked of whoever speaks."""


def body_of(request: Request, bytes_max: int, too_large: str = TOO_LARGE) -> bytes:
    """Read no more of a request than it may bring; one that brings more is refused."""
    request.max_content_length = bytes_max
    try:
        return request.get_data(cache=True)
    except RequestEntityTooLarge as error:
        raise DeviceRefused(too_large, 413) from error


def device_of(request: Request, body: bytes, now: datetime) -> DeviceSpeaking:
    """Say which device signed this request; raises DeviceRefused when none that is known did.

    Each statement is a transaction of its own, because none depends on another, and goes past the
    mapper, which would take as long as all the rest: every request of every device passes here.
    """
    signed = read_signature(request, body)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        device = connection.execute(_KNOWN, {"key_hash": _fingerprint(signed)}).one_or_none()
        if device is None:
            raise DeviceRefused("device.unknown")
        device_id: str = device.device_id
        try:
            check_signature(request, signed, device.public_key)
            ahead_seconds = signed.parameters.created - round(now.timestamp())
            timely = abs(ahead_seconds) <= signatures.SKEW_SECONDS_MAX
            if timely:
                use_nonce(connection, device_id, signed, now, durably=False)
        except DeviceRefused as refusal:
            refusal.device_id = device_id
            raise
        _note_contact(connection, device, None if timely else ahead_seconds, now)
    if not timely:
        raise DeviceRefused(signatures.STALE, device_id=device_id)
    return _speaking(device)


def check_enrolling_key(request: Request, body: bytes, public_key: bytes, now: datetime) -> Signed:
    """Check that a request to enrol was signed, once and now, by the key it brings."""
    signed = read_signature(request, body)
    if signed.parameters.keyid != signatures.key_id(public_key):
        raise DeviceRefused("signature.wrong")
    check_signature(request, signed, public_key)
    ahead_seconds = signed.parameters.created - round(now.timestamp())
    if abs(ahead_seconds) > signatures.SKEW_SECONDS_MAX:
        raise DeviceRefused(signatures.STALE)
    return signed


def note_clock(session: Session, device_id: str, wall_at: datetime, now: datetime) -> None:
    """Keep how far ahead of the office's clock the device's own clock was."""
    session.execute(
        update(DeviceRow)
        .where(DeviceRow.device_id == device_id)
        .values(clock_offset_seconds=_kept_offset((wall_at - now).total_seconds()))
    )


def _kept_offset(seconds: float) -> int:
    """Give how wrong a clock is as its column holds it, which is a lifetime at most."""
    return max(-OFFSET_SECONDS_MAX, min(OFFSET_SECONDS_MAX, round(seconds)))


def read_signature(request: Request, body: bytes) -> Signed:
    """Read the signature's headers and hold the body against its digest."""
    names = ("Signature-Input", "Signature", "Content-Digest")
    if any(len(request.headers.getlist(name)) != 1 for name in names):
        raise DeviceRefused("signature.unreadable")
    try:
        signed = signatures.parse({name: request.headers[name] for name in names})
        signatures.check_digest(signed.digest, body)
    except RuleBroken as refusal:
        raise DeviceRefused(refusal.code) from refusal
    return signed


def check_signature(request: Request, signed: Signed, public_key: bytes) -> None:
    """Hold the signature against the key, over the address as it was sent, letter by letter."""
    method, target_uri = _as_sent(request)
    try:
        base = signatures.signature_base(method, target_uri, signed.digest, signed.parameters)
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed.signature, base)
    except (RuleBroken, InvalidSignature, ValueError) as refusal:
        raise DeviceRefused("signature.wrong") from refusal


def _as_sent(request: Request) -> tuple[str, str]:
    """Give the method and the address letter by letter, as the server that took them passes on.

    What would mean the same but is written otherwise is not what was signed.
    """
    sent = request.environ
    path: str = sent.get("REQUEST_URI") or sent.get("RAW_URI") or request.full_path.rstrip("?")
    if not path.startswith("/") or sent["REQUEST_METHOD"] != request.method:
        raise DeviceRefused("signature.unreadable")
    return request.method, f"{request.scheme}://{request.host}{path}"


def _fingerprint(signed: Signed) -> bytes:
    """Read the key's SHA-256 back from its id, which the profile has checked for length."""
    return read_key(signed.parameters.keyid) or b""


_USE_NONCE = text(
    """WITH forgotten AS (
           DELETE FROM nonce WHERE device_id = :device_id AND seen_at < :before
       )
       INSERT INTO nonce (device_id, nonce, seen_at)
       SELECT :device_id, :nonce, :now
       FROM (SELECT set_config('synchronous_commit', :synchronous, true)) AS quickly
       ON CONFLICT DO NOTHING RETURNING nonce"""
).bindparams(bindparam("device_id", type_=Id))
"""Forgets old nonces and keeps this one, in one statement."""


def use_nonce(
    doer: Session | Connection,
    device_id: str,
    signed: Signed,
    now: datetime,
    *,
    durably: bool = True,
) -> None:
    """Let a nonce be used once; of the same one sent twice at once, one waits and is refused.

    Where it is not kept `durably`, the answer does not wait for the disk: a loss of power may forget
    the nonces of the last half second. What would be sent again with one has its answer already.
    """
    added = doer.scalar(
        _USE_NONCE,
        {
            "device_id": device_id,
            "nonce": signed.parameters.nonce,
            "now": now,
            "before": now - timedelta(seconds=signatures.NONCE_SECONDS),
            "synchronous": "on" if durably else "off",
        },
    )
    if added is None:
        raise DeviceRefused("signature.repeated")


def _note_contact(
    connection: Connection, device: Row[Any], ahead_seconds: int | None, now: datetime
) -> None:
    """Note that the device was heard, and its clock when it is wrong enough to be refused for."""
    seen = device.seen_at is None or now - device.seen_at >= _SEEN_AGAIN
    values: dict[str, object] = {"seen_at": now} if seen else {}
    if ahead_seconds is not None:
        values["clock_offset_seconds"] = _kept_offset(ahead_seconds)
    if values:
        connection.execute(
            update(DeviceRow).where(DeviceRow.device_id == device.device_id).values(values)
        )


def _speaking(device: Row[Any]) -> DeviceSpeaking:
    state = device.state
    if state == "active" and not device.active:
        state = "suspended"
    may = frozenset(device.permissions or ()) if state == "active" else frozenset[str]()
    return DeviceSpeaking(
        device_id=device.device_id,
        officer_id=device.user_id,
        officer_name=device.name,
        actor=Actor(user_id=device.user_id, permissions=may, device_id=device.device_id),
        state=state,
    )
