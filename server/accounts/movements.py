"""Movements on a debt that the office posts: costs, corrections, write-offs, and reported balances."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import Sentence, mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.day_fields import DayField
from shared.debts import TRANSACTION_KINDS
from shared.errors import RuleBroken, register
from shared.fields import Choice, CleanText, IdField, PenceField
from shared.presentation import LONDON, money
from shared.presentation import day as day_in_words
from shared.values import PENCE_MAX

POSTED_BY_PEOPLE: dict[str, str] = {
    kind: TRANSACTION_KINDS[kind] for kind in ("costs", "correction", "write_off")
}
"""What a person may post; charges, payments and reports have commands of their own."""

register(
    {
        "transaction.known": mark("This has already been posted"),
        "transaction.positive": mark("Enter an amount of more than £0.00, without a minus"),
        "transaction.nothing": mark("Enter an amount that is not £0.00"),
        "transaction.more_than_owed": mark("Only %(balance)s is owed: write off that or less"),
        "transaction.in_future": mark("Enter a day that has been"),
        "report.we_are_master": mark("Fieldfare keeps this balance: post a correction instead"),
        "report.stale": mark("A balance reported on %(day)s, which is later, is already here"),
        "report.in_future": mark("Enter the day of the report, which cannot be in the future"),
    }
)


@dataclass(frozen=True, kw_only=True)
class DebtFile:
    """What the rules on movements look at for one debt."""

    debt_id: str
    account_id: str
    balance_pence: int
    balance_master: str = "fieldfare"
    reported_on: date | None = None
    transaction_known: bool = False


@dataclass(frozen=True, kw_only=True)
class PostTransaction(Command):
    """Add costs, a correction or a write-off; what is written off is given without a minus."""

    name: ClassVar[str] = "PostTransaction"
    transaction_id: str
    debt_id: str
    kind: str
    amount_pence: int
    effective_on: date
    reference: str = ""


class PostTransactionSchema(Schema):
    """How `PostTransaction` is written in a form and in a message."""

    transaction_id = IdField(required=True)
    debt_id = IdField(required=True)
    kind = Choice(
        POSTED_BY_PEOPLE,
        required=True,
        metadata={"label": mark("What is it?"), "missing": mark("Select what it is")},
    )
    amount_pence = PenceField(required=True, least=-PENCE_MAX, metadata={"label": mark("Amount")})
    effective_on = DayField(required=True, metadata={"label": mark("Day")})
    reference = CleanText(load_default="", characters_max=60, metadata={"label": mark("Reference")})


@dataclass(frozen=True, kw_only=True)
class TransactionPosted(Change):
    """A movement was added to a debt."""

    name: ClassVar[str] = "TransactionPosted"
    transaction_id: str
    debt_id: str
    account_id: str
    kind: str
    amount_pence: int
    effective_on: date
    reference: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class ReportBalance(Command):
    """Say what the system that keeps the balance reports; the difference is posted."""

    name: ClassVar[str] = "ReportBalance"
    transaction_id: str
    debt_id: str
    balance_pence: int
    reported_on: date


class ReportBalanceSchema(Schema):
    """How `ReportBalance` is written in a message."""

    transaction_id = IdField(required=True)
    debt_id = IdField(required=True)
    balance_pence = PenceField(required=True, least=-PENCE_MAX, metadata={"label": mark("Balance")})
    reported_on = DayField(required=True, metadata={"label": mark("Reported on")})


@dataclass(frozen=True, kw_only=True)
class BalanceReported(Change):
    """The system that keeps the balance reported another one than stood here."""

    name: ClassVar[str] = "BalanceReported"
    transaction_id: str
    debt_id: str
    account_id: str
    balance_pence: int
    amount_pence: int
    reported_on: date


def post_transaction(debt: DebtFile, command: PostTransaction, occasion: Occasion) -> Decision:
    """Post the movement with the sign its kind has: costs add, a write-off takes away."""
    if debt.transaction_known:
        raise RuleBroken("transaction.known")
    amount = command.amount_pence
    if command.kind == "correction" and amount == 0:
        raise RuleBroken("transaction.nothing", field="amount_pence")
    if command.kind != "correction" and amount <= 0:
        raise RuleBroken("transaction.positive", field="amount_pence")
    if command.kind == "write_off" and amount > debt.balance_pence:
        raise RuleBroken(
            "transaction.more_than_owed",
            field="amount_pence",
            balance=money(max(debt.balance_pence, 0)),
        )
    if command.effective_on > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("transaction.in_future", field="effective_on")
    return Decision(
        changes=(
            TransactionPosted(
                transaction_id=command.transaction_id,
                debt_id=debt.debt_id,
                account_id=debt.account_id,
                kind=command.kind,
                amount_pence=-amount if command.kind == "write_off" else amount,
                effective_on=command.effective_on,
                reference=command.reference,
            ),
        )
    )


def report_balance(debt: DebtFile, command: ReportBalance, occasion: Occasion) -> Decision:
    """Post what the reported balance differs by, unless a later report is already here."""
    if debt.balance_master != "host":
        raise RuleBroken("report.we_are_master", field="balance_pence")
    if debt.transaction_known:
        raise RuleBroken("transaction.known")
    if command.reported_on > occasion.decided_at.astimezone(LONDON).date():
        raise RuleBroken("report.in_future", field="reported_on")
    if debt.reported_on and command.reported_on < debt.reported_on:
        raise RuleBroken(
            "report.stale", field="reported_on", day=day_in_words(debt.reported_on, say=Sentence)
        )
    difference = command.balance_pence - debt.balance_pence
    if difference == 0:
        return Decision()
    return Decision(
        changes=(
            BalanceReported(
                transaction_id=command.transaction_id,
                debt_id=debt.debt_id,
                account_id=debt.account_id,
                balance_pence=command.balance_pence,
                amount_pence=difference,
                reported_on=command.reported_on,
            ),
        )
    )
