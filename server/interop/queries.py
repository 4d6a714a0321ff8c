"""What screens and commands read about imports, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import column, func, select, table
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from server.interop.lines import Reason, Rejected
from server.interop.tables import ImportFileRow, ImportRejectRow
from server.spine.paging import Slice
from server.spine.tables import Id

WAYS_MAX = 20
"""Earlier ways of reading a file that are offered."""

_user = table("user", column("user_id", Id), column("name"))


@dataclass(frozen=True, kw_only=True)
class PastImport:
    """One import as the list and its own page show it."""

    import_id: str
    file_name: str
    profile_name: str
    reported_on: date
    state: str
    begun_at: datetime
    begun_by: str | None
    ended_at: datetime | None
    read: int
    created: int
    changed: int
    unchanged: int
    rejected: int
    found: Mapping[str, Any]
    header: Sequence[str]
    profile: Mapping[str, Any]


_COLUMNS = (
    ImportFileRow.import_id,
    ImportFileRow.file_name,
    ImportFileRow.profile_name,
    ImportFileRow.reported_on,
    ImportFileRow.state,
    ImportFileRow.begun_at,
    _user.c.name.label("begun_by"),
    ImportFileRow.ended_at,
    ImportFileRow.read,
    ImportFileRow.created,
    ImportFileRow.changed,
    ImportFileRow.unchanged,
    ImportFileRow.rejected,
    ImportFileRow.found,
    ImportFileRow.header,
    ImportFileRow.profile,
)
_IMPORTS = select(*_COLUMNS).outerjoin(_user, _user.c.user_id == ImportFileRow.begun_by)


def same_file(session: Session, sha256: str, profile_hash: str) -> PastImport | None:
    """Find the latest import of the very same bytes, read the very same way."""
    row = session.execute(
        _IMPORTS.where(ImportFileRow.sha256 == sha256, ImportFileRow.profile_hash == profile_hash)
        .order_by(ImportFileRow.begun_at.desc())
        .limit(1)
    ).one_or_none()
    return PastImport(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name


def past_import(session: Session, import_id: str) -> PastImport | None:
    """Read one import."""
    row = session.execute(_IMPORTS.where(ImportFileRow.import_id == import_id)).one_or_none()
    return PastImport(**row._mapping) if row else None  # noqa: SLF001 - SQLAlchemy's public name


def past_imports(session: Session, part: Slice) -> list[PastImport]:
    """List imports, the latest first."""
    rows = session.execute(
        _IMPORTS.order_by(ImportFileRow.begun_at.desc(), ImportFileRow.import_id)
        .offset(part.offset)
        .limit(part.limit)
    )
    return [PastImport(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


def ways_of_reading(session: Session) -> list[PastImport]:
    """List the imports whose way of reading can be used again: the latest of each way."""
    row = ImportFileRow
    latest = (
        select(row.import_id)
        .where(row.state != "running")
        .ext(distinct_on(row.profile_hash))
        .order_by(row.profile_hash, row.begun_at.desc())
    )
    rows = session.execute(
        _IMPORTS.where(row.import_id.in_(latest)).order_by(row.begun_at.desc()).limit(WAYS_MAX)
    )
    return [PastImport(**row._mapping) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name


def count_imports(session: Session) -> int:
    """Count imports."""
    return session.scalar(select(func.count()).select_from(ImportFileRow)) or 0


def rejects_of(session: Session, import_id: str, most: int | None = None) -> list[Rejected]:
    """Give the rows an import did not take, as they stood in the file; those erased are left out."""
    row = ImportRejectRow
    return [
        Rejected(
            line_number=line_number,
            reasons=tuple(
                Reason(code, field, tuple((name, value) for name, value in values))
                for code, field, values in reasons
            ),
            values=tuple(values),
        )
        for line_number, reasons, values in session.execute(
            select(row.line_number, row.reasons, row.values)
            .where(row.import_id == import_id, row.values.is_not(None))
            .order_by(row.line_number)
            .limit(most)
        )
    ]
