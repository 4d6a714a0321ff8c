"""Shows that a balance is always the sum of its transactions, whoever writes and however many at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from server.accounts.ledger import check_ledger
from server.accounts.movements import PostTransaction, ReportBalance
from server.accounts.tables import DebtRow, TransactionRow
from server.payments.commands import RecordPayment, ReversePayment
from shared.commands import Command, Outcome
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, open_debt, open_person

TODAY = date(2027, 3, 4)
SANE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def _costs(debt_id: str, pence: int) -> PostTransaction:
    return PostTransaction(
        transaction_id=new_id(),
        debt_id=debt_id,
        kind="costs",
        amount_pence=pence,
        effective_on=TODAY,
    )


def _payment(debt_id: str, pence: int) -> RecordPayment:
    return RecordPayment(
        transaction_id=new_id(),
        debt_id=debt_id,
        amount_pence=pence,
        received_on=TODAY,
        method="bank",
    )


def _report(debt_id: str, pence: int, on: date = TODAY) -> ReportBalance:
    return ReportBalance(
        transaction_id=new_id(), debt_id=debt_id, balance_pence=pence, reported_on=on
    )


def _balance(office: Office, debt_id: str) -> int:
    with office.look() as session:
        return session.scalars(
            select(DebtRow.balance_pence).where(DebtRow.debt_id == debt_id)
        ).one()


MOVES: dict[str, Callable[[str, int], Command]] = {
    "costs": _costs,
    "payment": _payment,
    "report": _report,
    "correction": lambda debt_id, pence: replace(_costs(debt_id, pence), kind="correction"),
    "write_off": lambda debt_id, pence: replace(_costs(debt_id, pence), kind="write_off"),
}


@settings(max_examples=25, deadline=None, suppress_health_check=SANE)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(MOVES)), st.integers(-50_000, 50_000), st.integers(0, 1)),
        max_size=12,
    )
)
def test_any_sequence_of_movements_leaves_the_balance_their_sum(
    office: Office, moves: Sequence[tuple[str, int, int]]
) -> None:
    debts = [open_debt(office, pence=20_000, balance_master="host").debt_id for _ in range(2)]
    expected = dict.fromkeys(debts, 20_000)
    orders = [office.order(MOVES[kind](debts[which], pence)) for kind, pence, which in moves]
    results = office.door.execute_many(orders, now=NOW)
    for (kind, pence, which), result in zip(moves, results, strict=True):
        if result.outcome in {Outcome.REFUSED, Outcome.QUARANTINED}:
            continue
        sign = -1 if kind in {"payment", "write_off"} else 1
        debt_id = debts[which]
        expected[debt_id] = pence if kind == "report" else expected[debt_id] + sign * pence
    assert {debt_id: _balance(office, debt_id) for debt_id in debts} == expected
    with office.look() as session:
        assert check_ledger(session).clean


def test_writers_at_once_lose_no_movement(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith")
    debts = [open_debt(office, jane, pence=100_000).debt_id for _ in range(3)]
    assign_case(office, jane, *debts)

    def write(number: int) -> list[Outcome]:
        mine = [
            command
            for turn in range(6)
            for command in (
                _payment(debts[(number + turn) % 3], 100),
                _costs(debts[(number + 2 * turn) % 3], 30),
            )
        ]
        return [office.give(command).outcome for command in mine]

    with ThreadPoolExecutor(4) as writers:
        outcomes = [outcome for found in writers.map(write, range(4)) for outcome in found]
    assert outcomes == [Outcome.APPLIED] * 48
    assert sum(_balance(office, debt_id) for debt_id in debts) == 300_000 - 24 * 100 + 24 * 30
    with office.look() as session:
        assert check_ledger(session).clean


def test_two_reversals_at_once_take_a_payment_back_once(office: Office) -> None:
    owed = open_debt(office, pence=10_000)
    payment = _payment(owed.debt_id, 2_500)
    office.give(payment)

    def reverse(_: int) -> str | None:
        return office.ask(
            ReversePayment(
                transaction_id=new_id(),
                payment_id=payment.transaction_id,
                debt_id=owed.debt_id,
                reversed_on=TODAY,
                reason="Wrong debt",
            )
        ).code

    with ThreadPoolExecutor(4) as writers:
        codes = list(writers.map(reverse, range(4)))
    assert sorted(codes, key=str) == [None, *["payment.reversed"] * 3]
    assert _balance(office, owed.debt_id) == 10_000


def test_a_report_posts_the_difference_on_its_day(office: Office) -> None:
    owed = open_debt(office, pence=10_000, balance_master="host")
    reports = [
        _report(owed.debt_id, 12_000, date(2027, 3, 1)),
        _report(owed.debt_id, 12_000, date(2027, 3, 2)),
        _report(owed.debt_id, -50, date(2027, 3, 3)),
    ]
    outcomes = [office.give(report).outcome for report in reports]
    assert outcomes == [Outcome.APPLIED, Outcome.NO_CHANGE, Outcome.APPLIED]
    with office.look() as session:
        posted = session.execute(
            select(TransactionRow.amount_pence, TransactionRow.effective_on)
            .where(TransactionRow.kind == "reported")
            .order_by(TransactionRow.effective_on)
        ).all()
    assert posted == [(2_000, date(2027, 3, 1)), (-12_050, date(2027, 3, 3))]
    stale = office.ask(_report(owed.debt_id, 1, date(2027, 3, 2)))
    assert (stale.code, stale.at_field) == ("report.stale", "reported_on")
    assert stale.values == {"day": "3 March 2027"}


def test_a_report_needs_a_balance_that_another_system_keeps(office: Office) -> None:
    ours = open_debt(office)
    theirs = open_debt(office, balance_master="host")
    assert office.ask(_report(ours.debt_id, 1)).code == "report.we_are_master"
    assert office.ask(_report(theirs.debt_id, 1, date(2027, 3, 5))).code == "report.in_future"
    assert office.ask(_report(new_id(), 1)).code == "debt.unknown"
    report = _report(theirs.debt_id, 1)
    office.give(report)
    assert office.ask(report).code == "transaction.known"


@pytest.mark.parametrize(
    ("kind", "pence", "change", "code", "field"),
    [
        ("costs", 0, {}, "transaction.positive", "amount_pence"),
        ("costs", -1, {}, "transaction.positive", "amount_pence"),
        ("write_off", -1, {}, "transaction.positive", "amount_pence"),
        ("write_off", 100_001, {}, "transaction.more_than_owed", "amount_pence"),
        ("correction", 0, {}, "transaction.nothing", "amount_pence"),
        ("costs", 1, {"effective_on": date(2027, 3, 5)}, "transaction.in_future", "effective_on"),
    ],
)
def test_a_movement_with_the_wrong_sign_size_or_day_is_refused(
    office: Office, kind: str, pence: int, change: dict[str, Any], code: str, field: str
) -> None:
    owed = open_debt(office)
    result = office.ask(replace(_costs(owed.debt_id, pence), kind=kind, **change))
    assert (result.code, result.at_field) == (code, field)
    assert _balance(office, owed.debt_id) == 100_000


def test_the_same_movement_is_posted_once(office: Office) -> None:
    owed = open_debt(office)
    costs = _costs(owed.debt_id, 100)
    office.give(costs)
    assert office.ask(costs).code == "transaction.known"


def test_the_check_names_what_is_wrong(office: Office) -> None:
    owed = open_debt(office, pence=10_000)
    with office.look() as session:
        clean = check_ledger(session)
    assert (clean.clean, clean.debts, clean.transactions, clean.balance_pence) == (
        True,
        1,
        1,
        10_000,
    )
    planted = new_id()
    with office.sessions() as session, session.begin():
        session.execute(text("UPDATE debt SET balance_pence = 9999"))
        session.execute(
            text(
                "INSERT INTO transaction (transaction_id, debt_id, kind, amount_pence, effective_on,"
                " recorded_at, command_id) "
                "VALUES (:id, :debt, 'correction', 5, '2027-03-04', now(), :id)"
            ),
            {"id": planted, "debt": owed.debt_id},
        )
    with office.look() as session:
        found = check_ledger(session)
    assert not found.clean
    assert [(w.debt_id, w.balance_pence, w.transactions_pence) for w in found.wrong] == [
        (owed.debt_id, 9_999, 10_005)
    ]
    assert (found.wrong_count, found.without_command_count) == (1, 1)
    assert found.without_command == (planted,)
