"""Field records: what devices are given of each case, kept true in the transaction that moved it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ARRAY, String, any_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.orm import Session

from server.spine import totals
from server.spine.among import given
from server.spine.areas import House, Projection
from server.spine.database import table_of
from server.spine.many_rows import adding, values_of
from server.spine.tables import CaseAccessRow, FieldRecordRow, SyncHeadRow
from server.spine.written import written_in
from shared.schemas import canonical, digest
from sync.scope import record_hash

Key = tuple[str, str, str, str]
"""(case id, view, kind, record id)"""

REMOVED = ""
"""The content hash of a record that was taken away."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Where stored field records and what the tables say today disagree.

    `stored` gives the content hash of every record that is stored, removed ones among them.
    """

    stale: dict[Key, str | None]
    stored: dict[Key, str]


_ASSIGNED = (
    select(CaseAccessRow.case_id)
    .where(given(CaseAccessRow.case_id), CaseAccessRow.granted)
    .distinct()
)


def assigned(session: Session, case_ids: Collection[str]) -> list[str]:
    """Keep the cases that some officer's device is given."""
    if not case_ids:
        return []
    return list(session.scalars(_ASSIGNED, {"ids": sorted(case_ids)}))


_STORED = select(
    FieldRecordRow.case_id,
    FieldRecordRow.view,
    FieldRecordRow.kind,
    FieldRecordRow.record_id,
    FieldRecordRow.content_hash,
).where(
    given(FieldRecordRow.case_id),
    FieldRecordRow.kind == any_(bindparam("kinds", type_=ARRAY(String))),
)


def compare(
    session: Session,
    house: House,
    case_ids: Collection[str],
    *,
    only: Collection[Projection] | None = None,
) -> Difference:
    """Build records of these cases afresh, or `only` some kinds, and say which stored ones differ."""
    built = house.projections if only is None else only
    wanted: dict[Key, str] = {}
    for projection in built:
        for case_id, records in projection.build(session, case_ids).items():
            for record_id, body in records.items():
                key = (case_id, projection.view, projection.kind, record_id)
                wanted[key] = canonical(body).decode()
    kinds = sorted({projection.kind for projection in built})
    stored: dict[Key, str] = {
        (case_id, view, kind, record_id): content_hash
        for case_id, view, kind, record_id, content_hash in session.execute(
            _STORED, {"ids": sorted(case_ids), "kinds": kinds}
        )
    }
    stale: dict[Key, str | None] = {
        key: body for key, body in wanted.items() if stored.get(key) != digest(body.encode())
    }
    stale.update(
        {key: None for key, kept in stored.items() if kept != REMOVED and key not in wanted}
    )
    return Difference(stale=stale, stored=stored)


def refresh(session: Session, house: House, case_ids: Collection[str]) -> None:
    """Bring the field records of the cases that are assigned up to what the tables now say."""
    concerned = assigned(session, case_ids)
    written = written_in(session)
    built = [p for p in house.projections if written is None or written.may_show_in(p.reads)]
    if not concerned or not built:
        return
    difference = compare(session, house, concerned, only=built)
    stale = difference.stale
    rows: list[dict[str, Any]] = [
        {
            "case_id": key[0],
            "view": key[1],
            "kind": key[2],
            "record_id": key[3],
            "body": body,
            "content_hash": REMOVED if body is None else digest(body.encode()),
            "commit_number": None,
        }
        for key, body in stale.items()
    ]
    if rows:
        session.execute(_putting(tuple(rows[0])), values_of(rows))
        totals.move(session, _moved(difference))


@cache
def _putting(names: tuple[str, ...]) -> Insert:
    """Put together the statement that puts records in place of those that are stored."""
    statement = adding(FieldRecordRow, names)
    return statement.on_conflict_do_update(
        index_elements=["case_id", "view", "kind", "record_id"],
        set_={
            "body": statement.excluded.body,
            "content_hash": statement.excluded.content_hash,
            "commit_number": None,
        },
    )


def _moved(difference: Difference) -> Iterator[totals.Moved]:
    """Say how much each record that moves adds to its case's total, or takes from it."""
    for key, body in difference.stale.items():
        kept = difference.stored.get(key, REMOVED)
        if kept != REMOVED:
            yield totals.Moved(key[0], key[1], -1, -record_hash(key, kept))
        if body is not None:
            yield totals.Moved(key[0], key[1], 1, record_hash(key, digest(body.encode())))


def touch(session: Session, grants: Collection[tuple[str, str]]) -> None:
    """Give every record of a (case, view) a new number, so that a new holder is sent all of it."""
    row = FieldRecordRow
    session.execute(
        update(row)
        .where(tuple_(row.case_id, row.view).in_(sorted(grants)), row.body.is_not(None))
        .values(commit_number=None)
    )


_UNNUMBERED = select(
    or_(
        select(FieldRecordRow.case_id).where(FieldRecordRow.commit_number.is_(None)).exists(),
        select(CaseAccessRow.case_id).where(CaseAccessRow.commit_number.is_(None)).exists(),
    )
)

_NEXT = (
    update(SyncHeadRow)
    .values(commit_number=SyncHeadRow.commit_number + 1)
    .returning(SyncHeadRow.commit_number)
)

_NUMBERING = tuple(
    update(table_of(row))
    .where(table_of(row).c.commit_number.is_(None))
    .values(commit_number=bindparam("number"))
    for row in (FieldRecordRow, CaseAccessRow)
)


def take_commit_number(session: Session) -> int | None:
    """Number everything this transaction changed for devices; the last statement before commit.

    The row lock on the head is held from here to the commit only, so numbers become visible in
    order and without gaps (a sequence would let a reader pass a number not yet visible).
    """
    if not session.scalar(_UNNUMBERED):
        return None
    number: int = session.execute(_NEXT).scalar_one()
    for numbering in _NUMBERING:
        session.execute(numbering, {"number": number})
    return number


def head(session: Session) -> int:
    """Read the number of the last commit."""
    return session.scalar(select(func.max(SyncHeadRow.commit_number))) or 0


CHECKED_AT_ONCE = 500


def check_all(session: Session, house: House) -> tuple[int, int]:
    """Build every assigned case's records afresh; say how many cases, and how many records differ."""
    cases = list(
        session.scalars(
            select(CaseAccessRow.case_id)
            .where(CaseAccessRow.granted)
            .distinct()
            .order_by(CaseAccessRow.case_id)
        )
    )
    stale = sum(
        len(compare(session, house, cases[start : start + CHECKED_AT_ONCE]).stale)
        for start in range(0, len(cases), CHECKED_AT_ONCE)
    )
    return len(cases), stale
