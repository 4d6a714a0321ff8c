"""What the pages about an account and its debts read, as plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import ColumnElement, column, func, select, table
from sqlalchemy.orm import Session, aliased

from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow, TransactionRow
from server.people.tables import AddressRow
from server.recovery.queries import Hold, holds_of
from server.spine.paging import Slice
from server.spine.tables import Id

DEBTS_SHOWN_MAX = 200
"""Debts one account page shows; no account charges for so many years."""

_person = table("person", column("person_id", Id), column("name"))


@dataclass(frozen=True, kw_only=True)
class Liable:
    """Someone liable for a debt, from and until."""

    person_id: str
    name: str
    from_on: date | None
    until: date | None


@dataclass(frozen=True, kw_only=True)
class Debt:
    """One debt: what it is for, what moved on it by kind, who is liable and what holds it."""

    debt_id: str
    account_id: str
    account_reference: str
    debt_type: str
    reference: str
    from_on: date | None
    until: date | None
    stage: str
    balance_pence: int
    by_kind: Mapping[str, int] = field(default_factory=dict)
    liable: tuple[Liable, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Account:
    """One account with its property and its debts."""

    account_id: str
    reference: str
    debt_type: str
    property_reference: str
    lines: tuple[str, ...]
    postcode: str
    uprn: str | None
    liable_from: date | None
    liable_until: date | None
    rateable_value: int | None
    balance_master: str
    debts: tuple[Debt, ...]
    debts_count: int
    balance_pence: int
    by_kind: Mapping[str, int]


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One transaction as people read it, with what was owed on the account after it."""

    transaction_id: str
    debt_id: str
    debt_reference: str
    kind: str
    amount_pence: int
    running_pence: int
    effective_on: date
    recorded_at: datetime
    method: str
    reference: str
    is_reversal: bool
    is_reversed: bool

    @property
    def is_payment(self) -> bool:
        """Tell whether it is money received, which can be taken back once."""
        return self.kind == "payment" and self.amount_pence < 0


def account(session: Session, account_id: str) -> Account | None:
    """Find an account with its debts."""
    row = session.get(AccountRow, account_id)
    if row is None:
        return None
    place = session.get(AddressRow, row.address_id) if row.address_id else None
    count, pence = session.execute(
        select(func.count(), func.coalesce(func.sum(DebtRow.balance_pence), 0)).where(
            DebtRow.account_id == account_id
        )
    ).one()
    debts = _debts(session, DebtRow.account_id == account_id)
    return Account(
        account_id=row.account_id,
        reference=row.reference,
        debt_type=row.debt_type,
        property_reference=row.property_reference,
        lines=tuple(place.lines.splitlines()) if place else (),
        postcode=place.postcode if place else "",
        uprn=place.uprn if place else None,
        liable_from=row.liable_from,
        liable_until=row.liable_until,
        rateable_value=row.rateable_value,
        balance_master=row.balance_master,
        debts=tuple(debts),
        debts_count=count,
        balance_pence=int(pence),
        by_kind=_kinds_of_account(session, account_id),
    )


def debt(session: Session, debt_id: str) -> Debt | None:
    """Find one debt."""
    return next(iter(_debts(session, DebtRow.debt_id == debt_id)), None)


def count_movements(session: Session, account_id: str) -> int:
    """Count the transactions of an account."""
    return (
        session.scalar(
            select(func.count(TransactionRow.transaction_id))
            .join(DebtRow, DebtRow.debt_id == TransactionRow.debt_id)
            .where(DebtRow.account_id == account_id)
        )
        or 0
    )


def movements(session: Session, account_id: str, part: Slice) -> list[Movement]:
    """List the transactions of an account, the latest first, each with what was owed after it."""
    moved, reversal = TransactionRow, aliased(TransactionRow)
    in_order = (moved.effective_on, moved.recorded_at, moved.transaction_id)
    running = func.sum(moved.amount_pence).over(order_by=in_order)
    rows = session.execute(
        select(moved, DebtRow.reference, running, reversal.transaction_id)
        .join(DebtRow, DebtRow.debt_id == moved.debt_id)
        .outerjoin(reversal, reversal.reverses_id == moved.transaction_id)
        .where(DebtRow.account_id == account_id)
        .order_by(*(column.desc() for column in in_order))
        .offset(part.offset)
        .limit(part.limit)
    )
    return [_movement(row, reference, int(sum_), undone) for row, reference, sum_, undone in rows]


def payment(session: Session, transaction_id: str) -> Movement | None:
    """Find a payment."""
    moved, reversal = TransactionRow, aliased(TransactionRow)
    found = session.execute(
        select(moved, DebtRow.reference, DebtRow.balance_pence, reversal.transaction_id)
        .join(DebtRow, DebtRow.debt_id == moved.debt_id)
        .outerjoin(reversal, reversal.reverses_id == moved.transaction_id)
        .where(moved.transaction_id == transaction_id)
    ).one_or_none()
    if found is None:
        return None
    row, reference, balance, undone = found
    movement = _movement(row, reference, balance, undone)
    return movement if movement.is_payment else None


def _movement(
    row: TransactionRow, reference: str, running_pence: int, reversal_id: str | None
) -> Movement:
    return Movement(
        transaction_id=row.transaction_id,
        debt_id=row.debt_id,
        debt_reference=reference,
        kind=row.kind,
        amount_pence=row.amount_pence,
        running_pence=running_pence,
        effective_on=row.effective_on,
        recorded_at=row.recorded_at,
        method=row.method,
        reference=row.reference,
        is_reversal=row.reverses_id is not None,
        is_reversed=reversal_id is not None,
    )


def _debts(session: Session, wanted: ColumnElement[bool]) -> list[Debt]:
    """Load debts, the latest period first, with their breakdown, who is liable and their holds."""
    rows = session.execute(
        select(DebtRow, AccountRow.reference, AccountRow.debt_type)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(wanted)
        .order_by(DebtRow.from_on.desc().nulls_last(), DebtRow.reference, DebtRow.debt_id)
        .limit(DEBTS_SHOWN_MAX)
    ).all()
    ids = [row.debt_id for row, *_ in rows]
    kinds, liable, holds = _by_kind(session, ids), _liable(session, ids), holds_of(session, ids)
    return [
        Debt(
            debt_id=row.debt_id,
            account_id=row.account_id,
            account_reference=reference,
            debt_type=debt_type,
            reference=row.reference,
            from_on=row.from_on,
            until=row.until,
            stage=row.stage,
            balance_pence=row.balance_pence,
            by_kind=kinds.get(row.debt_id, {}),
            liable=tuple(liable.get(row.debt_id, ())),
            holds=tuple(holds.get(row.debt_id, ())),
        )
        for row, reference, debt_type in rows
    ]


def _by_kind(session: Session, debt_ids: Collection[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    moved = TransactionRow
    for debt_id, kind, pence in session.execute(
        select(moved.debt_id, moved.kind, func.sum(moved.amount_pence))
        .where(moved.debt_id.in_(debt_ids))
        .group_by(moved.debt_id, moved.kind)
    ):
        found.setdefault(debt_id, {})[kind] = int(pence)
    return found


def _kinds_of_account(session: Session, account_id: str) -> dict[str, int]:
    """Add up every transaction of the account by kind, those of debts not shown too."""
    moved = TransactionRow
    return {
        kind: int(pence)
        for kind, pence in session.execute(
            select(moved.kind, func.sum(moved.amount_pence))
            .join(DebtRow, DebtRow.debt_id == moved.debt_id)
            .where(DebtRow.account_id == account_id)
            .group_by(moved.kind)
        )
    }


def _liable(session: Session, debt_ids: Collection[str]) -> dict[str, list[Liable]]:
    found: dict[str, list[Liable]] = {}
    party = LiablePartyRow
    for debt_id, person_id, name, from_on, until in session.execute(
        select(party.debt_id, _person.c.person_id, _person.c.name, party.from_on, party.until)
        .join(_person, _person.c.person_id == party.person_id)
        .where(party.debt_id.in_(debt_ids))
        .order_by(_person.c.name, _person.c.person_id)
    ):
        found.setdefault(debt_id, []).append(
            Liable(person_id=person_id, name=name, from_on=from_on, until=until)
        )
    return found
