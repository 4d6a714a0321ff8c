"""What the office knows of the accounts of a block, loaded with one query a kind of fact."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ARRAY, String, bindparam, select, text
from sqlalchemy.orm import Session

from server.interop.known import Known, KnownAccount, KnownDebt, KnownHold, KnownPerson, Remembered
from server.interop.lines import AccountKey
from server.interop.payers import possible_people, references
from server.interop.pictures import Picture
from server.interop.plans import moved_parts
from server.interop.profiles import Profile
from server.interop.tables import ImportedAccountRow
from server.people.places import Place
from server.people.search_terms import normalise
from server.spine.tables import Id

_ACCOUNTS = """
    SELECT account_id::text, debt_type, source, reference FROM account
    WHERE account_id = ANY(:ids)
    UNION
    SELECT account_id::text, account.debt_type, account.source, account.reference
    FROM unnest(:types, :sources, :references) AS told (debt_type, source, reference)
    JOIN account USING (debt_type, source, reference)
"""

_DETAILS = """
    SELECT account_id::text, property_reference, liable_from, liable_until, rateable_value,
           balance_master, imported_hash, address_id::text, lines, postcode, uprn,
           (SELECT task_id::text FROM task
            WHERE task.account_id = account.account_id AND kind = 'find_liable' AND done_at IS NULL)
    FROM account LEFT JOIN address USING (address_id)
    WHERE account_id = ANY(:ids)
"""

_DEBTS = """
    SELECT account_id::text, debt_id::text, reference, balance_pence, from_on,
           (SELECT max(effective_on) FROM transaction AS moved
            WHERE moved.debt_id = debt.debt_id AND kind = 'reported')
    FROM debt WHERE account_id = ANY(:ids)
"""

_PARTIES = """
    SELECT account_id::text, debt_id::text, person_id::text, liable_party.from_on, liable_party.until
    FROM debt JOIN liable_party USING (debt_id) WHERE account_id = ANY(:ids)
"""

_HOLDS = """
    SELECT account_id::text, debt_id::text, reason, hold.from_on, hold.until
    FROM debt JOIN hold USING (debt_id) WHERE account_id = ANY(:ids)
"""

_PEOPLE = """
    SELECT person_id::text, kind, name, title, forenames, surname, born_on
    FROM person WHERE person_id = ANY(:ids)
"""

_HOMES = """
    SELECT person_id::text, postcode, lines
    FROM residence JOIN address USING (address_id)
    WHERE person_id = ANY(:ids) AND until IS NULL
"""

_CONTACTS = "SELECT person_id::text, kind, value FROM contact WHERE person_id = ANY(:ids)"

_OTHER_NAMES = "SELECT person_id::text, name FROM former_name WHERE person_id = ANY(:ids)"

_REFERENCES_OF = """
    SELECT person_id::text, service, reference FROM payer_reference WHERE person_id = ANY(:ids)
"""

_BY_REFERENCE = """
    SELECT service, reference, person_id::text
    FROM unnest(:services, :references) AS told (service, reference)
    JOIN payer_reference USING (service, reference)
"""


def load_known(session: Session, pictures: Sequence[Picture], profile: Profile) -> Known:
    """Load what planning these accounts looks at; of those that have not moved only that they are here."""
    ids = _account_ids(session, pictures)
    remembered = _remembered(session, ids.values())
    moving = [
        picture
        for picture in pictures
        if moved_parts(picture, remembered.get(ids.get(picture.key, "")))
    ]
    moving_ids = {ids[picture.key] for picture in moving if picture.key in ids}
    details = _accounts(session, moving_ids)
    known = Known(
        accounts={
            picture.key: details.get(ids[picture.key], _only_here(ids[picture.key]))
            for picture in pictures
            if picture.key in ids
        },
        remembered=remembered,
    )
    known.by_reference = _by_reference(session, {r for p in moving for r in references(p)})
    wanted = {person_id for p in moving for person_id in possible_people(p, profile)}
    wanted |= {person_id for account in details.values() for person_id in account.people()}
    known.people = _people(session, wanted | set(known.by_reference.values()))
    return known


def _account_ids(session: Session, pictures: Sequence[Picture]) -> dict[AccountKey, str]:
    """Find which accounts are here: by the id an import gives them, or opened here by reference."""
    told = [picture.first for picture in pictures]
    rows = session.execute(
        text(_ACCOUNTS).bindparams(
            bindparam("ids", [picture.account_id for picture in pictures], ARRAY(Id)),
            bindparam("types", [line.debt_type for line in told], ARRAY(String)),
            bindparam("sources", [line.service for line in told], ARRAY(String)),
            bindparam("references", [line.account_reference for line in told], ARRAY(String)),
        )
    ).all()
    by_id = {account_id for account_id, *_ in rows}
    by_reference = {(source, kind, name): id_ for id_, kind, source, name in rows}
    found: dict[AccountKey, str] = {}
    for picture in pictures:
        line = picture.first
        exact = (line.service, line.debt_type, line.account_reference)
        if picture.account_id in by_id:
            found[picture.key] = picture.account_id
        elif exact in by_reference:
            found[picture.key] = by_reference[exact]
    return found


def _remembered(session: Session, account_ids: Collection[str]) -> dict[str, Remembered]:
    row = ImportedAccountRow
    return {
        account_id: Remembered(
            account_id=account_id,
            import_id=import_id,
            marks=marks,
            named=named,
            outcomes=outcomes,
        )
        for account_id, import_id, marks, named, outcomes in session.execute(
            select(row.account_id, row.import_id, row.marks, row.named, row.outcomes).where(
                row.account_id.in_(sorted(account_ids))
            )
        )
    }


def _only_here(account_id: str) -> KnownAccount:
    """Stand for an account that has not moved, of which nothing more needs to be known."""
    return KnownAccount(
        account_id=account_id,
        place=None,
        property_reference="",
        liable_from=None,
        liable_until=None,
        rateable_value=None,
        balance_master="",
        imported_hash="",
    )


def _accounts(session: Session, ids: Collection[str]) -> dict[str, KnownAccount]:
    debts: dict[str, dict[str, KnownDebt]] = {}
    for account_id, debt_id, reference, balance, from_on, reported_on in _rows(
        session, _DEBTS, ids
    ):
        debts.setdefault(account_id, {})[debt_id] = KnownDebt(
            debt_id=debt_id,
            reference=reference,
            balance_pence=balance,
            from_on=from_on,
            reported_on=reported_on,
        )
    parties: dict[str, dict[str, dict[str, Any]]] = {}
    for account_id, debt_id, person_id, from_on, until in _rows(session, _PARTIES, ids):
        of_debt = parties.setdefault(account_id, {}).setdefault(debt_id, {})
        of_debt[person_id] = (from_on, until)
    holds: dict[str, dict[str, tuple[KnownHold, ...]]] = {}
    for account_id, debt_id, reason, from_on, until in _rows(session, _HOLDS, ids):
        of_account = holds.setdefault(account_id, {})
        hold = KnownHold(reason=reason, from_on=from_on, until=until)
        of_account[debt_id] = (*of_account.get(debt_id, ()), hold)
    return {
        account_id: KnownAccount(
            account_id=account_id,
            property_reference=property_reference,
            liable_from=liable_from,
            liable_until=liable_until,
            rateable_value=rateable_value,
            balance_master=master,
            imported_hash=imported_hash,
            place=_place(*place) if place[0] else None,
            find_task_id=task_id,
            debts=debts.get(account_id, {}),
            parties=parties.get(account_id, {}),
            holds=holds.get(account_id, {}),
        )
        for (
            account_id,
            property_reference,
            liable_from,
            liable_until,
            rateable_value,
            master,
            imported_hash,
            *place,
            task_id,
        ) in _rows(session, _DETAILS, ids)
    }


def _place(address_id: str, lines: str, postcode: str, uprn: str | None) -> Place:
    return Place(address_id=address_id, lines=lines, postcode=postcode, uprn=uprn)


def _by_reference(
    session: Session, told: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    if not told:
        return {}
    rows = session.execute(
        text(_BY_REFERENCE).bindparams(
            bindparam("services", [service for service, _ in told], ARRAY(String)),
            bindparam("references", [reference for _, reference in told], ARRAY(String)),
        )
    )
    return {(service, reference): person_id for service, reference, person_id in rows}


def _people(session: Session, ids: Collection[str]) -> dict[str, KnownPerson]:
    people = {
        person_id: KnownPerson(
            person_id=person_id,
            kind=kind,
            name=name,
            title=title,
            forenames=forenames,
            surname=surname,
            born_on=born_on,
        )
        for person_id, kind, name, title, forenames, surname, born_on in _rows(
            session, _PEOPLE, ids
        )
    }
    for person_id, postcode, lines in _rows(session, _HOMES, people):
        people[person_id].home = (normalise(postcode), normalise(lines))
    for person_id, kind, value in _rows(session, _CONTACTS, people):
        people[person_id].contacts.add((kind, value.casefold()))
    for person_id, name in _rows(session, _OTHER_NAMES, people):
        people[person_id].other_names.add(normalise(name))
    for person_id, service, reference in _rows(session, _REFERENCES_OF, people):
        people[person_id].references.add((service, reference))
    return people


def _rows(session: Session, query: str, ids: Collection[str]) -> Iterator[Any]:
    if not ids:
        return iter(())
    statement = text(query).bindparams(bindparam("ids", sorted(ids), ARRAY(Id)))
    return iter(session.execute(statement).all())
