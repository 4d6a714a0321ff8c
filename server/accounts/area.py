"""What the accounts area hands to the office."""

from __future__ import annotations

from server.accounts import (
    commands,
    facts,
    movements,
    project,
    record,
    rules,
    screens,
    sentences,
)
from server.accounts.blueprint import screens as pages
from server.accounts.tables import AccountRow, DebtRow
from server.spine.areas import Area, Handling, named_subjects
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched

PAGES = (screens,)
"""Importing these registers their pages on the area's one blueprint."""


def _debt_only(command: Command) -> Touched:
    """Let one person become liable for many debts at once: nothing kept of the person changes."""
    return Touched(debt_ids=named_subjects(command).debt_ids)


AREA = Area(
    name="accounts",
    addressed={"account_id": AccountRow.account_id, "debt_id": DebtRow.debt_id},
    commands=(
        Handling(
            kind=CommandType(
                command=commands.OpenAccount,
                schema=commands.OpenAccountSchema(),
                rule=rules.open_account,
                kind=Kind.DECISION,
                needs="accounts.record",
            ),
            facts=facts.opening_accounts,
        ),
        Handling(
            kind=CommandType(
                command=commands.AmendAccount,
                schema=commands.AmendAccountSchema(),
                rule=rules.amend_account,
                kind=Kind.EDIT,
                needs="accounts.record",
            ),
            facts=facts.account_files,
        ),
        Handling(
            kind=CommandType(
                command=commands.OpenDebt,
                schema=commands.OpenDebtSchema(),
                rule=rules.open_debt,
                kind=Kind.DECISION,
                needs="accounts.record",
            ),
            facts=facts.opening_debts,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordLiableParty,
                schema=commands.RecordLiablePartySchema(),
                rule=rules.record_liable_party,
                kind=Kind.FACT,
                needs="accounts.record",
            ),
            facts=facts.liabilities,
            subjects=_debt_only,
        ),
        Handling(
            kind=CommandType(
                command=movements.PostTransaction,
                schema=movements.PostTransactionSchema(),
                rule=movements.post_transaction,
                kind=Kind.DECISION,
                needs="accounts.post",
            ),
            facts=facts.debt_files,
        ),
        Handling(
            kind=CommandType(
                command=movements.ReportBalance,
                schema=movements.ReportBalanceSchema(),
                rule=movements.report_balance,
                kind=Kind.FACT,
                needs="accounts.record",
            ),
            facts=facts.debt_files,
        ),
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_debts,
    projections=project.PROJECTIONS,
    permissions={
        "accounts.see": mark("See accounts, debts and every movement on them"),
        "accounts.record": mark("Open accounts and debts, and record who is liable"),
        "accounts.post": mark("Post costs, corrections and write-offs"),
    },
    screens=(pages,),
    sentences=sentences.SENTENCES,
)
