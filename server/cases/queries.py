"""What the list of cases reads, as plain values, a fixed number of queries however long the list."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    UnaryExpression,
    and_,
    column,
    exists,
    func,
    or_,
    select,
    table,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from server.access.queries import Officer
from server.access.tables import UserRow
from server.accounts.tables import AccountRow, DebtRow
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import AddressRow, PersonRow, ResidenceRow
from server.recovery.tables import HoldRow
from server.spine.paging import Slice
from server.spine.tables import CaseAccessRow, Id
from server.visits.tables import PlannedVisitRow, VisitRow

_goes_out = table("goes_out", column("user_id", Id))

NOBODY = "nobody"
"""The officer of a filter for cases that nobody has."""

SELECTED_MAX = 20_000
"""Cases one step can be taken with at once."""


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Which cases are wanted; an empty filter wants every open one."""

    officer: str = ""
    held: bool | None = None
    debt_type: str = ""
    postcode: str = ""
    text: str = ""
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class Sorting:
    """In which order cases are wanted."""

    by: str = "opened"
    descending: bool = True


@dataclass(frozen=True, kw_only=True)
class CaseLine:
    """One case of a list."""

    case_id: str
    reference: str
    name: str
    lines: tuple[str, ...]
    postcode: str
    debt_types: tuple[str, ...]
    balance_pence: int
    held: bool
    officers: tuple[str, ...]
    opened_at: datetime
    next_visit_on: date | None
    last_visit_at: datetime | None
    last_outcome: str

    @property
    def title(self) -> str:
        """Name the case by its person, or by its address when there is nobody to name."""
        return self.name or ", ".join(self.lines) or self.reference


HOME: ScalarSelect[Any] = (
    select(ResidenceRow.address_id)
    .where(ResidenceRow.person_id == CaseRow.person_id, ResidenceRow.until.is_(None))
    .order_by(ResidenceRow.from_on.desc().nulls_last(), ResidenceRow.residence_id)
    .limit(1)
    .correlate(CaseRow)
    .scalar_subquery()
)
"""Where the person a case is about lives today."""

PLACE = func.coalesce(CaseRow.address_id, HOME)
"""Where a visit about the case goes: the address it is about, or its person's own."""


def count(session: Session, wanted: Filter, today: date) -> int:
    """Count the cases wanted."""
    counted = _matching([func.count()], wanted, today)
    return session.scalar(counted) or 0


def case_ids(session: Session, wanted: Filter, today: date) -> list[str]:
    """List the ids of the cases wanted, as many as one step can be taken with."""
    found = _matching([CaseRow.case_id], wanted, today).order_by(CaseRow.case_id)
    return list(session.scalars(found.limit(SELECTED_MAX)))


def in_sight(session: Session, ids: Sequence[str]) -> list[str]:
    """Keep those of these cases that the session's reader can see, in their order."""
    seen = set(session.scalars(select(CaseRow.case_id).where(CaseRow.case_id.in_(sorted(ids)))))
    return [case_id for case_id in ids if case_id in seen]


def cases(
    session: Session, wanted: Filter, sorting: Sorting, today: date, part: Slice
) -> list[CaseLine]:
    """List a part of the cases wanted."""
    order = _ORDERS.get(sorting.by, CaseRow.opened_at)
    directed: UnaryExpression[Any] = order.desc() if sorting.descending else order.asc()
    found = (
        _matching(_LINE, wanted, today)
        .order_by(directed.nulls_last(), CaseRow.reference)
        .offset(part.offset)
        .limit(part.limit)
    )
    return _lines(session, found, today)


def cases_by_id(session: Session, ids: Collection[str], today: date) -> list[CaseLine]:
    """List these cases, by name."""
    found = _joined(_LINE).where(CaseRow.case_id.in_(sorted(ids)))
    return _lines(session, found.order_by(PersonRow.name, CaseRow.reference), today)


_LINE: tuple[Any, ...] = (
    CaseRow.case_id,
    CaseRow.reference,
    CaseRow.opened_at,
    PersonRow.name,
    AddressRow.lines,
    AddressRow.postcode,
)


def _joined(columns: Sequence[Any]) -> Select[Any]:
    return (
        select(*columns)
        .select_from(CaseRow)
        .outerjoin(PersonRow, PersonRow.person_id == CaseRow.person_id)
        .outerjoin(AddressRow, AddressRow.address_id == PLACE)
    )


def _matching(columns: Sequence[Any], wanted: Filter, today: date) -> Select[Any]:
    """Keep the cases the filter wants."""
    conditions: list[ColumnElement[bool]] = [CaseRow.open.is_(not wanted.closed)]
    has_officer = exists().where(CaseAccessRow.case_id == CaseRow.case_id, CaseAccessRow.granted)
    if wanted.officer == NOBODY:
        conditions.append(~has_officer)
    elif wanted.officer:
        conditions.append(has_officer.where(CaseAccessRow.officer_id == wanted.officer))
    if wanted.held is not None:
        held = exists().where(CaseDebtRow.case_id == CaseRow.case_id, in_force(today))
        conditions.append(held.where(HoldRow.debt_id == CaseDebtRow.debt_id) == wanted.held)
    if wanted.debt_type:
        conditions.append(_has_account(AccountRow.debt_type == wanted.debt_type))
    if wanted.postcode:
        written = func.replace(AddressRow.postcode, " ", "")
        conditions.append(written.istartswith(wanted.postcode.replace(" ", ""), autoescape=True))
    if wanted.text:
        conditions.append(
            or_(
                PersonRow.name.icontains(wanted.text, autoescape=True),
                AddressRow.lines.icontains(wanted.text, autoescape=True),
                func.lower(CaseRow.reference) == wanted.text.lower(),
                _has_account(AccountRow.reference == wanted.text),
            )
        )
    return _joined(columns).where(and_(*conditions))


def in_force(today: date) -> ColumnElement[bool]:
    """Tell whether a hold covers the day."""
    return and_(HoldRow.from_on <= today, or_(HoldRow.until.is_(None), HoldRow.until > today))


def _has_account(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(
        CaseDebtRow.case_id == CaseRow.case_id,
        DebtRow.debt_id == CaseDebtRow.debt_id,
        AccountRow.account_id == DebtRow.account_id,
        condition,
    )


_OWED = (
    select(func.coalesce(func.sum(DebtRow.balance_pence), 0))
    .join(CaseDebtRow, CaseDebtRow.debt_id == DebtRow.debt_id)
    .where(CaseDebtRow.case_id == CaseRow.case_id)
    .correlate(CaseRow)
    .scalar_subquery()
)

_ORDERS: dict[str, Any] = {
    "opened": CaseRow.opened_at,
    "name": func.coalesce(PersonRow.name, AddressRow.lines),
    "balance": _OWED,
}
"""What a list can be sorted by."""

SORTS = frozenset(_ORDERS)


def _lines(session: Session, found: Select[Any], today: date) -> list[CaseLine]:
    """Read the cases and, for all of them at once, what is owed, who has them and what was done."""
    rows = session.execute(found).all()
    ids = [row.case_id for row in rows]
    debts = _debts(session, ids, today)
    officers = officers_of(session, ids)
    next_on = _next_visits(session, ids)
    last = _last_visits(session, ids)
    return [
        CaseLine(
            case_id=row.case_id,
            reference=row.reference,
            name=row.name or "",
            lines=tuple((row.lines or "").splitlines()),
            postcode=row.postcode or "",
            debt_types=debts.get(row.case_id, ((), 0, False))[0],
            balance_pence=debts.get(row.case_id, ((), 0, False))[1],
            held=debts.get(row.case_id, ((), 0, False))[2],
            officers=tuple(name for _id, name in officers.get(row.case_id, ())),
            opened_at=row.opened_at,
            next_visit_on=next_on.get(row.case_id),
            last_visit_at=last.get(row.case_id, (None, ""))[0],
            last_outcome=last.get(row.case_id, (None, ""))[1],
        )
        for row in rows
    ]


def _debts(
    session: Session, ids: Sequence[str], today: date
) -> dict[str, tuple[tuple[str, ...], int, bool]]:
    held = exists().where(HoldRow.debt_id == DebtRow.debt_id, in_force(today))
    rows = session.execute(
        select(
            CaseDebtRow.case_id,
            func.array_agg(AccountRow.debt_type.distinct()),
            func.sum(DebtRow.balance_pence),
            func.bool_or(held),
        )
        .join(DebtRow, DebtRow.debt_id == CaseDebtRow.debt_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(CaseDebtRow.case_id.in_(ids))
        .group_by(CaseDebtRow.case_id)
    )
    return {
        case_id: (tuple(sorted(types)), int(pence), is_held)
        for case_id, types, pence, is_held in rows
    }


def officers_of(session: Session, ids: Collection[str]) -> dict[str, list[tuple[str, str]]]:
    """Say which officers have each of these cases: their ids and names, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    for case_id, officer_id, name in session.execute(
        select(CaseAccessRow.case_id, CaseAccessRow.officer_id, UserRow.name)
        .join(UserRow, UserRow.user_id == CaseAccessRow.officer_id)
        .where(CaseAccessRow.case_id.in_(sorted(ids)), CaseAccessRow.granted)
        .distinct()
        .order_by(UserRow.name, CaseAccessRow.officer_id)
    ):
        found.setdefault(case_id, []).append((officer_id, name))
    return found


def everyone_out(session: Session) -> list[Officer]:
    """List who goes out on visits, and who no longer does but still has cases, by name."""
    having = select(CaseAccessRow.officer_id).where(CaseAccessRow.granted)
    rows = session.execute(
        select(UserRow.user_id, UserRow.name)
        .where(or_(UserRow.user_id.in_(having), UserRow.user_id.in_(select(_goes_out.c.user_id))))
        .order_by(UserRow.name, UserRow.user_id)
    )
    return [Officer(user_id=user_id, name=name) for user_id, name in rows]


def _next_visits(session: Session, ids: Sequence[str]) -> dict[str, date]:
    rows = session.execute(
        select(PlannedVisitRow.case_id, func.min(PlannedVisitRow.planned_on))
        .where(PlannedVisitRow.case_id.in_(ids), PlannedVisitRow.state == "planned")
        .group_by(PlannedVisitRow.case_id)
    )
    return {row.case_id: row[1] for row in rows}


def _last_visits(session: Session, ids: Sequence[str]) -> dict[str, tuple[datetime | None, str]]:
    rows = session.execute(
        select(VisitRow.case_id, VisitRow.happened_at, VisitRow.outcome)
        .ext(distinct_on(VisitRow.case_id))
        .where(VisitRow.case_id.in_(ids))
        .order_by(VisitRow.case_id, VisitRow.happened_at.desc())
    )
    return {case_id: (happened_at, outcome) for case_id, happened_at, outcome in rows}
