"""The timeline: everything that happened to a person or an account, from the change log, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.people.said_elsewhere import SENTENCES as SAID_ELSEWHERE
from server.people.tables import PersonRow
from server.spine.areas import House
from server.spine.paging import Slice
from server.spine.tables import ChangeRow, DetailRow, Id, Moment
from shared.catalogue import Sentence, mark
from shared.commands import Touched

KINDS: Mapping[str, str] = {
    "payments": mark("Payments"),
    "accounts": mark("Debts and charges"),
    "recovery": mark("Holds"),
    "visits": mark("Visits"),
    "cases": mark("Cases"),
    "people": mark("Details and markers"),
    "reconciling": mark("Where officer and office differed"),
    "worktray": mark("Tasks"),
}
"""What a timeline can be narrowed to: the area that wrote the change, in words."""

WITH_BALANCE = {"payments", "accounts", "recovery", "visits"}
"""Kinds beside which it says what was owed then."""

NOTES = ("notes", "note", "reason", "comment", "answer", "instructions")
"""Details that are a person's own words, shown under what happened."""

UNKNOWN = Sentence(mark("Something was recorded that has no words here yet"))

_case = table("case", column("case_id", Id), column("person_id", Id))

Say = Callable[[Mapping[str, Any]], str]
"""What an area declares for a change: its line and detail, and names, to a sentence."""


@dataclass(frozen=True, kw_only=True)
class About:
    """The debt, or the account, that something happened to."""

    account_id: str
    debt_type: str
    account_reference: str
    debt_reference: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One thing that happened: a sentence, when, by whom, to which debt, and what was owed then."""

    sentence: str
    kind: str
    happened_at: datetime
    by: str
    note: str
    about: About | None
    owed_pence: int | None


def of_person(session: Session, person_id: str) -> Touched:
    """Say whose changes belong on a person's timeline: theirs, their debts', their own cases'."""
    rows = session.execute(
        select(DebtRow.debt_id, DebtRow.account_id)
        .join(LiablePartyRow, LiablePartyRow.debt_id == DebtRow.debt_id)
        .where(LiablePartyRow.person_id == person_id)
    ).all()
    cases = session.scalars(select(_case.c.case_id).where(_case.c.person_id == person_id))
    return Touched(
        person_ids=frozenset({person_id}),
        debt_ids=frozenset(debt_id for debt_id, _ in rows),
        account_ids=frozenset(account_id for _, account_id in rows),
        case_ids=frozenset(cases),
    )


def of_account(session: Session, account_id: str) -> Touched:
    """Say whose changes belong on an account's timeline: its own and its debts'."""
    debts = session.scalars(select(DebtRow.debt_id).where(DebtRow.account_id == account_id))
    return Touched(account_ids=frozenset({account_id}), debt_ids=frozenset(debts))


def count(session: Session, house: House, about: Touched, kind: str = "") -> int:
    """Count what happened, of one kind or of every kind."""
    query = select(func.count()).select_from(ChangeRow).where(_wanted(house, about, kind))
    return session.scalar(query) or 0


def entries(
    session: Session, house: House, about: Touched, part: Slice, kind: str = ""
) -> list[Entry]:
    """List what happened, the latest first, each in a sentence."""
    change = ChangeRow
    rows = session.execute(
        select(change, DetailRow.body, UserRow.name)
        .outerjoin(DetailRow, DetailRow.detail_id == change.detail_id)
        .outerjoin(UserRow, UserRow.user_id == change.actor_id)
        .where(_wanted(house, about, kind))
        .order_by(change.happened_at.desc(), change.change_id.desc())
        .offset(part.offset)
        .limit(part.limit)
    ).all()
    changes = [row for row, *_ in rows]
    kinds, words = _kinds(house), _words(house)
    names, debts = _names(session, changes), _debts(session, changes)
    owed = _owed_then(
        session, about.debt_ids, [c for c in changes if kinds.get(c.name) in WITH_BALANCE]
    )
    found = []
    for row, body, by in rows:
        detail: Mapping[str, Any] = json.loads(body) if body else {}
        said = {**row.line, **detail, "person": names.get(row.line.get("person_id", ""), "")}
        found.append(
            Entry(
                sentence=words[row.name](said) if row.name in words else UNKNOWN,
                kind=kinds.get(row.name, ""),
                happened_at=row.happened_at,
                by=by or "",
                note=next((str(detail[key]) for key in NOTES if detail.get(key)), ""),
                about=debts.get((*row.debt_ids, *row.account_ids)[0])
                if row.debt_ids or row.account_ids
                else None,
                owed_pence=owed.get(row.change_id),
            )
        )
    return found


def _wanted(house: House, about: Touched, kind: str) -> ColumnElement[bool]:
    """Choose the changes: of an account its own only, of a case none that are about other people."""
    change = ChangeRow
    ours = _meets(change.person_ids, about.person_ids)
    nobody = func.cardinality(change.person_ids) == 0
    no_debt = func.cardinality(change.debt_ids) == 0
    concerns = or_(
        ours,
        _meets(change.debt_ids, about.debt_ids),
        and_(_meets(change.account_ids, about.account_ids), no_debt),
        and_(_meets(change.case_ids, about.case_ids), or_(nobody, ours)),
    )
    if not kind:
        return concerns
    names = [name for name, of_kind in _kinds(house).items() if of_kind == kind]
    return and_(concerns, change.name.in_(names))


def _meets(column_: Any, ids: Collection[str]) -> ColumnElement[bool]:  # noqa: ANN401 - a column
    if not ids:
        return false()
    overlaps: ColumnElement[bool] = column_.overlap(cast(sorted(ids), ARRAY(Id)))
    return overlaps


def _kinds(house: House) -> dict[str, str]:
    """Say which area writes each change."""
    return {change.name: area.name for area in house.areas for change in area.recorders}


def _words(house: House) -> dict[str, Say]:
    """Gather how each change reads, the areas' own words before any said for them."""
    declared = {change: say for area in house.areas for change, say in area.sentences.items()}
    return {change.name: say for change, say in {**SAID_ELSEWHERE, **declared}.items()}


def _names(session: Session, changes: Sequence[ChangeRow]) -> dict[str, str]:
    ids = {row.line["person_id"] for row in changes if row.line.get("person_id")}
    rows = session.execute(
        select(PersonRow.person_id, PersonRow.name).where(PersonRow.person_id.in_(ids))
    )
    return dict(rows.all())


def _debts(session: Session, changes: Sequence[ChangeRow]) -> dict[str, About]:
    """Describe the debts and accounts that changes name, by debt id and by account id."""
    debt_ids = {id_ for row in changes for id_ in row.debt_ids}
    account_ids = {id_ for row in changes if not row.debt_ids for id_ in row.account_ids}
    account, debt = AccountRow, DebtRow
    known = (account.account_id, account.debt_type, account.reference)
    of_debts = (
        select(debt.debt_id, *known, debt.reference)
        .join(account, account.account_id == debt.account_id)
        .where(debt.debt_id.in_(debt_ids))
    )
    of_accounts = select(account.account_id, *known, literal("")).where(
        account.account_id.in_(account_ids)
    )
    return {
        subject_id: About(
            account_id=account_id,
            debt_type=debt_type,
            account_reference=reference,
            debt_reference=debt_reference,
        )
        for subject_id, account_id, debt_type, reference, debt_reference in session.execute(
            of_debts.union_all(of_accounts)
        )
    }


_OWED = text(
    "SELECT asked.change_id, sum(moved.amount_pence)::bigint "
    "FROM unnest(:changes, :moments) AS asked (change_id, moment) "
    "JOIN transaction AS moved ON moved.debt_id = ANY(:debts) AND moved.recorded_at <= asked.moment "
    "GROUP BY asked.change_id"
).bindparams(
    bindparam("changes", type_=ARRAY(BigInteger)),
    bindparam("moments", type_=ARRAY(Moment)),
    bindparam("debts", type_=ARRAY(Id)),
)


def _owed_then(
    session: Session, debt_ids: Collection[str], changes: Sequence[ChangeRow]
) -> dict[int, int]:
    """Add up, for each change, every movement on these debts that was known once it was recorded."""
    if not debt_ids or not changes:
        return {}
    rows = session.execute(
        _OWED,
        {
            "changes": [row.change_id for row in changes],
            "moments": [row.recorded_at for row in changes],
            "debts": sorted(debt_ids),
        },
    )
    return dict(rows.all())
