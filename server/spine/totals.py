"""What the records of each case come to, kept as they move, so that a device's copy is checked cheaply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    Numeric,
    ScalarSelect,
    Select,
    String,
    and_,
    bindparam,
    cast,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.spine.tables import CaseAccessRow, CaseTotalRow, FieldRecordRow, Id
from sync.protocol import CaseTotal, Total
from sync.scope import HASHES, body_hash


class Moved(NamedTuple):
    """What one record adds to the total of a view of a case, or takes from it."""

    case_id: str
    view: str
    records: int
    hash: int


_MOVE = text(
    "INSERT INTO case_total (case_id, view, records, hash) SELECT case_id, view, records, hash "
    "FROM unnest(:cases, :views, :records, :hashes) AS moved (case_id, view, records, hash) "
    "WHERE true ON CONFLICT (case_id, view) DO UPDATE SET "
    "records = case_total.records + excluded.records, "
    "hash = (case_total.hash + excluded.hash) % :below"
).bindparams(
    bindparam("cases", type_=ARRAY(Id)),
    bindparam("views", type_=ARRAY(String)),
    bindparam("records", type_=ARRAY(BigInteger)),
    bindparam("hashes", type_=ARRAY(BigInteger)),
    bindparam("below", HASHES, type_=BigInteger),
)
"""The same words however many cases there are, so that they are put together once."""


def move(session: Session, moved: Iterable[Moved]) -> None:
    """Add what moved to the totals, each case once; the caller holds the locks of these cases."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for each in moved:
        summed = sums[each.case_id, each.view]
        summed[0] += each.records
        summed[1] += each.hash
    if not sums:
        return
    keys = sorted(sums)
    session.execute(
        _MOVE,
        {
            "cases": [case_id for case_id, _view in keys],
            "views": [view for _case_id, view in keys],
            "records": [sums[key][0] for key in keys],
            "hashes": [sums[key][1] % HASHES for key in keys],
        },
    )


_SCOPE = and_(
    CaseAccessRow.case_id == CaseTotalRow.case_id,
    CaseAccessRow.view == CaseTotalRow.view,
    CaseAccessRow.granted,
)


def summed(officer_id: str | BindParameter[str]) -> Select[int, int]:
    """Ask what all the records of an officer's cases come to: `records` and `hash`.

    Each case's total is looked up by itself. Joined, the totals of the whole council would be read
    as soon as it is large, because a planner takes one long reading for cheaper than 300 short ones.
    """
    return select(
        func.coalesce(func.sum(_total_of(CaseTotalRow.records)), 0).label("records"),
        (func.coalesce(func.sum(_total_of(CaseTotalRow.hash)), 0) % cast(HASHES, Numeric)).label(
            "hash"
        ),
    ).where(CaseAccessRow.officer_id == officer_id, CaseAccessRow.granted)


def _total_of(column: InstrumentedAttribute[int]) -> ScalarSelect[int]:
    return (
        select(column)
        .where(
            CaseTotalRow.case_id == CaseAccessRow.case_id, CaseTotalRow.view == CaseAccessRow.view
        )
        .correlate(CaseAccessRow)
        .scalar_subquery()
    )


def of_scope(session: Session, officer_id: str) -> Total:
    """Say what all the records of an officer's cases come to."""
    records, hash_ = session.execute(summed(officer_id)).one()
    return Total(records=int(records), hash=int(hash_))


def counted(session: Session, officer_id: str) -> list[CaseTotal]:
    """Count the records of an officer's cases afresh, from the very bytes that are sent."""
    row, access = FieldRecordRow, CaseAccessRow
    sums: dict[tuple[str, str], list[int]] = {}
    for case_id, view, kind, record_id, body in session.execute(
        select(access.case_id, access.view, row.kind, row.record_id, row.body)
        .outerjoin(
            row,
            and_(row.case_id == access.case_id, row.view == access.view, row.body.is_not(None)),
        )
        .where(access.officer_id == officer_id, access.granted)
    ):
        summed = sums.setdefault((case_id, view), [0, 0])
        if body is not None:
            summed[0] += 1
            summed[1] += body_hash(case_id, view, kind, record_id, body)
    return [
        CaseTotal(case_id=case_id, view=view, records=records, hash=summed % HASHES)
        for (case_id, view), (records, summed) in sorted(sums.items())
    ]


def kept(session: Session, officer_id: str) -> list[CaseTotal]:
    """Give the totals that were kept for an officer's cases."""
    rows = session.execute(
        select(CaseTotalRow.case_id, CaseTotalRow.view, CaseTotalRow.records, CaseTotalRow.hash)
        .join(CaseAccessRow, _SCOPE)
        .where(CaseAccessRow.officer_id == officer_id)
        .order_by(CaseTotalRow.case_id, CaseTotalRow.view)
    )
    return [CaseTotal(case_id=c, view=v, records=r, hash=h) for c, v, r, h in rows]


def put_right(session: Session, counted_: Iterable[CaseTotal]) -> None:
    """Replace totals that were found wrong by what was counted."""
    rows = [
        {"case_id": each.case_id, "view": each.view, "records": each.records, "hash": each.hash}
        for each in counted_
    ]
    if not rows:
        return
    statement = insert(CaseTotalRow).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["case_id", "view"],
            set_={"records": statement.excluded.records, "hash": statement.excluded.hash},
        )
    )
