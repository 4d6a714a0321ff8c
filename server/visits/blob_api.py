"""Where devices send the bytes of photographs: tus over signed requests, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import format_datetime
from types import MappingProxyType

from flask import Blueprint, Response, request
from sqlalchemy.orm import Session
from werkzeug.exceptions import RequestEntityTooLarge

from server.access.device_requests import DeviceRefused, DeviceSpeaking, device_of
from server.spine import clock
from server.spine.database import db
from server.spine.permissions import Opening, needs
from server.visits import blobs
from server.visits.blobs import Elsewhere, Part, Upload, Wanted
from shared.errors import RuleBroken
from shared.schemas import canonical
from shared.values import is_id
from sync.blobs import (
    BLOB_PATH,
    OFFSET,
    PART_BYTES,
    PART_TOO_LARGE,
    PART_TYPE,
    REFUSED_HEADER,
    STATUSES,
    TUS_VERSION,
    TYPE,
    UNKNOWN,
    VERSION,
    Unreadable,
    address_of,
    capabilities,
    check_checksum,
    read_metadata,
    read_number,
    write_metadata,
)

blob_api = Blueprint("blobs", __name__)

_Act = Callable[[Session, DeviceSpeaking, bytes], Response]


class _NotHeard(Exception):  # noqa: N818 - what the office says to the device
    """A request that goes no further, before anything of an upload is looked at."""

    def __init__(self, code: str, status: int | None = None) -> None:
        self.code = code
        self.status = status or STATUSES[code]
        super().__init__(code)


@blob_api.route(BLOB_PATH, methods=["OPTIONS"], provide_automatic_options=False)
@blob_api.route(f"{BLOB_PATH}/<_upload>", methods=["OPTIONS"], provide_automatic_options=False)
@needs(Opening.DEVICE)
def say_what_is_spoken(_upload: str = "") -> Response:
    """Say which tus is spoken here; it is the same for everybody, so nobody has to sign for it."""
    return _answer(204, **capabilities())


@blob_api.route(BLOB_PATH, methods=["POST"], provide_automatic_options=False)
@needs(Opening.DEVICE)
def begin() -> Response:
    """Give a photograph that was recorded an address to be sent to."""

    def act(session: Session, speaking: DeviceSpeaking, body: bytes) -> Response:
        if body:
            raise Unreadable  # creation with a first part is not spoken here
        wanted = Wanted(
            upload_id=clock.new_id(),
            digest=read_metadata(request.headers.get("Upload-Metadata")),
            size_bytes=read_number(request.headers.get("Upload-Length")),
        )
        upload = blobs.begin(session, speaking.officer_id, speaking.device_id, wanted, clock.now())
        return _answer(201, Location=address_of(upload.upload_id), **_standing(upload))

    return _spoken(act)


@blob_api.route(f"{BLOB_PATH}/<upload>", methods=["HEAD"], provide_automatic_options=False)
@needs(Opening.DEVICE)
def say_how_far(upload: str) -> Response:
    """Say how far an upload has come."""

    def act(session: Session, speaking: DeviceSpeaking, _body: bytes) -> Response:
        found = blobs.stands(session, speaking.device_id, _id(upload), clock.now())
        return _answer(
            200,
            **{
                "Upload-Length": str(found.size_bytes),
                "Upload-Metadata": write_metadata(found.digest),
                **_standing(found),
            },
        )

    return _spoken(act)


@blob_api.route(f"{BLOB_PATH}/<upload>", methods=["PATCH"], provide_automatic_options=False)
@needs(Opening.DEVICE)
def take_part(upload: str) -> Response:
    """Take a part of a photograph in, on disk before it is acknowledged."""

    def act(session: Session, speaking: DeviceSpeaking, body: bytes) -> Response:
        if request.mimetype != PART_TYPE:
            raise Unreadable(TYPE)
        part = Part(start=read_number(request.headers.get("Upload-Offset")), body=body)
        check_checksum(request.headers.get("Upload-Checksum"), body)
        taken = blobs.take(session, speaking.device_id, _id(upload), part, clock.now())
        if taken.refused:
            return _refused(taken.refused)
        return _answer(204, **_standing(taken.upload))

    return _spoken(act)


@blob_api.route(f"{BLOB_PATH}/<upload>", methods=["DELETE"], provide_automatic_options=False)
@needs(Opening.DEVICE)
def end(upload: str) -> Response:
    """Forget an upload that its device gave up."""

    def act(session: Session, speaking: DeviceSpeaking, _body: bytes) -> Response:
        blobs.end(session, speaking.device_id, _id(upload), clock.now())
        return _answer(204)

    return _spoken(act)


def _spoken(act: _Act) -> Response:
    """Do what a device asks, whole or not at all, and on disk before it is answered."""
    try:
        speaking, body = _heard()
        with db.session.session_factory() as session, session.begin():
            return act(session, speaking, body)
    except _NotHeard as refusal:
        return _refused(refusal.code, status=refusal.status)
    except Elsewhere as elsewhere:
        return _refused(OFFSET, standing=_standing(elsewhere.upload))
    except (RuleBroken, Unreadable) as refusal:
        return _refused(refusal.code)


def _heard() -> tuple[DeviceSpeaking, bytes]:
    """Read no more than a part, and say which device that may speak signed it."""
    request.max_content_length = PART_BYTES
    try:
        body = request.get_data(cache=True)
        speaking = device_of(request, body, clock.now())
    except RequestEntityTooLarge:
        raise _NotHeard(PART_TOO_LARGE) from None
    except DeviceRefused as refusal:
        raise _NotHeard(refusal.code, refusal.status) from refusal
    if speaking.state != "active":
        raise _NotHeard(f"device.{speaking.state}", 401)
    if request.headers.get("Tus-Resumable") != TUS_VERSION:
        raise _NotHeard(VERSION)
    return speaking, body


def _id(upload: str) -> str:
    """Read the id out of an address; what cannot be one is unknown."""
    if not is_id(upload):
        raise RuleBroken(UNKNOWN)
    return upload


def _standing(upload: Upload) -> dict[str, str]:
    """Write how far an upload has come, and until when it may go on."""
    standing = {"Upload-Offset": str(upload.received_bytes)}
    if upload.received_bytes < upload.size_bytes:
        expires_at = upload.expires_at.astimezone(UTC)
        standing["Upload-Expires"] = format_datetime(expires_at, usegmt=True)
    return standing


def _answer(status: int, **headers: str) -> Response:
    """Answer as tus does: all that is said is said in headers."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    if request.method != "OPTIONS":
        response.headers["Tus-Resumable"] = TUS_VERSION
    response.headers.update(headers)
    return response


def _refused(
    code: str, *, status: int | None = None, standing: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Refuse with a code the device understands, in a header and for people in the body too."""
    response = _answer(status or STATUSES[code], **standing)
    response.headers[REFUSED_HEADER] = code
    if code == VERSION:
        response.headers["Tus-Version"] = TUS_VERSION
    response.content_type = "application/json"
    response.data = canonical({"code": code})
    return response
