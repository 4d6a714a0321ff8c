"""What opening a case from a person reads: who it is, what they owe, and what is open already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import PersonRow

DEBTS_OFFERED_MAX = 200
"""Debts of one person that the form offers, the largest first; one payer in real data has hundreds."""


@dataclass(frozen=True, kw_only=True)
class Owing:
    """A debt that a person is liable for."""

    debt_id: str
    account_reference: str
    debt_type: str
    from_on: date | None
    until: date | None
    balance_pence: int
    in_case: bool


@dataclass(frozen=True, kw_only=True)
class Someone:
    """The person a case would be about."""

    person_id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class OpenCase:
    """A case about the person that is open already."""

    case_id: str
    reference: str
    opened_at: datetime


def person(session: Session, person_id: str) -> Someone | None:
    """Find the person."""
    name = session.scalar(select(PersonRow.name).where(PersonRow.person_id == person_id))
    return None if name is None else Someone(person_id=person_id, name=name)


def debts_of(session: Session, person_id: str, today: date) -> list[Owing]:
    """List what a person is liable for today, the largest first, and what a case is about already."""
    in_case = exists().where(
        CaseDebtRow.debt_id == DebtRow.debt_id,
        CaseRow.case_id == CaseDebtRow.case_id,
        CaseRow.open,
        CaseRow.person_id == person_id,
    )
    rows = session.execute(
        select(DebtRow, AccountRow.reference, AccountRow.debt_type, in_case)
        .join(LiablePartyRow, LiablePartyRow.debt_id == DebtRow.debt_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(
            LiablePartyRow.person_id == person_id,
            or_(LiablePartyRow.until.is_(None), LiablePartyRow.until > today),
        )
        .order_by(DebtRow.balance_pence.desc(), DebtRow.debt_id)
        .limit(DEBTS_OFFERED_MAX)
    )
    return [
        Owing(
            debt_id=debt.debt_id,
            account_reference=reference,
            debt_type=debt_type,
            from_on=debt.from_on,
            until=debt.until,
            balance_pence=debt.balance_pence,
            in_case=already,
        )
        for debt, reference, debt_type, already in rows
    ]


def open_cases(session: Session, person_id: str) -> list[OpenCase]:
    """List the open cases about a person."""
    rows = session.execute(
        select(CaseRow.case_id, CaseRow.reference, CaseRow.opened_at)
        .where(CaseRow.person_id == person_id, CaseRow.open)
        .order_by(CaseRow.opened_at)
    )
    return [
        OpenCase(case_id=case_id, reference=reference, opened_at=opened_at)
        for case_id, reference, opened_at in rows
    ]
