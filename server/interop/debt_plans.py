"""What a file says is owed: debts to open, and balances the other system reports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from server.accounts.commands import OpenDebt
from server.accounts.movements import PostTransaction, ReportBalance
from server.interop.ids import made_id
from server.interop.known import KnownDebt
from server.interop.lines import DebtLine
from server.interop.pictures import Charge
from server.interop.plans import Situation

REFERENCE_MAX = 60


@dataclass(frozen=True, kw_only=True)
class PlannedDebt:
    """A charge of the file with the debt it is, and whether this plan opens it."""

    charge: Charge
    debt_id: str
    is_new: bool


def plan_debts(here: Situation) -> list[PlannedDebt]:
    """Find or open the debt of every charge, and report the balances that differ."""
    planned: list[PlannedDebt] = []
    taken = {debt.reference for debt in here.account.debts.values()} if here.account else set()
    for charge in here.picture.charges:
        claimed = {each.debt_id for each in planned}
        known = _known(here, charge, claimed)
        if known is None:
            debt_id = _open(here, charge, taken)
        else:
            debt_id = known.debt_id
            if here.has_moved("debts"):
                _report(here, charge, known)
        planned.append(PlannedDebt(charge=charge, debt_id=debt_id, is_new=known is None))
    return planned


def _made_debt_id(here: Situation, charge: Charge) -> str:
    return made_id("debt", here.plan.account_id, *charge.key)


def _known(here: Situation, charge: Charge, claimed: Collection[str]) -> KnownDebt | None:
    """Find the debt an import opened, or one of that reference and period somebody opened here."""
    if here.account is None:
        return None
    found = here.account.debts.get(_made_debt_id(here, charge))
    if found is not None:
        return found
    same = here.account.debt_called(_reference(here, charge))
    if same is None or same.debt_id in claimed:
        return None
    start = charge.debt.period_from
    return same if start is None or same.from_on in (None, start) else None


def _reference(here: Situation, charge: Charge) -> str:
    """Call a debt by its reference, else by the start of its period, else as its account."""
    start = charge.debt.period_from
    if charge.debt.reference:
        return charge.debt.reference
    return start.isoformat() if start else here.picture.first.account_reference


def _open(here: Situation, charge: Charge, taken: set[str]) -> str:
    """Open a debt; one that only says who is liable is opened with nothing owed."""
    debt, debt_id = charge.debt, _made_debt_id(here, charge)
    reference = _reference(here, charge)
    if reference in taken:
        start = debt.period_from or charge.liable_from or here.terms.day
        reference = f"{reference} {start.isoformat()}"[:REFERENCE_MAX]
    taken.add(reference)
    only_liable = debt == DebtLine()
    charged = _charged(here, debt)
    here.give(
        OpenDebt(
            debt_id=debt_id,
            account_id=here.plan.account_id,
            reference=reference,
            from_on=charge.liable_from if only_liable else debt.period_from,
            until=charge.liable_until if only_liable else debt.period_until,
            transaction_id=made_id("charge", debt_id),
            charge_pence=charged,
            charged_on=debt.period_from or charge.liable_from or _reported_on(here, debt),
        ),
        charge.line_number,
    )
    difference = 0 if debt.balance_pence is None else debt.balance_pence - charged
    if difference and _master(here) == "host":
        _report_balance(here, charge, debt_id)
    elif difference:
        here.give(
            PostTransaction(
                transaction_id=made_id("opening", debt_id),
                debt_id=debt_id,
                kind="correction",
                amount_pence=difference,
                effective_on=_reported_on(here, debt),
            ),
            charge.line_number,
        )
    return debt_id


def _charged(here: Situation, debt: DebtLine) -> int:
    """Give what was charged; a charge below nothing stands in the balance alone."""
    charged = debt.charged_pence
    if charged is None and _master(here) != "host":
        charged = debt.balance_pence
    if charged is not None and charged < 0:
        here.note("note.charge_negative", "charged")
    return max(charged or 0, 0)


def _report(here: Situation, charge: Charge, known: KnownDebt) -> None:
    """Report a balance that moved, unless it is kept here or a later one has come already."""
    balance = charge.debt.balance_pence
    if balance is None or balance == known.balance_pence:
        return
    if _master(here) != "host":
        here.note("note.balance_kept_here", "balance")
    elif known.reported_on and _reported_on(here, charge.debt) < known.reported_on:
        here.note("note.balance_older", "reported_on")
    else:
        _report_balance(here, charge, known.debt_id)


def _report_balance(here: Situation, charge: Charge, debt_id: str) -> None:
    here.give(
        ReportBalance(
            transaction_id=made_id(here.terms.import_id, "reported", debt_id),
            debt_id=debt_id,
            balance_pence=charge.debt.balance_pence or 0,
            reported_on=_reported_on(here, charge.debt),
        ),
        charge.line_number,
    )


def _reported_on(here: Situation, debt: DebtLine) -> date:
    return debt.reported_on or here.terms.day


def _master(here: Situation) -> str:
    """Say who keeps the balance: as the account was opened, whatever the profile says now."""
    return here.account.balance_master if here.account else here.terms.profile.master_of_balance
