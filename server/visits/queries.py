"""What the pages about visits read, as plain values, a fixed number of queries a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from server.access.tables import UserRow
from server.accounts.tables import DebtRow
from server.cases.queries import PLACE
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import AddressRow, PersonRow
from server.visits.ranking import FIRST_VISITS, Rank, Standing, rank, streak
from server.visits.tables import (
    LOST,
    BlobRefusalRow,
    BlobRow,
    PhotographRow,
    PlannedVisitRow,
    VisitCommentRow,
    VisitRow,
)

WAITING = ("waiting", "answered")
"""States in which a visit waits for a supervisor."""

RANKED_MAX = 2_000
"""Visits that are put in order at once; of more, those that have waited longest."""

PREVIOUS_MAX = 5
"""Earlier visits shown beside one."""


@dataclass(frozen=True, kw_only=True)
class VisitLine:
    """One visit of a list."""

    visit_id: str
    case_id: str
    title: str
    postcode: str
    officer_id: str
    officer: str
    happened_at: datetime
    received_at: datetime
    outcome: str
    flags: tuple[str, ...]
    review: str
    reviewed_at: datetime | None
    reviewer: str
    rank: Rank


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit as the officer wrote it, beside what was planned."""

    visit_id: str
    case_id: str
    case_reference: str
    title: str
    lines: tuple[str, ...]
    postcode: str
    officer_id: str
    officer: str
    happened_at: datetime
    received_at: datetime
    outcome: str
    met_person_ids: tuple[str, ...]
    others_met: str
    notes: str
    flags: tuple[str, ...]
    review: str
    reviewer: str
    reviewed_at: datetime | None
    planned: Plan | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What was planned for a visit."""

    officer: str
    purpose: str
    planned_on: date
    instructions: str


@dataclass(frozen=True, kw_only=True)
class Photograph:
    """A photograph of a visit; its bytes may still be on the device."""

    photograph_id: str
    purpose: str
    size_bytes: int
    arrived: bool
    refused: str = ""

    @property
    def lost(self) -> bool:
        """Tell whether the device has said that it will not arrive."""
        return self.refused.startswith(LOST)


@dataclass(frozen=True, kw_only=True)
class Comment:
    """What a supervisor asked about a part of a visit, or what the officer answered."""

    about: str
    text: str
    author: str
    made_at: datetime
    is_answer: bool


_officer, _reviewer = aliased(UserRow), aliased(UserRow)

_OWED = (
    select(func.coalesce(func.sum(DebtRow.balance_pence), 0))
    .join(CaseDebtRow, CaseDebtRow.debt_id == DebtRow.debt_id)
    .where(CaseDebtRow.case_id == CaseRow.case_id)
    .correlate(CaseRow)
    .scalar_subquery()
)

_LINE: tuple[Any, ...] = (
    VisitRow,
    _officer.name.label("officer"),
    _reviewer.name.label("reviewer"),
    PersonRow.name.label("person"),
    AddressRow.lines,
    AddressRow.postcode,
    CaseRow.reference,
)


def _joined(columns: Sequence[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(VisitRow)
        .join(CaseRow, CaseRow.case_id == VisitRow.case_id)
        .outerjoin(PersonRow, PersonRow.person_id == CaseRow.person_id)
        .outerjoin(AddressRow, AddressRow.address_id == PLACE)
        .outerjoin(_officer, _officer.user_id == VisitRow.officer_id)
        .outerjoin(_reviewer, _reviewer.user_id == VisitRow.reviewer_id)
    )


def waiting(session: Session, now: datetime, officer_id: str = "") -> list[VisitLine]:
    """List the visits that wait for a supervisor, first the one to look at first."""
    wanted = _joined((*_LINE, _OWED.label("owed"))).where(VisitRow.review.in_(WAITING))
    if officer_id:
        wanted = wanted.where(VisitRow.officer_id == officer_id)
    rows = session.execute(wanted.order_by(VisitRow.received_at).limit(RANKED_MAX)).all()
    streaks = _streaks(session, {row.VisitRow.case_id for row in rows})
    new = _new_officers(session, {row.VisitRow.officer_id for row in rows})
    lines = [
        _line(
            row,
            rank(
                Standing(
                    flags=tuple(row.VisitRow.flags),
                    review=row.VisitRow.review,
                    happened_at=row.VisitRow.happened_at,
                    received_at=row.VisitRow.received_at,
                    streak=streaks.get(row.VisitRow.case_id, 0),
                    officer_is_new=row.VisitRow.officer_id in new,
                    balance_pence=int(row.owed),
                ),
                now,
            ),
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: (-line.rank.score, line.received_at, line.visit_id))


def reviewed(
    session: Session, review: str, offset: int, limit: int, officer_id: str = ""
) -> list[VisitLine]:
    """List visits in a state after review, the latest first."""
    wanted = _joined(_LINE).where(VisitRow.review == review)
    if officer_id:
        wanted = wanted.where(VisitRow.officer_id == officer_id)
    rows = session.execute(
        wanted.order_by(VisitRow.reviewed_at.desc(), VisitRow.visit_id).offset(offset).limit(limit)
    )
    return [_line(row, Rank(score=0, reasons=())) for row in rows]


def of_case(session: Session, case_id: str, limit: int) -> list[VisitLine]:
    """List the latest visits of a case, the latest first."""
    rows = session.execute(
        _joined(_LINE)
        .where(VisitRow.case_id == case_id)
        .order_by(VisitRow.happened_at.desc(), VisitRow.visit_id)
        .limit(limit)
    )
    return [_line(row, Rank(score=0, reasons=())) for row in rows]


def counts(session: Session, officer_id: str = "") -> dict[str, int]:
    """Count visits by where they stand in their review."""
    counted = select(VisitRow.review, func.count()).group_by(VisitRow.review)
    if officer_id:
        counted = counted.where(VisitRow.officer_id == officer_id)
    return {row.review: row[1] for row in session.execute(counted)}


def find(session: Session, visit_id: str) -> Visit | None:
    """Find a visit, with what was planned for it."""
    row = session.execute(_joined(_LINE).where(VisitRow.visit_id == visit_id)).one_or_none()
    if row is None:
        return None
    visit: VisitRow = row.VisitRow
    line = _line(row, Rank(score=0, reasons=()))
    return Visit(
        visit_id=visit.visit_id,
        case_id=visit.case_id,
        case_reference=row.reference,
        title=line.title,
        lines=tuple((row.lines or "").splitlines()),
        postcode=line.postcode,
        officer_id=visit.officer_id,
        officer=line.officer,
        happened_at=visit.happened_at,
        received_at=visit.received_at,
        outcome=visit.outcome,
        met_person_ids=tuple(visit.met_person_ids),
        others_met=visit.others_met,
        notes=visit.notes,
        flags=tuple(visit.flags),
        review=visit.review,
        reviewer=line.reviewer,
        reviewed_at=visit.reviewed_at,
        planned=_plan(session, visit.planned_visit_id) if visit.planned_visit_id else None,
    )


def _plan(session: Session, planned_visit_id: str) -> Plan | None:
    found = session.execute(
        select(PlannedVisitRow, func.coalesce(UserRow.name, ""))
        .outerjoin(UserRow, UserRow.user_id == PlannedVisitRow.officer_id)
        .where(PlannedVisitRow.planned_visit_id == planned_visit_id)
    ).one_or_none()
    if found is None:
        return None
    plan, officer = found
    return Plan(
        officer=officer,
        purpose=plan.purpose,
        planned_on=plan.planned_on,
        instructions=plan.instructions,
    )


def names(session: Session, person_ids: Collection[str]) -> dict[str, str]:
    """Give the names of people."""
    rows = session.execute(
        select(PersonRow.person_id, PersonRow.name).where(
            PersonRow.person_id.in_(sorted(person_ids))
        )
    )
    return {row.person_id: row.name for row in rows}


def photographs(session: Session, visit_id: str) -> list[Photograph]:
    """List the photographs of a visit, and whether the bytes of each have arrived."""
    rows = session.execute(
        select(PhotographRow, BlobRow.digest, func.coalesce(BlobRefusalRow.code, ""))
        .outerjoin(BlobRow, BlobRow.digest == PhotographRow.photograph_id)
        .outerjoin(BlobRefusalRow, BlobRefusalRow.digest == PhotographRow.photograph_id)
        .where(PhotographRow.visit_id == visit_id)
        .order_by(PhotographRow.purpose, PhotographRow.photograph_id)
    )
    return [
        Photograph(
            photograph_id=row.photograph_id,
            purpose=row.purpose,
            size_bytes=row.size_bytes,
            arrived=digest is not None,
            refused="" if digest else refused,
        )
        for row, digest, refused in rows
    ]


def picture(session: Session, visit_id: str, photograph_id: str) -> bytes | None:
    """Give the bytes of a photograph of this visit, if they have arrived."""
    return session.scalar(
        select(BlobRow.body)
        .join(PhotographRow, PhotographRow.photograph_id == BlobRow.digest)
        .where(PhotographRow.visit_id == visit_id, PhotographRow.photograph_id == photograph_id)
    )


def comments(session: Session, visit_id: str) -> list[Comment]:
    """List what was asked about a visit and answered, in order."""
    rows = session.execute(
        select(VisitCommentRow, func.coalesce(UserRow.name, ""))
        .outerjoin(UserRow, UserRow.user_id == VisitCommentRow.author_id)
        .where(VisitCommentRow.visit_id == visit_id)
        .order_by(VisitCommentRow.made_at, VisitCommentRow.comment_id)
    )
    return [
        Comment(
            about=row.about,
            text=row.text,
            author=author,
            made_at=row.made_at,
            is_answer=row.is_answer,
        )
        for row, author in rows
    ]


def _line(row: Any, ranked: Rank) -> VisitLine:  # noqa: ANN401 - a row of _LINE
    visit: VisitRow = row.VisitRow
    lines = tuple((row.lines or "").splitlines())
    return VisitLine(
        visit_id=visit.visit_id,
        case_id=visit.case_id,
        title=row.person or ", ".join(lines) or row.reference,
        postcode=row.postcode or "",
        officer_id=visit.officer_id,
        officer=row.officer or "",
        happened_at=visit.happened_at,
        received_at=visit.received_at,
        outcome=visit.outcome,
        flags=tuple(visit.flags),
        review=visit.review,
        reviewed_at=visit.reviewed_at,
        reviewer=row.reviewer or "",
        rank=ranked,
    )


def _streaks(session: Session, case_ids: Collection[str]) -> Mapping[str, int]:
    """Say of each case at how many visits in a row nobody was met."""
    outcomes: dict[str, list[str]] = {}
    for case_id, outcome in session.execute(
        select(VisitRow.case_id, VisitRow.outcome)
        .where(VisitRow.case_id.in_(sorted(case_ids)))
        .order_by(VisitRow.case_id, VisitRow.happened_at)
    ):
        outcomes.setdefault(case_id, []).append(outcome)
    return {case_id: streak(of_case) for case_id, of_case in outcomes.items()}


def _new_officers(session: Session, officer_ids: Collection[str]) -> set[str]:
    """Say which of these officers have made few visits until now."""
    return set(
        session.scalars(
            select(VisitRow.officer_id)
            .where(VisitRow.officer_id.in_(sorted(officer_ids)))
            .group_by(VisitRow.officer_id)
            .having(func.count() <= FIRST_VISITS)
        )
    )
