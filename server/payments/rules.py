"""Rules about payments: pure, over the debt they are for and the payment to be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from server.payments.commands import (
    PaymentRecorded,
    PaymentReversed,
    RecordPayment,
    ReversePayment,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken
from shared.presentation import LONDON


@dataclass(frozen=True, kw_only=True)
class PaymentFacts:
    """A debt, and one of its payments if the command names one."""

    debt_id: str
    account_id: str
    balance_pence: int
    transaction_known: bool = False
    received_pence: int | None = None
    received_on: date | None = None
    is_reversed: bool = False


def record_payment(debt: PaymentFacts, command: RecordPayment, occasion: Occasion) -> Decision:
    """Record the money; more than is owed is taken and shown to somebody, never refused."""
    if debt.transaction_known:
        raise RuleBroken("payment.known")
    if command.received_on > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("payment.in_future", field="received_on")
    too_much = command.amount_pence > debt.balance_pence
    flags = ("payment.more_than_owed",) if too_much else ()
    recorded = PaymentRecorded(
        transaction_id=command.transaction_id,
        debt_id=debt.debt_id,
        account_id=debt.account_id,
        amount_pence=command.amount_pence,
        received_on=command.received_on,
        method=command.method,
        flags=flags,
        payer_reference=command.payer_reference,
    )
    return Decision(changes=(recorded,), flags=flags)


def reverse_payment(debt: PaymentFacts, command: ReversePayment, occasion: Occasion) -> Decision:
    """Add the opposite of the payment, once."""
    if debt.transaction_known:
        raise RuleBroken("payment.known")
    if debt.received_pence is None or debt.received_on is None:
        raise RuleBroken("payment.unknown")
    if debt.is_reversed:
        raise RuleBroken("payment.reversed")
    if command.reversed_on > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("payment.in_future", field="reversed_on")
    if command.reversed_on < debt.received_on:
        raise RuleBroken("payment.before_received", field="reversed_on")
    return Decision(
        changes=(
            PaymentReversed(
                transaction_id=command.transaction_id,
                payment_id=command.payment_id,
                debt_id=debt.debt_id,
                account_id=debt.account_id,
                amount_pence=debt.received_pence,
                reversed_on=command.reversed_on,
                reason=command.reason,
            ),
        )
    )
