"""The bytes of photographs: taken in part by part, and kept only when all of them are what was said.

Parts are the office's own bookkeeping of an upload, not something that happened to a case: the visit
and its photograph came through the one door before any byte of it does.
"""

from __future__ import annotations

import hashlib
import logging
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO

from PIL import Image
from sqlalchemy import ColumnElement, and_, delete, func, literal, select
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.orm import Session

from server.spine.tables import CaseAccessRow
from server.visits.tables import (
    LOST,
    BlobPartRow,
    BlobRefusalRow,
    BlobRow,
    BlobUploadRow,
    PhotographRow,
)
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.blobs import (
    CHECKSUM,
    CHECKSUM_UNKNOWN,
    DAMAGED,
    EXPIRES_SECONDS,
    GONE,
    NOT_A_PICTURE,
    OFFSET,
    PART_BYTES,
    PART_TOO_LARGE,
    PARTS,
    PARTS_MAX,
    SIZE,
    SIZE_MAX,
    TOO_LARGE,
    TYPE,
    UNKNOWN,
    UNREADABLE,
    UPLOADS_MAX,
    VERSION,
)

logger = logging.getLogger(__name__)

PIXELS_MAX = 4_000_000
"""Pixels a photograph may have; devices send at most 1,600 by 1,600."""

SWEPT_MAX = 1_000
"""Uploads one sweep forgets; the next takes the others."""

register(
    {
        UNKNOWN: mark("The office knows no visit with this photograph: send the visit first"),
        GONE: mark("This upload has ended: send the photograph again from its beginning"),
        OFFSET: mark("The office stands at another place of this photograph: go on from there"),
        CHECKSUM: mark("This part arrived damaged: send it again"),
        CHECKSUM_UNKNOWN: mark("Check a part by sha1 or sha256"),
        DAMAGED: mark("The photograph arrived damaged: all of it has to be sent again"),
        SIZE: mark("This photograph has another size than its visit says: take it again"),
        NOT_A_PICTURE: mark("The office cannot keep this photograph: it is not a plain JPEG"),
        TOO_LARGE: mark("This photograph is larger than any the office keeps: take it again"),
        PART_TOO_LARGE: mark("Send a photograph in parts of 256 KiB or less"),
        PARTS: mark("This photograph came in too many parts: send it again in larger ones"),
        VERSION: mark("The office speaks version 1.0.0 of the tus protocol: update the device"),
        TYPE: mark("Send a part as application/offset+octet-stream"),
        UNREADABLE: mark("The office could not read what was said of this photograph"),
    }
)

_END = b"\xff\xd9"
"""Where a picture ends; the tables and pixels that devices write never hold these two bytes."""

_JFIF, _ADOBE = "APP0", "APP14"


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One way a photograph comes in: how far it has come, and until when it may go on."""

    upload_id: str
    digest: str
    size_bytes: int
    received_bytes: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a device asks an address for, and the id it will have."""

    upload_id: str
    digest: str
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a photograph, and the place it begins at."""

    start: int
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What became of a part: where its upload stands now, or why all of it was discarded."""

    upload: Upload
    refused: str = ""


def begin(
    session: Session, officer_id: str, device_id: str, wanted: Wanted, now: datetime
) -> Upload:
    """Give a photograph an address to be sent to; the whole at once if this device has brought it.

    Whether another device brought the same photograph is never told: its bytes have to be shown.
    """
    if wanted.size_bytes > SIZE_MAX:
        raise RuleBroken(TOO_LARGE)
    expected = sizes_recorded(session, officer_id, wanted.digest)
    if not expected:
        raise RuleBroken(UNKNOWN)
    if wanted.size_bytes not in expected:
        raise RuleBroken(SIZE)
    refused = session.scalar(
        select(BlobRefusalRow.code).where(
            BlobRefusalRow.digest == wanted.digest, ~BlobRefusalRow.code.startswith(LOST)
        )
    )
    if refused is not None:
        raise RuleBroken(refused)
    brought = session.scalar(
        select(BlobUploadRow)
        .where(_of(device_id, wanted.digest), BlobUploadRow.finished_at.is_not(None))
        .limit(1)
    )
    if brought is not None:
        return _upload(brought)
    _make_room(session, device_id, wanted.digest)
    row = BlobUploadRow(
        upload_id=wanted.upload_id,
        device_id=device_id,
        digest=wanted.digest,
        size_bytes=wanted.size_bytes,
        received_bytes=0,
        parts=0,
        begun_at=now,
        expires_at=_expires_at(now),
    )
    session.add(row)
    session.flush()
    return _upload(row)


def stands(session: Session, device_id: str, upload_id: str, now: datetime) -> Upload:
    """Say how far an upload of this device has come."""
    return _upload(_found(session, device_id, upload_id, now))


def take(session: Session, device_id: str, upload_id: str, part: Part, now: datetime) -> Taken:
    """Take one part in where the office stands, and with the last one keep the whole or discard it.

    The caller commits before it answers, so that a part that was acknowledged is on disk.
    """
    row = _found(session, device_id, upload_id, now, locked=True)
    if part.start != row.received_bytes:
        raise Elsewhere(_upload(row))
    if len(part.body) > PART_BYTES or part.start + len(part.body) > row.size_bytes:
        raise RuleBroken(PART_TOO_LARGE)
    if not part.body:
        return Taken(upload=_upload(row))
    if row.parts >= PARTS_MAX:
        session.delete(row)
        return Taken(upload=_upload(row), refused=PARTS)
    session.add(BlobPartRow(upload_id=upload_id, start=part.start, body=part.body))
    row.received_bytes += len(part.body)
    row.parts += 1
    row.expires_at = _expires_at(now)
    session.flush()
    if row.received_bytes < row.size_bytes:
        return Taken(upload=_upload(row))
    return _finish(session, row, now)


def end(session: Session, device_id: str, upload_id: str, now: datetime) -> None:
    """Forget an unfinished upload because its device gave it up; what is whole stays."""
    row = _found(session, device_id, upload_id, now, locked=True)
    if row.finished_at is None:
        session.delete(row)


def sweep(session: Session, now: datetime) -> int:
    """Forget unfinished uploads nobody went on with in time, and say how many."""
    old = (
        select(BlobUploadRow.upload_id)
        .where(BlobUploadRow.finished_at.is_(None), BlobUploadRow.expires_at <= now)
        .order_by(BlobUploadRow.expires_at)
        .limit(SWEPT_MAX)
        .with_for_update(skip_locked=True)
    )
    gone = session.scalars(
        delete(BlobUploadRow)
        .where(BlobUploadRow.upload_id.in_(old))
        .returning(BlobUploadRow.upload_id)
    )
    return len(gone.all())


class Elsewhere(Exception):  # noqa: N818 - it says where the office stands
    """A part does not begin where the office stands."""

    def __init__(self, upload: Upload) -> None:
        self.upload = upload
        super().__init__(OFFSET)


def sizes_recorded(session: Session, officer_id: str, digest: str) -> set[int]:
    """Say how large a photograph is that was recorded in a case this officer has or had."""
    return set(
        session.scalars(
            select(PhotographRow.size_bytes)
            .join(CaseAccessRow, CaseAccessRow.case_id == PhotographRow.case_id)
            .where(PhotographRow.photograph_id == digest, CaseAccessRow.officer_id == officer_id)
        )
    )


def is_known_of(session: Session, device_id: str, digest: str) -> bool:
    """Tell whether this device has brought a photograph, so that nothing more of it is needed."""
    brought = _of(device_id, digest) & BlobUploadRow.finished_at.is_not(None)
    return session.scalar(select(BlobUploadRow.upload_id).where(brought).limit(1)) is not None


def keep_whole(session: Session, by: Wanted, device_id: str, body: bytes, now: datetime) -> bool:
    """Keep a photograph that came whole another way, if it is what it is named by; else keep nothing."""
    named = hashlib.sha256(body).hexdigest() == by.digest and len(body) == by.size_bytes
    if not named or not is_plain_jpeg(body):
        return False
    session.execute(
        insert(BlobRow)
        .values(digest=by.digest, size_bytes=by.size_bytes, received_at=now, body=body)
        .on_conflict_do_nothing()
    )
    session.add(
        BlobUploadRow(
            upload_id=by.upload_id,
            device_id=device_id,
            digest=by.digest,
            size_bytes=by.size_bytes,
            received_bytes=by.size_bytes,
            parts=0,
            begun_at=now,
            expires_at=_expires_at(now),
            finished_at=now,
        )
    )
    session.flush()
    return True


def _make_room(session: Session, device_id: str, digest: str) -> None:
    """Forget what this device began of the same photograph, and of others what lay longest."""
    unfinished = (BlobUploadRow.device_id == device_id) & BlobUploadRow.finished_at.is_(None)
    session.execute(delete(BlobUploadRow).where(unfinished, BlobUploadRow.digest == digest))
    latest = (
        select(BlobUploadRow.upload_id)
        .where(unfinished)
        .order_by(BlobUploadRow.expires_at.desc(), BlobUploadRow.upload_id)
        .offset(UPLOADS_MAX - 1)
    )
    session.execute(delete(BlobUploadRow).where(BlobUploadRow.upload_id.in_(latest)))


def _found(
    session: Session, device_id: str, upload_id: str, now: datetime, *, locked: bool = False
) -> BlobUploadRow:
    """Find an upload of this device; another's is as unknown as none."""
    wanted = select(BlobUploadRow).where(
        BlobUploadRow.upload_id == upload_id, BlobUploadRow.device_id == device_id
    )
    row = session.scalar(wanted.with_for_update() if locked else wanted)
    if row is None:
        raise RuleBroken(UNKNOWN)
    if row.finished_at is None and row.expires_at <= now:
        raise RuleBroken(GONE)
    return row


def _finish(session: Session, row: BlobUploadRow, now: datetime) -> Taken:
    """Keep the whole if it matches its name and is a plain picture; else discard all of it."""
    upload = _upload(row)
    body = _whole(session, row.upload_id)
    if hashlib.sha256(body.getbuffer()).hexdigest() != row.digest:
        session.delete(row)
        return Taken(upload=upload, refused=DAMAGED)
    if not is_plain_jpeg(body.getvalue()):
        logger.warning("a photograph was refused", extra={"code": NOT_A_PICTURE})
        session.execute(
            insert(BlobRefusalRow)
            .values(digest=row.digest, code=NOT_A_PICTURE, refused_at=now)
            .on_conflict_do_nothing()
        )
        session.delete(row)
        return Taken(upload=upload, refused=NOT_A_PICTURE)
    _publish(session, row, now)
    return Taken(upload=upload)


def _whole(session: Session, upload_id: str) -> BytesIO:
    """Put the parts together, one in memory beside the whole at a time."""
    parts = session.execute(
        select(BlobPartRow.body)
        .where(BlobPartRow.upload_id == upload_id)
        .order_by(BlobPartRow.start)
        .execution_options(yield_per=1)
    )
    whole = BytesIO()
    for (part,) in parts:
        whole.write(part)
    return whole


def _publish(session: Session, row: BlobUploadRow, now: datetime) -> None:
    """Have the database put the parts together, so that the whole does not travel back to it."""
    together = func.string_agg(
        BlobPartRow.body, aggregate_order_by(literal(b""), BlobPartRow.start)
    )
    parts = select(literal(row.digest), literal(row.size_bytes), literal(now), together).where(
        BlobPartRow.upload_id == row.upload_id
    )
    session.execute(
        insert(BlobRow)
        .from_select(["digest", "size_bytes", "received_at", "body"], parts)
        .on_conflict_do_nothing()
    )
    session.execute(delete(BlobPartRow).where(BlobPartRow.upload_id == row.upload_id))
    row.finished_at = now


def _upload(row: BlobUploadRow) -> Upload:
    return Upload(
        upload_id=row.upload_id,
        digest=row.digest,
        size_bytes=row.size_bytes,
        received_bytes=row.received_bytes,
        expires_at=row.expires_at,
    )


def _of(device_id: str, digest: str) -> ColumnElement[bool]:
    return and_(BlobUploadRow.device_id == device_id, BlobUploadRow.digest == digest)


def _expires_at(now: datetime) -> datetime:
    return now.replace(microsecond=0) + timedelta(seconds=EXPIRES_SECONDS)


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
