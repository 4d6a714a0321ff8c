"""Facts about payments: the debt, and the payment a command would take back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from server.accounts.facts import debt_files
from server.accounts.tables import TransactionRow
from server.payments.commands import RecordPayment, ReversePayment
from server.payments.rules import PaymentFacts
from shared.commands import Command
from shared.errors import RuleBroken


def payment_facts(session: Session, commands: Sequence[Command]) -> list[PaymentFacts | RuleBroken]:
    """Load what each command's rule looks at."""
    asked = [c for c in commands if isinstance(c, RecordPayment | ReversePayment)]
    debts = debt_files(session, asked)
    payments = _payments(session, {c.payment_id for c in asked if isinstance(c, ReversePayment)})
    found: list[PaymentFacts | RuleBroken] = []
    for command, debt in zip(asked, debts, strict=True):
        if isinstance(debt, RuleBroken):
            found.append(debt)
            continue
        named = command.payment_id if isinstance(command, ReversePayment) else ""
        payment = payments.get((debt.debt_id, named))
        found.append(
            PaymentFacts(
                debt_id=debt.debt_id,
                account_id=debt.account_id,
                balance_pence=debt.balance_pence,
                transaction_known=debt.transaction_known,
                received_pence=payment[0] if payment else None,
                received_on=payment[1] if payment else None,
                is_reversed=payment is not None and payment[2],
            )
        )
    return found


def _payments(
    session: Session, payment_ids: Collection[str]
) -> dict[tuple[str, str], tuple[int, date, bool]]:
    """Load payments by debt and id: how much came, when, and whether it was taken back."""
    payment, reversal = TransactionRow, aliased(TransactionRow)
    return {
        (debt_id, payment_id): (-pence, day, reversal_id is not None)
        for debt_id, payment_id, pence, day, reversal_id in session.execute(
            select(
                payment.debt_id,
                payment.transaction_id,
                payment.amount_pence,
                payment.effective_on,
                reversal.transaction_id,
            )
            .outerjoin(reversal, reversal.reverses_id == payment.transaction_id)
            .where(
                payment.transaction_id.in_(payment_ids),
                payment.kind == "payment",
                payment.amount_pence < 0,
            )
        )
    }
