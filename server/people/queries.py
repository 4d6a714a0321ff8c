"""What the pages about a person read, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, column, exists, func, or_, select, table
from sqlalchemy.orm import Session

from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.people.facts import details_of
from server.people.tables import (
    AddressRow,
    ContactRow,
    FormerNameRow,
    MarkerRow,
    PersonRow,
    ResidenceRow,
)
from server.recovery.queries import Hold, holds_of
from server.spine.paging import Slice
from server.spine.tables import Id

_case = table(
    "case", column("case_id", Id), column("reference"), column("person_id", Id), column("open")
)


@dataclass(frozen=True, kw_only=True)
class FormerName:
    """A name the person went by, and until when if that is known."""

    name: str
    until: date | None


@dataclass(frozen=True, kw_only=True)
class Home:
    """An address of the person, from and until."""

    residence_id: str
    address_id: str
    lines: tuple[str, ...]
    postcode: str
    uprn: str | None
    from_on: date | None
    until: date | None

    def is_home_on(self, day: date) -> bool:
        """Tell whether the person lives there on the day, as far as is known."""
        return (self.from_on is None or self.from_on <= day) and (
            self.until is None or day < self.until
        )


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A way to reach the person, where it came from, and whether it does."""

    contact_id: str
    standing: str
    kind: str
    value: str
    source: str
    recorded_at: datetime


@dataclass(frozen=True, kw_only=True)
class Marker:
    """A risk to staff on the person, or on a place of theirs."""

    marker_id: str
    kind: str
    note: str
    from_on: date
    review_on: date
    until: date | None
    place: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CaseLink:
    """A case that is about the person."""

    case_id: str
    reference: str
    open: bool


@dataclass(frozen=True, kw_only=True)
class Person:
    """Everything the person page shows of the person, without what they owe."""

    person_id: str
    kind: str
    title: str
    forenames: str
    surname: str
    name: str
    born_on: date | None
    language: str
    details: Mapping[str, Any]
    """What may be put right, as commands write it."""

    former_names: tuple[FormerName, ...]
    homes: tuple[Home, ...]
    contacts: tuple[Contact, ...]
    markers: tuple[Marker, ...]
    cases: tuple[CaseLink, ...]

    def homes_of_today(self) -> list[Home]:
        """List where the person lives until somebody says otherwise."""
        return [home for home in self.homes if home.until is None]

    def homes_on(self, day: date) -> list[Home]:
        """List where the person lives on the day."""
        return [home for home in self.homes if home.is_home_on(day)]

    def markers_in_force(self) -> list[Marker]:
        """List the warnings nobody has ended."""
        return [marker for marker in self.markers if marker.until is None]


@dataclass(frozen=True, kw_only=True)
class PersonDebt:
    """One debt the person is or was liable for, with its holds and who else is liable."""

    debt_id: str
    account_id: str
    account_reference: str
    reference: str
    debt_type: str
    from_on: date | None
    until: date | None
    stage: str
    balance_pence: int
    liable_until: date | None
    holds: tuple[Hold, ...]
    others: tuple[tuple[str, str], ...]
    """(person id, name) of the other people liable."""


@dataclass(frozen=True, kw_only=True)
class Owed:
    """How many debts a person has and what they come to."""

    debts: int
    balance_pence: int


def person(session: Session, person_id: str) -> Person | None:
    """Find a person with everything kept about them."""
    row = session.get(PersonRow, person_id)
    if row is None:
        return None
    former, contact = FormerNameRow, ContactRow
    return Person(
        person_id=row.person_id,
        kind=row.kind,
        title=row.title,
        forenames=row.forenames,
        surname=row.surname,
        name=row.name,
        born_on=row.born_on,
        language=row.language,
        details=details_of(session, [person_id])[person_id],
        former_names=tuple(
            FormerName(name=name, until=until)
            for name, until in session.execute(
                select(former.name, former.until)
                .where(former.person_id == person_id)
                .order_by(former.until.desc().nulls_last(), former.former_name_id)
            )
        ),
        homes=_homes(session, person_id),
        contacts=tuple(
            Contact(
                contact_id=c.contact_id,
                standing=c.standing,
                kind=c.kind,
                value=c.value,
                source=c.source,
                recorded_at=c.recorded_at,
            )
            for c in session.scalars(
                select(contact)
                .where(contact.person_id == person_id)
                .order_by(contact.recorded_at.desc(), contact.contact_id)
            )
        ),
        markers=_markers(session, person_id),
        cases=tuple(
            CaseLink(case_id=case_id, reference=reference, open=is_open)
            for case_id, reference, is_open in session.execute(
                select(_case.c.case_id, _case.c.reference, _case.c.open)
                .where(_case.c.person_id == person_id)
                .order_by(_case.c.open.desc(), _case.c.reference.desc())
            )
        ),
    )


def name_of(session: Session, person_id: str) -> str | None:
    """Find what a person is called."""
    return session.scalar(select(PersonRow.name).where(PersonRow.person_id == person_id))


def _homes(session: Session, person_id: str) -> tuple[Home, ...]:
    """List addresses, today's first and then the latest."""
    home = ResidenceRow
    return tuple(
        Home(
            residence_id=residence_id,
            address_id=place.address_id,
            lines=tuple(place.lines.splitlines()),
            postcode=place.postcode,
            uprn=place.uprn,
            from_on=from_on,
            until=until,
        )
        for place, residence_id, from_on, until in session.execute(
            select(AddressRow, home.residence_id, home.from_on, home.until)
            .join(home, home.address_id == AddressRow.address_id)
            .where(home.person_id == person_id)
            .order_by(
                home.until.desc().nulls_first(), home.from_on.desc().nulls_last(), home.residence_id
            )
        )
    )


def _markers(session: Session, person_id: str) -> tuple[Marker, ...]:
    """List warnings on the person and on where they live now, those in force first."""
    marker, home = MarkerRow, ResidenceRow
    lives_there = exists().where(
        home.address_id == marker.address_id, home.person_id == person_id, home.until.is_(None)
    )
    return tuple(
        Marker(
            marker_id=row.marker_id,
            kind=row.kind,
            note=row.note,
            from_on=row.from_on,
            review_on=row.review_on,
            until=row.until,
            place=tuple((lines or "").splitlines()),
        )
        for row, lines in session.execute(
            select(marker, AddressRow.lines)
            .outerjoin(AddressRow, AddressRow.address_id == marker.address_id)
            .where(or_(marker.person_id == person_id, lives_there))
            .order_by(marker.until.desc().nulls_first(), marker.from_on.desc(), marker.marker_id)
        )
    )


def owed(session: Session, person_id: str) -> Owed:
    """Count and add up everything a person is liable for."""
    count, pence = session.execute(
        select(func.count(), func.coalesce(func.sum(DebtRow.balance_pence), 0))
        .join(LiablePartyRow, LiablePartyRow.debt_id == DebtRow.debt_id)
        .where(LiablePartyRow.person_id == person_id)
    ).one()
    return Owed(debts=count, balance_pence=int(pence))


def debts(session: Session, person_id: str, part: Slice) -> list[PersonDebt]:
    """List what a person is liable for, the largest first."""
    party = LiablePartyRow
    rows = session.execute(
        select(DebtRow, AccountRow.reference, AccountRow.debt_type, party.until)
        .join(party, party.debt_id == DebtRow.debt_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(party.person_id == person_id)
        .order_by(DebtRow.balance_pence.desc(), DebtRow.debt_id)
        .offset(part.offset)
        .limit(part.limit)
    ).all()
    ids = [debt.debt_id for debt, *_ in rows]
    holds = holds_of(session, ids)
    others: dict[str, list[tuple[str, str]]] = {}
    for debt_id, other_id, name in session.execute(
        select(party.debt_id, PersonRow.person_id, PersonRow.name)
        .join(PersonRow, PersonRow.person_id == party.person_id)
        .where(and_(party.debt_id.in_(ids), party.person_id != person_id))
        .order_by(PersonRow.name, PersonRow.person_id)
    ):
        others.setdefault(debt_id, []).append((other_id, name))
    return [
        PersonDebt(
            debt_id=debt.debt_id,
            account_id=debt.account_id,
            account_reference=reference,
            reference=debt.reference,
            debt_type=debt_type,
            from_on=debt.from_on,
            until=debt.until,
            stage=debt.stage,
            balance_pence=debt.balance_pence,
            liable_until=liable_until,
            holds=tuple(holds.get(debt.debt_id, ())),
            others=tuple(others.get(debt.debt_id, ())),
        )
        for debt, reference, debt_type, liable_until in rows
    ]
