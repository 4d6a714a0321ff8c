"""What one reply tells, read in one snapshot: the page, what it all comes to, and what has to be mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BindParameter, Select, and_, bindparam, case, func, select, true
from sqlalchemy.orm import Session

from server.access.tables import DeviceStoreRow, LanePositionRow
from server.spine import totals
from server.spine.tables import CaseAccessRow, CaseTotalRow, FieldRecordRow, SyncHeadRow
from server.sync_api import contacts, pages
from server.sync_api.contacts import Kept
from server.sync_api.tables import DeviceContactRow
from shared.commands import Lane
from sync.office_steps import Look, Told
from sync.protocol import REPAIRED_MAX, CaseTotal, Page, Position, Purge, Record, Total, Whole

UNKNOWN = "not_yours"
"""Why a case goes that this officer was never given."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is told, whose device the vault is on, and what was found wrong on the way, with its figures.

    `contact` is what is written down of that device.
    """

    told: Told
    owner: str | None
    contact: Kept | None
    defects: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """What one statement sees of how the office, a vault and an officer's cases stand.

    `moved` tells whether any record moved, and `gone` counts the cases taken away, behind the cursor
    that was asked for.
    """

    epoch: str
    head: int
    durable: int
    owner: str | None
    contact: Kept | None
    positions: Mapping[Lane, Position]
    scope: Total
    moved: bool
    gone: int


def look(session: Session, officer_id: str, asked: Look) -> Found:
    """Read what there is to tell; the caller holds one snapshot for all of it.

    Most requests find that nothing moved, and one statement is all that they cost. A copy read
    from another life of this database is told only where this one stands, and which cases it has
    not said here that it erased: what it holds is then compared, and what differs is sent whole.
    """
    seen = _see(session, officer_id, asked)
    at = seen.head
    defects: dict[str, Mapping[str, Any]] = {}
    if asked.epoch not in {None, seen.epoch}:
        left = pages.left_behind(session, officer_id, asked.store_id)
        page = Page(start=at, end=at, head=at, purges=left)
        defects["epoch.changed"] = {"cursor": asked.cursor, "head": at}
    else:
        page = pages.read(
            session,
            officer_id,
            asked.cursor,
            asked.records_max,
            moved=pages.Moved(head=at, any_records=seen.moved, cases_gone=seen.gone),
        )
        if asked.manifest is not None and not page.more:
            page = _mended(session, officer_id, page, asked.manifest, defects)
    told = Told(
        epoch=seen.epoch,
        page=page,
        durable=seen.durable,
        scope=None if page.more else seen.scope,
        positions=seen.positions,
    )
    return Found(told=told, owner=seen.owner, contact=seen.contact, defects=defects)


def _seeing() -> Select[Any]:
    """Ask in one statement how all stands; put together once, because that costs more than asking."""
    record, access, head, lane = FieldRecordRow, CaseAccessRow, SyncHeadRow, LanePositionRow
    officer_id: BindParameter[str] = bindparam("officer_id")
    cursor: BindParameter[int] = bindparam("cursor")
    store_id: BindParameter[str] = bindparam("store_id")
    moved = (
        select(1)
        .select_from(access)
        .join(record, and_(record.case_id == access.case_id, record.view == access.view))
        .where(access.officer_id == officer_id, access.granted, record.commit_number > cursor)
    ).exists()
    gone = select(func.count()).where(
        access.officer_id == officer_id, ~access.granted, access.commit_number > cursor
    )
    total = totals.summed(officer_id).subquery()
    return (
        select(
            head.commit_number,
            head.epoch,
            head.durable_commit_number.label("durable"),
            case((head.commit_number > cursor, moved), else_=False).label("moved"),
            case((head.commit_number > cursor, gone.scalar_subquery()), else_=0).label("gone"),
            total.c.records,
            total.c.hash,
            DeviceStoreRow.device_id.label("owner"),
            lane.lane,
            lane.seq,
            lane.head,
            *contacts.COLUMNS,
        )
        .select_from(head)
        .join(total, true())
        .outerjoin(DeviceStoreRow, DeviceStoreRow.store_id == store_id)
        .outerjoin(DeviceContactRow, DeviceContactRow.device_id == DeviceStoreRow.device_id)
        .outerjoin(lane, lane.store_id == store_id)
    )


_SEEING = _seeing()


def _see(session: Session, officer_id: str, asked: Look) -> _Seen:
    """See in one statement how all stands."""
    found = (
        session.connection()
        .execute(
            _SEEING, {"officer_id": officer_id, "cursor": asked.cursor, "store_id": asked.store_id}
        )
        .all()
    )
    first = found[0]
    return _Seen(
        epoch=first.epoch,
        head=first.commit_number,
        durable=first.durable,
        owner=first.owner,
        contact=contacts.kept_in(first),
        positions={Lane(r.lane): Position(seq=r.seq, head=r.head) for r in found if r.lane},
        scope=Total(records=int(first.records), hash=int(first.hash)),
        moved=first.moved,
        gone=first.gone,
    )


def put_totals_right(session: Session, officer_id: str) -> None:
    """Count an officer's cases afresh and keep what was counted.

    The rows are locked first, so that whoever is moving these records ends before, or adds to what
    was counted afterwards.
    """
    session.execute(
        select(CaseTotalRow.case_id)
        .join(CaseAccessRow, CaseAccessRow.case_id == CaseTotalRow.case_id)
        .where(CaseAccessRow.officer_id == officer_id, CaseAccessRow.granted)
        .order_by(CaseTotalRow.case_id, CaseTotalRow.view)
        .with_for_update(of=CaseTotalRow)
    )
    totals.put_right(session, totals.counted(session, officer_id))


def _mended(
    session: Session,
    officer_id: str,
    page: Page,
    manifest: Sequence[CaseTotal],
    defects: dict[str, Mapping[str, Any]],
) -> Page:
    """Add to a page every case whose records are not what the device says it holds."""
    counted = {(each.case_id, each.view): each for each in totals.counted(session, officer_id)}
    held = {(each.case_id, each.view): each for each in manifest}
    wrong = sorted(key for key, each in counted.items() if held.get(key, _nothing(key)) != each)
    moved = {(record.case_id, record.view) for record in page.records}
    extra = sorted(held.keys() - counted.keys())
    kept = {(each.case_id, each.view): each for each in totals.kept(session, officer_id)}
    if any(kept.get(key, _nothing(key)) != each for key, each in counted.items()):
        defects["scope.totals"] = {"cases": len(counted)}
    gone = {(purge.case_id, purge.view) for purge in page.purges}
    if unexplained := (set(wrong) - moved) | (set(extra) - gone):
        defects["scope.differs"] = {"cases": len(unexplained)}
    sent = wrong[:REPAIRED_MAX]
    whole = {(case_id, view) for case_id, view in sent}
    others = tuple(r for r in page.records if (r.case_id, r.view) not in whole)
    records: tuple[Record, ...] = pages.records_of(session, whole, page.end) if whole else ()
    return replace(
        page,
        records=others + records,
        purges=page.purges + _purges(session, officer_id, page, extra),
        repaired=tuple(Whole(case_id=case_id, view=view) for case_id, view in sent),
    )


def _purges(
    session: Session, officer_id: str, page: Page, extra: Sequence[tuple[str, str]]
) -> tuple[Purge, ...]:
    """Take away what a device holds and its officer does not have, saying why when that is known."""
    known = {
        (row.case_id, row.view): row
        for row in session.scalars(
            select(CaseAccessRow).where(
                CaseAccessRow.officer_id == officer_id,
                CaseAccessRow.case_id.in_([case_id for case_id, _view in extra]),
            )
        )
    }
    there = {(purge.case_id, purge.view) for purge in page.purges}
    return tuple(
        Purge(
            case_id=case_id,
            view=view,
            commit=page.end,
            reason=(known[case_id, view].reason or "unassigned")
            if (case_id, view) in known
            else UNKNOWN,
        )
        for case_id, view in extra
        if (case_id, view) not in there
    )


def _nothing(key: tuple[str, str]) -> CaseTotal:
    return CaseTotal(case_id=key[0], view=key[1], records=0, hash=0)


@dataclass(frozen=True, kw_only=True)
class Spoken:
    """How a vault stands that speaks: whose device it is on, and how far its lanes were taken."""

    epoch: str
    owner: str | None
    positions: dict[Lane, Position]


_STANDING = (
    select(
        SyncHeadRow.epoch,
        DeviceStoreRow.device_id.label("owner"),
        LanePositionRow.lane,
        LanePositionRow.seq,
        LanePositionRow.head,
    )
    .select_from(SyncHeadRow)
    .outerjoin(DeviceStoreRow, DeviceStoreRow.store_id == bindparam("store_id"))
    .outerjoin(LanePositionRow, LanePositionRow.store_id == DeviceStoreRow.store_id)
)


def standing_of(session: Session, store_id: str) -> Spoken:
    """Say how a vault stands that speaks."""
    rows = session.execute(_STANDING, {"store_id": store_id}).all()
    return Spoken(
        epoch=rows[0].epoch,
        owner=rows[0].owner,
        positions={Lane(r.lane): Position(seq=r.seq, head=r.head) for r in rows if r.lane},
    )
