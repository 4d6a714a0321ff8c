"""What the page of one case reads: what it is about, who has it, what is planned and what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from server.access.erasures import is_still_there
from server.access.tables import DeviceRow, DeviceStoreRow, UserRow
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.cases.queries import PLACE, in_force
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import AddressRow, ContactRow, MarkerRow, PersonRow
from server.recovery.tables import HoldRow
from server.spine.tables import CaseAccessRow
from server.visits.tables import PlannedVisitRow


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case: its person or place, and whether it is open."""

    case_id: str
    reference: str
    open: bool
    opened_at: datetime
    closed_at: datetime | None
    person_id: str | None
    name: str
    language: str
    address_id: str | None
    lines: tuple[str, ...]
    postcode: str

    @property
    def title(self) -> str:
        """Name the case by its person, or by its address when there is nobody to name."""
        return self.name or ", ".join(self.lines) or self.reference


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A debt the case is about, with what holds it."""

    debt_id: str
    account_id: str
    account_reference: str
    debt_type: str
    from_on: date | None
    until: date | None
    stage: str
    balance_pence: int
    holds: tuple[str, ...]
    hold_until: date | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone on the case: its principal, or someone liable for one of its debts."""

    person_id: str
    name: str
    principal: bool
    phone_numbers: tuple[str, ...]
    other_cases: tuple[tuple[str, str], ...]
    """(case id, reference) of the open cases that are about this person."""


@dataclass(frozen=True, kw_only=True)
class Holder:
    """An officer who has the case, or had it and whose device may still hold it."""

    officer_id: str
    name: str
    view: str
    granted_at: datetime
    revoked_at: datetime | None
    devices: tuple[str, ...] = ()
    """Names of the devices that have not yet said they erased it."""


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A visit that is to be made."""

    planned_visit_id: str
    officer_id: str
    officer: str
    purpose: str
    planned_on: date
    instructions: str
    still_assigned: bool


def find(session: Session, case_id: str) -> Case | None:
    """Find a case."""
    row = session.execute(
        select(CaseRow, PersonRow.name, PersonRow.language)
        .add_columns(AddressRow.address_id, AddressRow.lines, AddressRow.postcode)
        .outerjoin(PersonRow, PersonRow.person_id == CaseRow.person_id)
        .outerjoin(AddressRow, AddressRow.address_id == PLACE)
        .where(CaseRow.case_id == case_id)
    ).one_or_none()
    if row is None:
        return None
    case, name, language, address_id, lines, postcode = row
    return Case(
        case_id=case.case_id,
        reference=case.reference,
        open=case.open,
        opened_at=case.opened_at,
        closed_at=case.closed_at,
        person_id=case.person_id,
        name=name or "",
        language=language or "",
        address_id=address_id,
        lines=tuple((lines or "").splitlines()),
        postcode=postcode or "",
    )


def markers(session: Session, case: Case, today: date) -> list[str]:
    """List the kinds of risk at the person and the place that are in force."""
    found = session.scalars(
        select(MarkerRow.kind)
        .where(
            # Nobody and nowhere match nothing: compared as equal to None they would match every
            # marker that is at a place, or about a person.
            or_(
                MarkerRow.person_id.in_([case.person_id] if case.person_id else []),
                MarkerRow.address_id.in_([case.address_id] if case.address_id else []),
            ),
            or_(MarkerRow.until.is_(None), MarkerRow.until > today),
        )
        .distinct()
        .order_by(MarkerRow.kind)
    )
    return list(found)


def debts(session: Session, case_id: str, today: date) -> list[Debt]:
    """List the debts of a case with the holds on them."""
    holds: dict[str, list[HoldRow]] = {}
    for hold in session.scalars(
        select(HoldRow)
        .join(CaseDebtRow, CaseDebtRow.debt_id == HoldRow.debt_id)
        .where(CaseDebtRow.case_id == case_id, in_force(today))
        .order_by(HoldRow.from_on)
    ):
        holds.setdefault(hold.debt_id, []).append(hold)
    rows = session.execute(
        select(DebtRow, AccountRow.reference, AccountRow.debt_type)
        .join(CaseDebtRow, CaseDebtRow.debt_id == DebtRow.debt_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(CaseDebtRow.case_id == case_id)
        .order_by(AccountRow.debt_type, DebtRow.from_on.desc().nulls_last(), DebtRow.debt_id)
    )
    return [
        Debt(
            debt_id=debt.debt_id,
            account_id=debt.account_id,
            account_reference=reference,
            debt_type=debt_type,
            from_on=debt.from_on,
            until=debt.until,
            stage=debt.stage,
            balance_pence=debt.balance_pence,
            holds=tuple(hold.reason for hold in holds.get(debt.debt_id, ())),
            hold_until=max(
                (hold.until for hold in holds.get(debt.debt_id, ()) if hold.until), default=None
            ),
        )
        for debt, reference, debt_type in rows
    ]


def people(session: Session, case: Case, today: date) -> list[Person]:
    """List who is on the case, its principal first, and the other cases about each."""
    liable = (
        select(LiablePartyRow.person_id)
        .join(CaseDebtRow, CaseDebtRow.debt_id == LiablePartyRow.debt_id)
        .where(
            CaseDebtRow.case_id == case.case_id,
            or_(LiablePartyRow.until.is_(None), LiablePartyRow.until > today),
        )
    )
    rows = session.execute(
        select(PersonRow.person_id, PersonRow.name)
        .where(or_(PersonRow.person_id == case.person_id, PersonRow.person_id.in_(liable)))
        .order_by(PersonRow.name, PersonRow.person_id)
    ).all()
    ids = [row.person_id for row in rows]
    phones: dict[str, list[str]] = {}
    for person_id, value in session.execute(
        select(ContactRow.person_id, ContactRow.value)
        .where(ContactRow.person_id.in_(ids), ContactRow.kind == "phone")
        .order_by(ContactRow.recorded_at.desc())
    ):
        phones.setdefault(person_id, []).append(value)
    cases: dict[str, list[tuple[str, str]]] = {}
    for about_id, case_id, reference in session.execute(
        select(CaseRow.person_id, CaseRow.case_id, CaseRow.reference)
        .where(CaseRow.person_id.in_(ids), CaseRow.open, CaseRow.case_id != case.case_id)
        .order_by(CaseRow.reference)
    ):
        cases.setdefault(str(about_id), []).append((case_id, reference))
    found = [
        Person(
            person_id=row.person_id,
            name=row.name,
            principal=row.person_id == case.person_id,
            phone_numbers=tuple(phones.get(row.person_id, ())),
            other_cases=tuple(cases.get(row.person_id, ())),
        )
        for row in rows
    ]
    return sorted(found, key=lambda person: not person.principal)


def holders(session: Session, case_id: str) -> list[Holder]:
    """List the officers who have the case, and those who had it and may still hold it."""
    access = CaseAccessRow
    rows = session.execute(
        select(access, UserRow.name)
        .join(UserRow, UserRow.user_id == access.officer_id)
        .where(access.case_id == case_id)
        .order_by(access.granted.desc(), UserRow.name, access.officer_id)
    ).all()
    devices = _not_erased(session, case_id)
    return [
        Holder(
            officer_id=row.officer_id,
            name=name,
            view=row.view,
            granted_at=row.granted_at,
            revoked_at=row.revoked_at,
            devices=devices.get(row.officer_id, ()),
        )
        for row, name in rows
    ]


def _not_erased(session: Session, case_id: str) -> dict[str, tuple[str, ...]]:
    """Name the devices of former holders that were given the case and have not erased it."""
    access = CaseAccessRow
    rows = session.execute(
        select(access.officer_id, DeviceRow.name)
        .join(DeviceRow, DeviceRow.officer_id == access.officer_id)
        .join(DeviceStoreRow, DeviceStoreRow.device_id == DeviceRow.device_id)
        .where(access.case_id == case_id, is_still_there())
        .distinct()
        .order_by(access.officer_id, DeviceRow.name)
    )
    return {
        officer_id: tuple(name for _id, name in group)
        for officer_id, group in groupby(rows, key=lambda row: str(row[0]))
    }


def planned(session: Session, case_id: str) -> list[Planned]:
    """List the visits that are to be made, the earliest first."""
    still = exists().where(
        CaseAccessRow.case_id == PlannedVisitRow.case_id,
        CaseAccessRow.officer_id == PlannedVisitRow.officer_id,
        CaseAccessRow.granted,
    )
    rows = session.execute(
        select(PlannedVisitRow, func.coalesce(UserRow.name, ""), still)
        .outerjoin(UserRow, UserRow.user_id == PlannedVisitRow.officer_id)
        .where(PlannedVisitRow.case_id == case_id, PlannedVisitRow.state == "planned")
        .order_by(PlannedVisitRow.planned_on, PlannedVisitRow.planned_visit_id)
    )
    return [
        Planned(
            planned_visit_id=row.planned_visit_id,
            officer_id=row.officer_id,
            officer=name,
            purpose=row.purpose,
            planned_on=row.planned_on,
            instructions=row.instructions,
            still_assigned=still_assigned,
        )
        for row, name, still_assigned in rows
    ]
