"""Files that wait to be taken in: kept with how they are to be read, for a day at most.

They are a person's unfinished work and not facts about anyone's account, so they are written here and
not through the door; what is done with one is an import, and that is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from server.interop.tables import ImportFileRow, ImportRejectRow, ImportUploadRow
from shared.catalogue import mark
from shared.errors import RuleBroken, register

KEPT_FOR = timedelta(days=1)
"""How long a file is kept that nobody takes in."""

REJECTS_KEPT_FOR = timedelta(days=28)
"""How long the rows that were not taken are kept, for somebody to mend them."""

HEAD_BYTES = 256 * 1024
"""Bytes from the beginning of a file that are enough to show how it would be read."""

register(
    {
        "upload.gone": mark("This file is no longer kept: choose it again"),
        "upload.unread": mark("Say first how the file is to be read"),
    }
)


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that waits, without its bytes."""

    upload_id: str
    file_name: str
    profile: Mapping[str, Any] | None
    reported_on: date
    declared_rows: int | None
    declared_sum_pence: int | None
    checked: Mapping[str, Any] | None
    uploaded_at: datetime
    size: int


def keep(session: Session, upload_id: str, *, user_id: str, now: datetime, **told: object) -> None:
    """Keep a file with how it is to be read."""
    session.execute(
        insert(ImportUploadRow).values(
            upload_id=upload_id, uploaded_by=user_id, uploaded_at=now, **told
        )
    )


def find(session: Session, upload_id: str, now: datetime) -> Upload:
    """Find a file that waits; raises RuleBroken when it is kept no longer."""
    row = ImportUploadRow
    found = session.execute(
        select(
            row.upload_id,
            row.file_name,
            row.profile,
            row.reported_on,
            row.declared_rows,
            row.declared_sum_pence,
            row.checked,
            row.uploaded_at,
            func.length(row.content).label("size"),
        ).where(row.upload_id == upload_id, row.uploaded_at > now - KEPT_FOR)
    ).one_or_none()
    if found is None:
        raise RuleBroken("upload.gone")
    return Upload(**found._mapping)  # noqa: SLF001 - SQLAlchemy's public name


def head_of(session: Session, upload_id: str) -> bytes:
    """Read the beginning of a file, up to the end of a line."""
    row = ImportUploadRow
    head: bytes = session.execute(
        select(func.substring(row.content, 1, HEAD_BYTES)).where(row.upload_id == upload_id)
    ).scalar_one()
    if len(head) < HEAD_BYTES:
        return head
    return head[: head.rfind(b"\n") + 1] or head


def content_of(session: Session, upload_id: str) -> bytes:
    """Read a whole file."""
    row = ImportUploadRow
    content: bytes = session.execute(
        select(row.content).where(row.upload_id == upload_id)
    ).scalar_one()
    return content


def taken_before(session: Session, upload_id: str, profile_hash: str) -> datetime | None:
    """Say when the very same file was taken in before, read the very same way."""
    row, waiting = ImportFileRow, ImportUploadRow
    name = func.encode(func.sha256(waiting.content), "hex")
    return session.scalar(
        select(func.max(row.begun_at))
        .join(waiting, name == row.sha256)
        .where(waiting.upload_id == upload_id, row.profile_hash == profile_hash)
    )


def change(session: Session, upload_id: str, **told: object) -> None:
    """Keep how a file is to be read, or what a check of it found."""
    session.execute(
        update(ImportUploadRow).where(ImportUploadRow.upload_id == upload_id).values(**told)
    )


def discard(session: Session, upload_id: str) -> None:
    """Forget a file."""
    session.execute(delete(ImportUploadRow).where(ImportUploadRow.upload_id == upload_id))


def forget_old(session: Session, now: datetime) -> None:
    """Forget files that nobody took in for a day, and the values of rows turned away long ago."""
    session.execute(delete(ImportUploadRow).where(ImportUploadRow.uploaded_at <= now - KEPT_FOR))
    old = select(ImportFileRow.import_id).where(ImportFileRow.begun_at <= now - REJECTS_KEPT_FOR)
    session.execute(
        update(ImportRejectRow)
        .where(ImportRejectRow.import_id.in_(old), ImportRejectRow.reasons.is_not(None))
        .values(reasons=None, values=None)
    )
    session.execute(
        update(ImportFileRow)
        .where(ImportFileRow.import_id.in_(old), ImportFileRow.found.has_key("examples"))
        .values(found=ImportFileRow.found.op("-")("examples"))
    )
