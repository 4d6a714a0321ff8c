"""How each change to payments reaches the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from server.accounts import ledger
from server.accounts.ledger import Posting
from server.payments.commands import PaymentRecorded, PaymentReversed
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def payment_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Post money received."""
    ledger.post(
        session,
        [
            Posting(
                transaction_id=change.transaction_id,
                debt_id=change.debt_id,
                kind="payment",
                amount_pence=-change.amount_pence,
                effective_on=change.received_on,
                recorded_at=item.recorded_at,
                command_id=item.command_id,
                method=change.method,
                reference=change.payer_reference,
            )
            for item in recorded
            if isinstance(change := item.change, PaymentRecorded)
        ],
    )


def payment_reversed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Post the opposite of payments that were taken back."""
    ledger.post(
        session,
        [
            Posting(
                transaction_id=change.transaction_id,
                debt_id=change.debt_id,
                kind="payment",
                amount_pence=change.amount_pence,
                effective_on=change.reversed_on,
                recorded_at=item.recorded_at,
                command_id=item.command_id,
                reverses_id=change.payment_id,
            )
            for item in recorded
            if isinstance(change := item.change, PaymentReversed)
        ],
    )


RECORDERS: Mapping[type[Change], Recorder] = {
    PaymentRecorded: payment_recorded,
    PaymentReversed: payment_reversed,
}
