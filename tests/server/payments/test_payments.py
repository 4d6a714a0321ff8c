"""Shows that money received is always recorded, flagged when it is too much, and taken back once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from marshmallow import ValidationError
from sqlalchemy import select

from server.accounts.tables import DebtRow, TransactionRow
from server.payments.commands import RecordPayment, RecordPaymentSchema, ReversePayment
from shared.commands import Outcome
from tests.server.office import Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person, records


def _payment(debt_id: str, pence: int = 2_500, **more: object) -> RecordPayment:
    start = RecordPayment(
        transaction_id=new_id(),
        debt_id=debt_id,
        amount_pence=pence,
        received_on=date(2027, 3, 3),
        method="card",
        payer_reference="SMITH J",
    )
    return replace(start, **more)  # type: ignore[arg-type]  # whatever the test varies


def _reversal(payment: RecordPayment, **more: object) -> ReversePayment:
    start = ReversePayment(
        transaction_id=new_id(),
        payment_id=payment.transaction_id,
        debt_id=payment.debt_id,
        reversed_on=date(2027, 3, 4),
        reason="Cheque not honoured",
    )
    return replace(start, **more)  # type: ignore[arg-type]  # whatever the test varies


def _balance(office: Office, debt_id: str) -> int:
    with office.look() as session:
        return session.scalars(
            select(DebtRow.balance_pence).where(DebtRow.debt_id == debt_id)
        ).one()


def test_a_payment_takes_from_the_balance_and_shows_on_the_device(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    owed = open_debt(office, jane, pence=10_000)
    case_id = assign_case(office, jane, owed.debt_id)
    assert office.give(_payment(owed.debt_id)).outcome is Outcome.APPLIED
    assert _balance(office, owed.debt_id) == 7_500
    body = records(office, case_id, "debt")[owed.debt_id]
    assert body["balance_pence"] == 7_500
    assert body["last_payment"] == {"received_on": "2027-03-03", "amount_pence": 2_500}


def test_more_than_is_owed_is_taken_and_flagged(office: Office) -> None:
    owed = open_debt(office, pence=1_000)
    result = office.give(_payment(owed.debt_id))
    assert (result.outcome, result.flags) == (Outcome.FLAGGED, ("payment.more_than_owed",))
    assert _balance(office, owed.debt_id) == -1_500


def test_a_payment_is_taken_back_once_by_its_opposite(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    owed = open_debt(office, jane, pence=10_000)
    case_id = assign_case(office, jane, owed.debt_id)
    earlier = _payment(owed.debt_id, 1_000, received_on=date(2027, 2, 1))
    payment = _payment(owed.debt_id)
    for command in (earlier, payment, _reversal(payment)):
        assert office.give(command).outcome is Outcome.APPLIED
    assert office.ask(_reversal(payment)).code == "payment.reversed"
    assert _balance(office, owed.debt_id) == 9_000
    with office.look() as session:
        amounts = sorted(session.scalars(select(TransactionRow.amount_pence)))
    assert amounts == [-2_500, -1_000, 2_500, 10_000]
    last = records(office, case_id, "debt")[owed.debt_id]["last_payment"]
    assert last == {"received_on": "2027-02-01", "amount_pence": 1_000}


def test_a_payment_from_the_future_or_for_no_debt_is_refused(office: Office) -> None:
    owed = open_debt(office)
    tomorrow = office.ask(_payment(owed.debt_id, received_on=date(2027, 3, 5)))
    assert (tomorrow.code, tomorrow.at_field) == ("payment.in_future", "received_on")
    assert office.ask(_payment(new_id())).code == "debt.unknown"


def test_the_same_payment_is_recorded_once(office: Office) -> None:
    owed = open_debt(office)
    payment = _payment(owed.debt_id)
    office.give(payment)
    assert office.ask(payment).code == "payment.known"


def test_what_is_no_payment_of_the_debt_cannot_be_taken_back(office: Office) -> None:
    owed, other = open_debt(office), open_debt(office)
    payment = _payment(owed.debt_id)
    reversal = _reversal(payment)
    office.give(payment)
    assert office.ask(_reversal(payment, debt_id=other.debt_id)).code == "payment.unknown"
    assert office.ask(_reversal(payment, transaction_id=payment.transaction_id)).code == (
        "payment.known"
    )
    wrong = {
        "payment.in_future": replace(reversal, reversed_on=date(2027, 3, 5)),
        "payment.before_received": replace(reversal, reversed_on=date(2027, 3, 2)),
    }
    for code, command in wrong.items():
        result = office.ask(command)
        assert (result.code, result.at_field) == (code, "reversed_on")
    office.give(reversal)
    undo_of_undo = _reversal(payment, payment_id=reversal.transaction_id)
    assert office.ask(undo_of_undo).code == "payment.unknown"


@pytest.mark.parametrize("pence", [0, -1, 10**13])
def test_nothing_less_than_nothing_and_too_much_are_not_amounts(pence: int) -> None:
    body = {
        "transaction_id": new_id(),
        "debt_id": new_id(),
        "amount_pence": pence,
        "received_on": "2027-03-03",
        "method": "cash",
    }
    with pytest.raises(ValidationError) as refused:
        RecordPaymentSchema().load(body)
    assert list(refused.value.messages_dict) == ["amount_pence"]
