"""Sealed photographs: taken in part by part, kept sealed until their visit is here, and only then opened.

What a vault seals when a visit is saved, its keeper brings while the vault is shut, from a lost or
revoked device too. A photograph is put beside its visit once that is recorded, if it opens whole and is
the picture it is named by; what does not open is kept as it came, and nobody is shown a byte of it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import ColumnElement, delete, exists, func, select
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow
from server.sealed_work.tables import SealedPhotographPartRow, SealedPhotographRow
from server.spine import clock
from server.spine.office_box import NotOurs, OfficeBox
from server.spine.tables import CaseAccessRow
from server.visits import blobs
from server.visits.tables import PhotographRow
from shared.catalogue import mark
from shared.errors import register
from shared.schemas import digest
from sync.attachments import (
    COMING,
    SECRET_BYTES,
    TAKEN,
    Bringing,
    SealedPhotograph,
    Tampered,
    info_of,
    open_segments,
    purpose_of,
    read_header,
    read_photograph,
)

PHOTOGRAPHS_MAX = 1_000
"""Sealed photographs of one device that may lie here; a device that brings more is not one of ours."""

COMING_SECONDS = 30 * 24 * 3_600
"""How long one that has not come whole is kept; its device begins again after that."""

OPENED_MAX = 50
"""Photographs one turn opens; the next turn takes the others."""

register({"sealed.too_many_photographs": mark("Too many photographs of this device wait already")})

logger = logging.getLogger(__name__)


class TooMany(Exception):  # noqa: N818 - it says what the request was
    """A device has brought more than can wait here."""


def take(session: Session, device_id: str, bringing: Bringing, now: datetime) -> tuple[str, int]:
    """Take a part in where the office stands, and say how that is now: still coming, or all here.

    Asking about a photograph that this device has brought before, in whatever way, ends it at once.
    """
    if _has(session, device_id, bringing.photograph_id):
        return TAKEN, bringing.size_bytes
    row = _coming(session, device_id, bringing, now)
    if bringing.part and bringing.start == row.received_bytes:
        session.add(
            SealedPhotographPartRow(
                device_id=device_id,
                digest=bringing.digest,
                start=bringing.start,
                body=bringing.part,
            )
        )
        row.received_bytes += len(bringing.part)
        session.flush()
    if row.received_bytes < row.size_bytes:
        return COMING, row.received_bytes
    if digest(_whole(session, row)) != row.digest:
        session.delete(row)
        return COMING, 0
    row.whole_at = now
    return TAKEN, row.size_bytes


def open_waiting(session: Session, box: OfficeBox, now: datetime) -> int:
    """Open what waits here and whose visit is here by now; say how many stand beside theirs."""
    rows = session.execute(
        select(SealedPhotographRow, DeviceRow.officer_id)
        .join(DeviceRow, DeviceRow.device_id == SealedPhotographRow.device_id)
        .where(_waits(), _is_recorded())
        .order_by(SealedPhotographRow.whole_at, SealedPhotographRow.digest)
        .limit(OPENED_MAX)
        .with_for_update(of=SealedPhotographRow, skip_locked=True)
    ).all()
    return sum(_open(session, box, row, officer_id, now) for row, officer_id in rows)


def sweep(session: Session, now: datetime) -> None:
    """Forget what has not come whole in time; its device has it still."""
    old = SealedPhotographRow.begun_at <= now - timedelta(seconds=COMING_SECONDS)
    session.execute(delete(SealedPhotographRow).where(SealedPhotographRow.whole_at.is_(None), old))


def unseal(box: OfficeBox, sealed: SealedPhotograph) -> bytes:
    """Open a sealed photograph, whole or not at all; raises Tampered or NotOurs."""
    secret = box.open(sealed.secret, info_of(sealed.photograph_id, sealed.size_bytes))
    header = read_header(sealed.segments)
    key = HKDF(SHA256(), SECRET_BYTES, header.salt, purpose_of(sealed.photograph_id))
    return open_segments(sealed.segments, AESGCM(key.derive(secret)), InvalidTag)


def _open(
    session: Session, box: OfficeBox, row: SealedPhotographRow, officer_id: str, now: datetime
) -> bool:
    """Put one photograph beside its visit; one that cannot be is kept as it came."""
    try:
        sealed = read_photograph(_whole(session, row))
        body = unseal(box, sealed)
    except (Tampered, NotOurs):
        body = b""
    wanted = blobs.Wanted(upload_id=clock.new_id(), digest=row.photograph_id, size_bytes=len(body))
    sizes = blobs.sizes_recorded(session, officer_id, row.photograph_id)
    if len(body) in sizes and blobs.keep_whole(session, wanted, row.device_id, body, now):
        session.delete(row)
        return True
    if sizes:
        logger.warning("a sealed photograph does not open", extra={"device_id": row.device_id})
        row.unreadable_at = now
    return False


def _has(session: Session, device_id: str, photograph_id: str) -> bool:
    """Tell whether this device has brought a photograph before: sealed, or as any other."""
    here = exists().where(
        SealedPhotographRow.device_id == device_id,
        SealedPhotographRow.photograph_id == photograph_id,
        SealedPhotographRow.whole_at.is_not(None),
        SealedPhotographRow.unreadable_at.is_(None),
    )
    return bool(session.scalar(select(here))) or blobs.is_known_of(
        session, device_id, photograph_id
    )


def _coming(
    session: Session, device_id: str, bringing: Bringing, now: datetime
) -> SealedPhotographRow:
    """Find how far a photograph has come, or begin it."""
    found = session.get(SealedPhotographRow, (device_id, bringing.digest), with_for_update=True)
    if found is not None:
        return found
    lying = select(func.count()).where(SealedPhotographRow.device_id == device_id)
    if (session.scalar(lying) or 0) >= PHOTOGRAPHS_MAX:
        raise TooMany
    row = SealedPhotographRow(
        device_id=device_id,
        digest=bringing.digest,
        photograph_id=bringing.photograph_id,
        size_bytes=bringing.size_bytes,
        received_bytes=0,
        begun_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _whole(session: Session, row: SealedPhotographRow) -> bytes:
    parts = session.scalars(
        select(SealedPhotographPartRow.body)
        .where(
            SealedPhotographPartRow.device_id == row.device_id,
            SealedPhotographPartRow.digest == row.digest,
        )
        .order_by(SealedPhotographPartRow.start)
    )
    return b"".join(parts)


def _waits() -> ColumnElement[bool]:
    whole = SealedPhotographRow.whole_at.is_not(None)
    return whole & SealedPhotographRow.unreadable_at.is_(None)


def _is_recorded() -> ColumnElement[bool]:
    """Choose photographs recorded in a case that the device's own officer has or had."""
    return exists().where(
        PhotographRow.photograph_id == SealedPhotographRow.photograph_id,
        CaseAccessRow.case_id == PhotographRow.case_id,
        CaseAccessRow.officer_id == DeviceRow.officer_id,
    )
