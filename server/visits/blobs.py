"""The bytes of photographs: taken in part by part, and kept only when all of them are what was said.

Parts are the office's own bookkeeping of an upload, not something that happened to a case: the visit
and its photograph came through the one door before any byte of it does.
"""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from PIL import Image
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.spine.tables import CaseAccessRow
from server.visits.tables import BlobPartRow, BlobRow, PhotographRow
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from shared.schemas import digest as digest_of
from sync.blobs import DAMAGED, PART_BYTES, UNKNOWN, Held

logger = logging.getLogger(__name__)

PIXELS_MAX = 4_000_000
"""Pixels a photograph may have; devices send at most 1,600 by 1,600."""

NOT_A_PICTURE = "blob.not_a_picture"
TOO_LARGE = "blob.part_too_large"

register(
    {
        UNKNOWN: mark("The office knows no visit with this photograph: send the visit first"),
        DAMAGED: mark("The photograph arrived damaged: all of it has to be sent again"),
        NOT_A_PICTURE: mark("The office cannot keep this photograph: it is not a plain JPEG"),
        TOO_LARGE: mark("Send a photograph in parts of 256 KiB or less"),
    }
)

_END = b"\xff\xd9"
"""Where a picture ends; the tables and pixels that devices write never hold these two bytes."""

_JFIF, _ADOBE = "APP0", "APP14"


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a photograph, and the place it begins at."""

    digest: str
    start: int
    body: bytes


def take(session: Session, officer_id: str, device_id: str, part: Part, now: datetime) -> Held:
    """Take one part in, and say how much is held; an empty part only asks.

    A part that does not begin where the office stands is left alone: the answer says where that is.
    """
    size = _expected(session, officer_id, part.digest)
    if size is None:
        raise RuleBroken(UNKNOWN)
    if session.scalar(select(BlobRow.digest).where(BlobRow.digest == part.digest)):
        return Held(received=size, complete=True)
    if len(part.body) > PART_BYTES:
        raise RuleBroken(TOO_LARGE)
    received = _received(session, part.digest, device_id)
    if part.body and part.start == received:
        session.execute(
            insert(BlobPartRow)
            .values(
                digest=part.digest,
                device_id=device_id,
                start=part.start,
                body=part.body,
                received_at=now,
            )
            .on_conflict_do_nothing()
        )
        received += len(part.body)
    if received < size:
        return Held(received=received, complete=False)
    _publish(session, part.digest, device_id, now)
    return Held(received=size, complete=True)


def _expected(session: Session, officer_id: str, digest: str) -> int | None:
    """Say how large a photograph is that was recorded in a case this officer has or had."""
    return session.scalar(
        select(func.max(PhotographRow.size_bytes))
        .join(CaseAccessRow, CaseAccessRow.case_id == PhotographRow.case_id)
        .where(PhotographRow.photograph_id == digest, CaseAccessRow.officer_id == officer_id)
    )


def _received(session: Session, digest: str, device_id: str) -> int:
    """Say how many bytes are held from the beginning on, without a gap."""
    reached = 0
    for start, length in session.execute(
        select(BlobPartRow.start, func.length(BlobPartRow.body))
        .where(BlobPartRow.digest == digest, BlobPartRow.device_id == device_id)
        .order_by(BlobPartRow.start)
    ):
        if start != reached:
            break
        reached += length
    return reached


def _publish(session: Session, digest: str, device_id: str, now: datetime) -> None:
    """Keep the whole if it matches its name and is a plain picture; else refuse all of it."""
    parts = session.scalars(
        select(BlobPartRow.body)
        .where(BlobPartRow.digest == digest, BlobPartRow.device_id == device_id)
        .order_by(BlobPartRow.start)
    )
    body = b"".join(parts)
    if digest_of(body) != digest:
        raise RuleBroken(DAMAGED)
    if not is_plain_jpeg(body):
        logger.warning("a photograph was refused", extra={"code": NOT_A_PICTURE})
        raise RuleBroken(NOT_A_PICTURE)
    session.execute(
        insert(BlobRow)
        .values(digest=digest, size_bytes=len(body), received_at=now, body=body)
        .on_conflict_do_nothing()
    )
    session.execute(delete(BlobPartRow).where(BlobPartRow.digest == digest))


def forget(session: Session, digest: str, device_id: str) -> None:
    """Drop the parts a device has sent of a photograph."""
    session.execute(
        delete(BlobPartRow).where(BlobPartRow.digest == digest, BlobPartRow.device_id == device_id)
    )


def is_plain_jpeg(body: bytes) -> bool:
    """Tell whether the bytes are one JPEG of bounded size with pixels in it and nothing else.

    Devices write pictures anew from their pixels, so a place, a comment or anything behind the
    end of the picture means that something else made these bytes.
    """
    ends_once = body.endswith(_END) and body.count(_END) == 1
    if not (body.startswith(b"\xff\xd8\xff") and ends_once):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(body), formats=("JPEG",)) as picture:
                width, height = picture.size
                if picture.format != "JPEG" or width * height > PIXELS_MAX:
                    return False
                picture.load()
                told = {name for name, _ in getattr(picture, "applist", [])}
                return told <= {_JFIF, _ADOBE}
    except Exception:  # noqa: BLE001 - a decoder fails on a bad file in more ways than it says
        return False
