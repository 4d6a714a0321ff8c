"""What a search page shows: each person and account found, and the words it was found by."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import (
    CompoundSelect,
    Select,
    Subquery,
    column,
    func,
    literal,
    select,
    table,
    union_all,
)
from sqlalchemy.orm import Session

from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.people.search import Match
from server.people.tables import (
    AddressRow,
    ContactRow,
    FormerNameRow,
    PersonRow,
    ResidenceRow,
)
from server.people.terms import Term
from server.spine.tables import Id

_payer = table("payer_reference", column("person_id", Id), column("reference"))

NAMES_SHOWN_MAX = 3
"""People liable whom a found account names."""


@dataclass(frozen=True, kw_only=True)
class FoundPerson:
    """A person as a list of results shows them."""

    match: Match
    matched_text: str
    person_id: str
    kind: str
    name: str
    title: str
    born_on: date | None
    lines: tuple[str, ...]
    postcode: str
    debts: int
    balance_pence: int


@dataclass(frozen=True, kw_only=True)
class FoundAccount:
    """An account as a list of results shows it."""

    match: Match
    matched_text: str
    account_id: str
    reference: str
    debt_type: str
    lines: tuple[str, ...]
    postcode: str
    liable: tuple[str, ...]
    liable_count: int
    balance_pence: int


def describe(session: Session, matches: Sequence[Match]) -> list[FoundPerson | FoundAccount]:
    """Say who and what was found, in the order of the matches, a few queries for all of them."""
    people = _people(session, [m for m in matches if m.person_id])
    accounts = _accounts(session, [m for m in matches if m.account_id])
    both: dict[str, FoundPerson | FoundAccount] = {**people, **accounts}
    found = [both.get(match.person_id or match.account_id or "") for match in matches]
    return [each for each in found if each is not None]


def _people(session: Session, matches: Sequence[Match]) -> dict[str, FoundPerson]:
    ids = [match.person_id for match in matches if match.person_id]
    rows = {
        row.person_id: row
        for row in session.scalars(select(PersonRow).where(PersonRow.person_id.in_(ids)))
    }
    homes = {
        person_id: (tuple(lines.splitlines()), postcode)
        for person_id, lines, postcode in session.execute(
            select(ResidenceRow.person_id, AddressRow.lines, AddressRow.postcode)
            .join(AddressRow, AddressRow.address_id == ResidenceRow.address_id)
            .where(ResidenceRow.person_id.in_(ids), ResidenceRow.until.is_(None))
            .order_by(ResidenceRow.from_on.asc().nulls_first(), ResidenceRow.residence_id)
        )
    }
    owed = {
        person_id: (count, int(pence))
        for person_id, count, pence in session.execute(
            select(LiablePartyRow.person_id, func.count(), func.sum(DebtRow.balance_pence))
            .join(DebtRow, DebtRow.debt_id == LiablePartyRow.debt_id)
            .where(LiablePartyRow.person_id.in_(ids))
            .group_by(LiablePartyRow.person_id)
        )
    }
    written = _written(session, _words_of_people(ids), matches)
    return {
        match.person_id: FoundPerson(
            match=match,
            matched_text=written.get(match.person_id, match.term),
            person_id=match.person_id,
            kind=row.kind,
            name=row.name,
            title=row.title,
            born_on=row.born_on,
            lines=homes.get(match.person_id, ((), ""))[0],
            postcode=homes.get(match.person_id, ((), ""))[1],
            debts=owed.get(match.person_id, (0, 0))[0],
            balance_pence=owed.get(match.person_id, (0, 0))[1],
        )
        for match in matches
        if match.person_id and (row := rows.get(match.person_id))
    }


def _accounts(session: Session, matches: Sequence[Match]) -> dict[str, FoundAccount]:
    ids = [match.account_id for match in matches if match.account_id]
    rows = {
        account.account_id: (account, tuple((lines or "").splitlines()), postcode or "")
        for account, lines, postcode in session.execute(
            select(AccountRow, AddressRow.lines, AddressRow.postcode)
            .outerjoin(AddressRow, AddressRow.address_id == AccountRow.address_id)
            .where(AccountRow.account_id.in_(ids))
        )
    }
    owed = {
        account_id: int(pence)
        for account_id, pence in session.execute(
            select(DebtRow.account_id, func.sum(DebtRow.balance_pence))
            .where(DebtRow.account_id.in_(ids))
            .group_by(DebtRow.account_id)
        )
    }
    liable = _liable(session, ids)
    written = _written(session, _words_of_accounts(ids), matches)
    return {
        match.account_id: FoundAccount(
            match=match,
            matched_text=written.get(match.account_id, match.term),
            account_id=match.account_id,
            reference=found[0].reference,
            debt_type=found[0].debt_type,
            lines=found[1],
            postcode=found[2],
            liable=tuple(liable.get(match.account_id, ())[:NAMES_SHOWN_MAX]),
            liable_count=len(liable.get(match.account_id, ())),
            balance_pence=owed.get(match.account_id, 0),
        )
        for match in matches
        if match.account_id and (found := rows.get(match.account_id))
    }


def _liable(session: Session, account_ids: Collection[str]) -> dict[str, list[str]]:
    """Name everybody liable for a debt of each account."""
    found: dict[str, list[str]] = {}
    for account_id, name, _person_id in session.execute(
        select(DebtRow.account_id, PersonRow.name, PersonRow.person_id)
        .distinct()
        .join(LiablePartyRow, LiablePartyRow.debt_id == DebtRow.debt_id)
        .join(PersonRow, PersonRow.person_id == LiablePartyRow.person_id)
        .where(DebtRow.account_id.in_(account_ids))
        .order_by(PersonRow.name, PersonRow.person_id)
    ):
        found.setdefault(account_id, []).append(name)
    return found


def _written(
    session: Session, words: CompoundSelect[str, str, str], matches: Sequence[Match]
) -> dict[str, str]:
    """Find how each matched term is really written, because it is compared in a plainer form."""
    wanted = {match.person_id or match.account_id: match for match in matches}
    found: dict[str, str] = {}
    for subject_id, kind, written in session.execute(words):
        match = wanted.get(str(subject_id))
        if match and kind == match.kind and Term(kind=kind, text=written).compared == match.term:
            found[str(subject_id)] = ", ".join(written.splitlines())
    return found


def _words_of_people(ids: Collection[str]) -> CompoundSelect[str, str, str]:
    """Ask for everything people are found by, as it is written."""
    person, former, contact = PersonRow, FormerNameRow, ContactRow
    home = select(ResidenceRow.person_id, ResidenceRow.address_id).where(
        ResidenceRow.person_id.in_(ids)
    )
    return union_all(
        select(person.person_id, literal("name"), person.name).where(person.person_id.in_(ids)),
        select(former.person_id, literal("former_name"), former.name).where(
            former.person_id.in_(ids)
        ),
        select(contact.person_id, contact.kind, contact.value).where(contact.person_id.in_(ids)),
        select(_payer.c.person_id, literal("reference"), _payer.c.reference).where(
            _payer.c.person_id.in_(ids)
        ),
        *_words_of_places(home.subquery()),
    )


def _words_of_accounts(ids: Collection[str]) -> CompoundSelect[str, str, str]:
    """Ask for everything accounts are found by, as it is written."""
    account, debt = AccountRow, DebtRow
    these = account.account_id.in_(ids)
    place = select(account.account_id, account.address_id).where(these)
    return union_all(
        select(account.account_id, literal("reference"), account.reference).where(these),
        select(account.account_id, literal("property_reference"), account.property_reference).where(
            these
        ),
        select(debt.account_id, literal("debt_reference"), debt.reference).where(
            debt.account_id.in_(ids)
        ),
        *_words_of_places(place.subquery()),
    )


def _words_of_places(of: Subquery) -> list[Select[str, str, str]]:
    """Ask for the words of the places that subjects, in the first column, have in the second."""
    subject_id, address_id = of.c
    place = AddressRow
    lines = func.concat(place.lines, "\n", place.postcode)
    return [
        select(subject_id, literal(kind), words)
        .join(place, place.address_id == address_id)
        .where(words.is_not(None))
        for kind, words in (("address", lines), ("postcode", place.postcode), ("uprn", place.uprn))
    ]
