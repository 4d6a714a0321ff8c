"""A ratepayer with more premises than one page lists, of which one has been paid for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.payments.commands import RecordPayment
from server.people.commands import OpenPerson
from server.spine import clock
from shared.commands import Command

MANY = 60
"""More debts than one page lists."""


def premises(person_id: str, payment_id: str, today: date) -> Iterator[Sequence[Command]]:
    """Yield what makes the ratepayer and their premises, one kind of command after the other."""
    accounts = [clock.new_id() for _each in range(MANY)]
    debts = [clock.new_id() for _each in range(MANY)]
    yield [OpenPerson(person_id=person_id, kind="organisation", whole_name="Granary Wharf LLP")]
    yield [
        OpenAccount(
            account_id=account_id,
            reference=f"5900{number:04d}",
            debt_type="business_rates",
            lines=f"Unit {number + 1}\nGranary Wharf\nHarrowmere",
            postcode="QZ1 3CD",
            address_id=clock.new_id(),
        )
        for number, account_id in enumerate(accounts)
    ]
    yield [
        OpenDebt(
            debt_id=debt_id,
            account_id=account_id,
            reference="2026/27",
            transaction_id=clock.new_id(),
            charge_pence=123_456 + 111 * number,
            charged_on=today,
        )
        for number, (account_id, debt_id) in enumerate(zip(accounts, debts, strict=True))
    ]
    yield [RecordLiableParty(debt_id=each, person_id=person_id) for each in debts]
    yield [
        RecordPayment(
            transaction_id=payment_id,
            debt_id=debts[0],
            amount_pence=50_000,
            received_on=today,
            method="cheque",
            payer_reference="Granary Wharf, unit 1",
        )
    ]
