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
from server.spine.areas import Area, Handling
from shared.catalogue import mark
from shared.commands import CommandType, Kind

PAGES = (screens,)
"""Importing these registers their pages on the area's one blueprint."""

AREA = Area(
    name="accounts",
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
