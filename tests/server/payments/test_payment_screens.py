"""Shows a payment recorded and taken back from the forms of the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from server.accounts.tables import DebtRow, TransactionRow
from server.spine import clock
from tests.server.day import Browser, Day
from tests.server.office import Office, new_id
from tests.server.reading import hidden_of, words_of
from tests.server.scenes import Owed, open_debt, open_person
from tests.server.town import office_of, someone_who_may


@dataclass(frozen=True)
class Scene:
    """The office, a browser for somebody who may do everything, and one debt of £100."""

    day: Day
    office: Office
    browser: Browser
    owed: Owed

    @property
    def account(self) -> str:
        return f"/accounts/{self.owed.account_id}"

    @property
    def form(self) -> str:
        return f"/debts/{self.owed.debt_id}/payments/new"

    def pay(self, pounds: str) -> str:
        """Record a payment and give the page it leads to."""
        typed = {"amount_pence": pounds, "method": "card", "payer_reference": "SMITH"}
        return self.browser.follow(
            self.form, **hidden_of(self.browser.get(self.form)), **_today(), **typed
        )

    def balance(self) -> int:
        with self.office.look() as session:
            return session.scalars(select(DebtRow.balance_pence)).one()

    def payment_id(self) -> str:
        with self.office.look() as session:
            wanted = TransactionRow.kind == "payment"
            return session.scalars(select(TransactionRow.transaction_id).where(wanted)).one()


def _today(name: str = "received_on") -> dict[str, str]:
    """Type today into the three boxes of a day."""
    day = clock.today()
    parts = {"day": day.day, "month": day.month, "year": day.year}
    return {f"{name}-{part}": str(value) for part, value in parts.items()}


@pytest.fixture
def scene(day: Day) -> Scene:
    office = office_of(day)
    owed = open_debt(office, open_person(office, "Jane", "Smith"), pence=10_000)
    return Scene(day, office, someone_who_may(day), owed)


def test_a_payment_is_recorded_and_shown_on_the_account(scene: Scene) -> None:
    asked = words_of(scene.browser.get(scene.form))
    assert "Jane Smith" in asked
    assert "£100.00" in asked
    words = words_of(scene.pay("£25.50"))
    assert "The payment has been recorded" in words
    assert "Payment, card SMITH" in words
    assert "Owed in total £74.50" in words


def test_more_than_is_owed_is_recorded_and_said(scene: Scene) -> None:
    words = words_of(scene.pay("120"))
    assert "More was paid than was owed" in words
    assert "Owed in total −£20.00" in words


def test_a_payment_that_cannot_be_is_refused_beside_its_field(scene: Scene) -> None:
    page = scene.browser.get(scene.form)
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    right = {"amount_pence": "25", "received_on": clock.today().isoformat(), "method": "card"}
    wrong: dict[str, dict[str, str]] = {
        "Enter the amount received": {"amount_pence": ""},
        "Enter £0.01 or more": {"amount_pence": "0"},
        "Enter pounds and pence with two digits after the point": {"amount_pence": "1.005"},
        "Select how it was paid": {"method": ""},
        "Enter a real date": {"received_on": "31 2 2026"},
        "which cannot be in the future": {"received_on": tomorrow},
    }
    for sentence, change in wrong.items():
        page = scene.browser.post(scene.form, 422, **hidden_of(page), **{**right, **change})
        assert sentence in words_of(page), sentence
    assert scene.balance() == 10_000


def test_a_payment_is_taken_back_once(scene: Scene) -> None:
    account = scene.pay("25")
    form = f"/payments/{scene.payment_id()}/reverse"
    assert f'href="{form}"' in account
    page = scene.browser.get(form)
    assert "The payment of £25.00 received on" in words_of(page)
    wrong = scene.browser.post(form, 422, **hidden_of(page), **_today("reversed_on"))
    assert "Enter why the payment is taken back" in words_of(wrong)
    sent = {**hidden_of(wrong), **_today("reversed_on"), "reason": "Cheque not honoured"}
    for _ in range(2):
        assert scene.browser.post(form, **sent) == scene.account
    assert scene.balance() == 10_000
    words = words_of(scene.browser.get(scene.account))
    assert "Payment taken back" in words
    assert "Taken back" in words
    again = scene.browser.get(form)
    refused = scene.browser.post(
        form, 422, **hidden_of(again), **_today("reversed_on"), reason="Again"
    )
    assert "This payment has already been taken back" in words_of(refused)


def test_only_who_may_records_payments_or_takes_them_back(scene: Scene) -> None:
    scene.pay("25")
    reversal = f"/payments/{scene.payment_id()}/reverse"
    clerk = someone_who_may(scene.day, "accounts.see", "payments.record")
    assert "Take back" not in words_of(clerk.get(scene.account))
    clerk.get(scene.form)
    clerk.get(reversal, 403)
    clerk.post(reversal, 403)
    reader = someone_who_may(scene.day, "accounts.see")
    reader.get(scene.form, 403)
    reader.post(scene.form, 403)


def test_what_is_no_payment_cannot_be_taken_back(scene: Scene) -> None:
    with scene.office.look() as session:
        charge = session.scalars(select(TransactionRow.transaction_id)).one()
    for payment_id in (charge, new_id()):
        scene.browser.get(f"/payments/{payment_id}/reverse", 404)
    scene.browser.get(f"/debts/{new_id()}/payments/new", 404)
