"""Shows the account page with its breakdown and running balance, and its form and history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from server.accounts.commands import OpenAccount, OpenDebt
from server.accounts.movements import PostTransaction, ReportBalance
from server.accounts.tables import TransactionRow
from server.payments.commands import RecordPayment
from server.recovery.commands import PlaceHold
from server.spine import clock
from server.spine.tables import ReadRow
from tests.server.day import Browser, Day, counted_queries
from tests.server.office import Office, new_id
from tests.server.reading import hidden_of, words_of
from tests.server.scenes import Owed, open_debt, open_person
from tests.server.town import office_of, someone_who_may

AUTUMN = datetime(2026, 10, 1, 10, tzinfo=UTC)
"""When what happens to the account is recorded, whatever the day of the test."""


@dataclass(frozen=True)
class Scene:
    """The office, a browser for somebody who may do everything, and one account."""

    day: Day
    office: Office
    browser: Browser
    jane: str
    owed: Owed

    @property
    def page(self) -> str:
        return f"/accounts/{self.owed.account_id}"

    @property
    def form(self) -> str:
        return f"/debts/{self.owed.debt_id}/transactions/new"


@pytest.fixture
def scene(day: Day) -> Scene:
    office = office_of(day)
    jane = open_person(office, "Jane", "Smith")
    owed = open_debt(
        office,
        jane,
        pence=100_000,
        reference="88042217",
        debt_type="business_rates",
        address_id=new_id(),
        lines="Unit 4\nSaltmarsh Mill",
        postcode="TH4 9QX",
        property_reference="BRD0001",
        rateable_value=12_500,
        liable_from=date(2026, 4, 1),
        balance_master="host",
    )
    return Scene(day, office, someone_who_may(day), jane, owed)


def _move(scene: Scene) -> None:
    """Let one thing of each kind happen to the account, on days of their own."""
    debt_id = scene.owed.debt_id
    posted = PostTransaction(
        transaction_id=new_id(),
        debt_id=debt_id,
        kind="costs",
        amount_pence=6_550,
        effective_on=date(2026, 6, 1),
        reference="Summons",
    )
    commands = [
        posted,
        RecordPayment(
            transaction_id=new_id(),
            debt_id=debt_id,
            amount_pence=20_000,
            received_on=date(2026, 7, 1),
            method="bank",
            payer_reference="SMITH",
        ),
        ReportBalance(
            transaction_id=new_id(),
            debt_id=debt_id,
            balance_pence=80_000,
            reported_on=date(2026, 8, 1),
        ),
        OpenDebt(
            debt_id=new_id(),
            account_id=scene.owed.account_id,
            reference="2025-26",
            from_on=date(2025, 4, 1),
            until=date(2026, 4, 1),
            transaction_id=new_id(),
            charge_pence=5_000,
            charged_on=date(2025, 4, 1),
        ),
    ]
    for command in commands:
        scene.office.give(command, at=AUTUMN)


def test_the_account_page_breaks_down_what_is_owed_by_debt_and_kind(scene: Scene) -> None:
    _move(scene)
    words = words_of(scene.browser.get(scene.page))
    for expected in (
        "Business Rates Account 88042217",
        "Owed in total £850.00",
        "Unit 4 Saltmarsh Mill TH4 9QX",
        "Property reference BRD0001",
        "Rateable value £12,500.00",
        "Liable from 1 April 2026",
        "Balance kept by The billing system",
        "Charge £1,000.00",
        "Payment −£200.00",
        "Costs £65.50",
        "Balance as reported −£65.50",
        "Total",
        "Charge £1,050.00",
        "Nobody is known to be liable",
    ):
        assert expected in words, expected


def test_transactions_stand_latest_first_with_what_was_owed_after_each(scene: Scene) -> None:
    _move(scene)
    page = scene.browser.get(scene.page)
    words = words_of(page[page.index('id="transactions"') :])
    in_order = (
        "1 August 2026",
        "Owed after it £850.00",
        "1 July 2026",
        "Payment, bank transfer",
        "SMITH",
        "Owed after it £915.50",
        "1 June 2026",
        "Summons",
        "Owed after it £1,115.50",
        "1 April 2026",
        "Owed after it £1,050.00",
        "1 April 2025",
        "Owed after it £50.00",
    )
    places = [words.find(expected) for expected in in_order]
    assert -1 not in places, in_order[places.index(-1)]
    assert places == sorted(places)


def test_the_account_page_asks_few_questions_and_notes_who_looked(scene: Scene) -> None:
    _move(scene)
    with counted_queries(scene.day.app) as statements:
        scene.browser.get(scene.page)
    assert len(statements) < 30
    with scene.office.look() as session:
        reads = session.execute(select(ReadRow.what, ReadRow.subject_id)).all()
    assert reads == [("accounts.one_account", scene.owed.account_id)]


def test_an_account_without_debts_says_what_would_be_there(scene: Scene) -> None:
    account_id = new_id()
    scene.office.give(
        OpenAccount(account_id=account_id, reference="EMPTY", debt_type="sundry", address_id=None)
    )
    words = words_of(scene.browser.get(f"/accounts/{account_id}"))
    for title in ("No debts", "No holds", "No transactions"):
        assert title in words


def test_the_history_of_an_account_is_told_in_words(scene: Scene) -> None:
    _move(scene)
    scene.office.give(
        PlaceHold(
            hold_id=new_id(),
            debt_id=scene.owed.debt_id,
            reason="dispute",
            from_on=date(2026, 9, 1),
            last_day=date(2026, 9, 30),
            note="Rateable value is challenged",
        ),
        at=AUTUMN,
    )
    words = words_of(scene.browser.get(f"{scene.page}/history"))
    for expected in (
        "Hold placed: Dispute, 1 September 2026 to 30 September 2026",
        "Rateable value is challenged",
        "Balance reported as £800.00 on 1 August 2026",
        "Payment of £200.00 received on 1 July 2026 (Bank transfer)",
        "Costs of £65.50 added on 1 June 2026",
        "Debt 2025-26 opened: £50.00 charged on 1 April 2025",
        "Jane Smith liable",
        "Account 88042217 opened",
    ):
        assert expected in words, expected
    narrowed = words_of(scene.browser.get(f"{scene.page}/history?kind=recovery"))
    assert "Hold placed" in narrowed
    assert "Costs of" not in narrowed
    empty = scene.browser.get(f"{scene.page}/history?kind=visits")
    assert "Nothing of this kind has happened" in words_of(empty)


@pytest.mark.parametrize(
    ("kind", "typed", "pence"),
    [("costs", "65.50", 6_550), ("write_off", "£1,000", -100_000), ("correction", "-12", -1_200)],
)
def test_a_transaction_is_posted_from_a_form(
    scene: Scene, kind: str, typed: str, pence: int
) -> None:
    sent = {
        **hidden_of(scene.browser.get(scene.form)),
        "kind": kind,
        "amount_pence": typed,
        "effective_on": clock.today().isoformat(),
    }
    for _ in range(2):
        assert scene.browser.post(scene.form, **sent) == scene.page
    with scene.office.look() as session:
        kinds = session.execute(
            select(TransactionRow.amount_pence).where(TransactionRow.kind == kind)
        ).all()
    assert kinds == [(pence,)]


def test_a_transaction_that_cannot_be_is_refused_beside_its_field(scene: Scene) -> None:
    page = scene.browser.get(scene.form)
    tomorrow = (clock.today() + timedelta(days=1)).isoformat()
    right = {"kind": "write_off", "amount_pence": "10", "effective_on": clock.today().isoformat()}
    wrong = {
        "Only £1,000.00 is owed: write off that or less": {"amount_pence": "1000.01"},
        "Enter an amount in pounds, like 25 or 25.50": {"amount_pence": "ten"},
        "Enter a day that has been": {"effective_on": tomorrow},
    }
    for sentence, change in wrong.items():
        typed = {**right, **change}
        page = scene.browser.post(scene.form, 422, **hidden_of(page), **typed)
        assert sentence in words_of(page)
        assert f'value="{typed["amount_pence"]}"' in page


def test_only_who_may_opens_an_account_or_posts_to_it(scene: Scene) -> None:
    reader = someone_who_may(scene.day, "accounts.see")
    words = words_of(reader.get(scene.page))
    for action in ("Record a payment", "Place a hold", "Post a transaction"):
        assert action not in words
    reader.get(scene.form, 403)
    reader.post(scene.form, 403)
    stranger = someone_who_may(scene.day, "people.search")
    stranger.get(scene.page, 403)
    stranger.get(f"{scene.page}/history", 403)


def test_what_is_not_there_is_not_found(scene: Scene) -> None:
    for address in (
        f"/accounts/{new_id()}",
        f"/accounts/{new_id()}/history",
        f"/debts/{new_id()}/transactions/new",
    ):
        scene.browser.get(address, 404)
