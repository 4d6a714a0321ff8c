"""The ledger: the one place where transactions are added, and the check that balances are their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ARRAY, BigInteger, bindparam, func, insert, select, text
from sqlalchemy.orm import Session

from server.accounts.tables import DebtRow, TransactionRow
from server.spine.tables import CommandRow, Id

SHOWN_MAX = 100
"""Faults a check names; it counts them all."""


@dataclass(frozen=True, kw_only=True)
class Posting:
    """One movement on a debt, with the command that asked for it."""

    transaction_id: str
    debt_id: str
    kind: str
    amount_pence: int
    effective_on: date
    recorded_at: datetime
    command_id: str
    method: str = ""
    reference: str = ""
    reverses_id: str | None = None


_MOVE = text(
    "UPDATE debt SET balance_pence = balance_pence + moved.pence "
    "FROM unnest(:ids, :pence) AS moved (debt_id, pence) WHERE debt.debt_id = moved.debt_id"
).bindparams(bindparam("ids", type_=ARRAY(Id)), bindparam("pence", type_=ARRAY(BigInteger)))


def post(session: Session, postings: Sequence[Posting]) -> None:
    """Add transactions and move the balances by their sum, under the locks the door has taken."""
    if not postings:
        return
    session.execute(insert(TransactionRow), [vars(posting) for posting in postings])
    moved: dict[str, int] = {}
    for posting in postings:
        moved[posting.debt_id] = moved.get(posting.debt_id, 0) + posting.amount_pence
    session.execute(_MOVE, {"ids": sorted(moved), "pence": [moved[id_] for id_ in sorted(moved)]})


@dataclass(frozen=True, kw_only=True)
class WrongBalance:
    """A debt whose balance is not the sum of its transactions."""

    debt_id: str
    balance_pence: int
    transactions_pence: int


@dataclass(frozen=True, kw_only=True)
class LedgerCheck:
    """What a check of every debt and every transaction found."""

    debts: int
    transactions: int
    balance_pence: int
    wrong_count: int
    wrong: tuple[WrongBalance, ...]
    without_command_count: int
    without_command: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """Tell whether nothing is wrong."""
        return not self.wrong_count and not self.without_command_count


def check_ledger(session: Session) -> LedgerCheck:
    """Compare every balance with the sum of its transactions, and every transaction with its command."""
    movement = TransactionRow
    sums = (
        select(movement.debt_id, func.sum(movement.amount_pence).label("pence"))
        .group_by(movement.debt_id)
        .subquery()
    )
    added_up = func.coalesce(sums.c.pence, 0)
    wrong = (
        select(DebtRow.debt_id, DebtRow.balance_pence, added_up)
        .outerjoin(sums, sums.c.debt_id == DebtRow.debt_id)
        .where(DebtRow.balance_pence != added_up)
        .order_by(DebtRow.debt_id)
    )
    orphans = (
        select(movement.transaction_id)
        .outerjoin(CommandRow, CommandRow.command_id == movement.command_id)
        .where(CommandRow.command_id.is_(None))
        .order_by(movement.transaction_id)
    )
    debts, balance = session.execute(
        select(func.count(), func.coalesce(func.sum(DebtRow.balance_pence), 0))
    ).one()
    return LedgerCheck(
        debts=debts,
        transactions=session.scalar(select(func.count()).select_from(movement)) or 0,
        balance_pence=int(balance),
        wrong_count=_count(session, wrong),
        wrong=tuple(
            WrongBalance(debt_id=id_, balance_pence=held, transactions_pence=int(sum_))
            for id_, held, sum_ in session.execute(wrong.limit(SHOWN_MAX))
        ),
        without_command_count=_count(session, orphans),
        without_command=tuple(session.scalars(orphans.limit(SHOWN_MAX))),
    )


def _count(session: Session, query: Any) -> int:  # noqa: ANN401 - any select
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
