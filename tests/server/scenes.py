"""People, accounts, debts and cases for tests, each made by the commands that make real ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import text

from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.cases.commands import AssignCase, OpenCase
from server.people.commands import OpenPerson, RecordAddress
from shared.commands import Command
from tests.server.office import NOW, Office, new_id


def open_person(office: Office, forenames: str, surname: str, **more: Any) -> str:
    """Open an individual."""
    person_id = new_id()
    office.give(
        OpenPerson(
            person_id=person_id, kind="individual", forenames=forenames, surname=surname, **more
        )
    )
    return person_id


def open_organisation(office: Office, name: str) -> str:
    """Open an organisation."""
    person_id = new_id()
    office.give(OpenPerson(person_id=person_id, kind="organisation", whole_name=name))
    return person_id


def live_at(office: Office, person_id: str, lines: str, postcode: str = "", **more: Any) -> str:
    """Say where a person lives; answers the residence."""
    residence_id = new_id()
    office.give(
        RecordAddress(
            residence_id=residence_id,
            person_id=person_id,
            address_id=more.pop("address_id", None) or new_id(),
            lines=lines,
            postcode=postcode,
            **more,
        )
    )
    return residence_id


@dataclass(frozen=True)
class Owed:
    """An account with one debt."""

    account_id: str
    debt_id: str


def open_debt(
    office: Office, *liable: str, pence: int = 100_000, reference: str = "", **more: Any
) -> Owed:
    """Open an account with one debt that the people given are liable for together."""
    owed = Owed(new_id(), new_id())
    more.setdefault("debt_type", "council_tax")
    account_reference = reference or owed.account_id[:8]
    office.give(OpenAccount(account_id=owed.account_id, reference=account_reference, **more))
    office.give(
        OpenDebt(
            debt_id=owed.debt_id,
            account_id=owed.account_id,
            reference=f"{account_reference}-1",
            from_on=date(2026, 4, 1),
            until=date(2027, 4, 1),
            transaction_id=new_id(),
            charge_pence=pence,
            charged_on=date(2026, 4, 1),
        )
    )
    for person_id in liable:
        office.give(RecordLiableParty(debt_id=owed.debt_id, person_id=person_id))
    return owed


def open_many(office: Office, count: int, person_id: str, pence: int = 1_000) -> list[Owed]:
    """Open accounts with one debt each, all at once, that one person is liable for."""
    owed = [Owed(new_id(), new_id()) for _ in range(count)]
    accounts: list[Command] = [
        OpenAccount(
            account_id=each.account_id, reference=each.account_id[:8], debt_type="business_rates"
        )
        for each in owed
    ]
    debts: list[Command] = [
        OpenDebt(
            debt_id=each.debt_id,
            account_id=each.account_id,
            reference="2026",
            transaction_id=new_id(),
            charge_pence=pence,
            charged_on=date(2026, 4, 1),
        )
        for each in owed
    ]
    liable: list[Command] = [
        RecordLiableParty(debt_id=each.debt_id, person_id=person_id) for each in owed
    ]
    office.give_all([*accounts, *debts, *liable])
    return owed


def add_officer(office: Office, name: str = "Amina Osei") -> str:
    """Add someone who goes out on visits."""
    user_id = new_id()
    with office.sessions() as session, session.begin():
        session.execute(
            text(
                'INSERT INTO "user" (user_id, sign_in, name, created_at) '
                "VALUES (:id, :sign_in, :name, :at)"
            ),
            {"id": user_id, "sign_in": user_id, "name": name, "at": NOW},
        )
        session.execute(
            text("INSERT INTO role (role, name) VALUES ('goes', 'goes') ON CONFLICT DO NOTHING")
        )
        session.execute(
            text(
                "INSERT INTO role_permission (role, permission) VALUES ('goes', 'visits.record') "
                "ON CONFLICT DO NOTHING"
            )
        )
        session.execute(
            text("INSERT INTO user_role (user_id, role) VALUES (:id, 'goes')"), {"id": user_id}
        )
    return user_id


def assign_case(
    office: Office, person_id: str | None, *debt_ids: str, address_id: str | None = None
) -> str:
    """Open a case and assign it to an officer of its own, so that it has field records."""
    case_id = new_id()
    office.give(
        OpenCase(case_id=case_id, person_id=person_id, address_id=address_id, debt_ids=debt_ids)
    )
    office.give(AssignCase(case_id=case_id, officer_id=add_officer(office)))
    return case_id


def records(office: Office, case_id: str, kind: str) -> dict[str, Any]:
    """Read the field records of one kind that a device with this case is given."""
    query = text(
        "SELECT record_id, body::jsonb FROM field_record "
        "WHERE case_id = :case AND kind = :kind AND body IS NOT NULL"
    )
    with office.look() as session:
        return dict(session.execute(query, {"case": case_id, "kind": kind}).all())
