"""Facts about accounts and debts: what the rules look at, loaded for many commands at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import Select, and_, column, func, or_, select, table, tuple_
from sqlalchemy.orm import Session

from server.accounts.commands import AmendAccount, OpenAccount, OpenDebt, RecordLiableParty
from server.accounts.movements import DebtFile
from server.accounts.rules import DETAILS, AccountFile, LiabilityFacts, OpeningFacts
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow, TransactionRow
from server.people import place_rows
from server.spine.among import among
from server.spine.locks import case_subject
from server.spine.tables import Id
from shared.case_file import DEBTS_MAX, CaseDebt
from shared.commands import Command
from shared.errors import RuleBroken
from shared.values import Pence

_person = table("person", column("person_id", Id))


def opening_accounts(session: Session, commands: Sequence[Command]) -> list[OpeningFacts]:
    """Load what opening these accounts looks at; of two with one reference the first has it."""
    asked = [command for command in commands if isinstance(command, OpenAccount)]
    row = AccountRow
    references = [(c.debt_type, c.source, c.reference) for c in asked]
    known: set[str] = set()
    taken: set[tuple[str, str, str]] = set()
    for account_id, *reference in session.execute(
        select(row.account_id, row.debt_type, row.source, row.reference).where(
            or_(
                row.account_id.in_([c.account_id for c in asked]),
                tuple_(row.debt_type, row.source, row.reference).in_(references),
            )
        )
    ):
        known.add(account_id)
        taken.add((reference[0], reference[1], reference[2]))
    found = _places(session, asked)
    facts = []
    for command, reference_, place_id in zip(asked, references, found, strict=True):
        facts.append(
            OpeningFacts(
                known=command.account_id in known,
                reference_taken=reference_ in taken,
                place_id=place_id,
            )
        )
        taken.add(reference_)
    return facts


def account_files(session: Session, commands: Sequence[Command]) -> list[AccountFile | RuleBroken]:
    """Load what amending these accounts looks at."""
    asked = [command for command in commands if isinstance(command, AmendAccount)]
    row = AccountRow
    files = {
        account.account_id: AccountFile(
            account_id=account.account_id, **{name: getattr(account, name) for name in DETAILS}
        )
        for account in session.scalars(
            select(row).where(row.account_id.in_([c.account_id for c in asked]))
        )
    }
    found = _places(session, asked)
    return [
        replace(files[command.account_id], place_id=place_id)
        if command.account_id in files
        else RuleBroken("account.unknown")
        for command, place_id in zip(asked, found, strict=True)
    ]


def _places(session: Session, asked: Sequence[OpenAccount | AmendAccount]) -> list[str | None]:
    """Find the rows their places already have, and hold those while an account moves in."""
    found = place_rows.find(session, [command.place() for command in asked])
    place_rows.hold_still(session, {id_ for id_ in found if id_})
    return found


def opening_debts(session: Session, commands: Sequence[Command]) -> list[OpeningFacts]:
    """Load what opening these debts looks at."""
    asked = [command for command in commands if isinstance(command, OpenDebt)]
    row = DebtRow
    references = [(c.account_id, c.reference) for c in asked]
    known: set[str] = set()
    taken: set[tuple[str, str]] = set()
    for debt_id, account_id, reference in session.execute(
        select(row.debt_id, row.account_id, row.reference).where(
            or_(
                row.debt_id.in_([c.debt_id for c in asked]),
                tuple_(row.account_id, row.reference).in_(references),
            )
        )
    ):
        known.add(debt_id)
        taken.add((account_id, reference))
    accounts = set(
        session.scalars(
            select(AccountRow.account_id).where(
                AccountRow.account_id.in_([c.account_id for c in asked])
            )
        )
    )
    return [
        OpeningFacts(
            known=command.debt_id in known,
            reference_taken=(command.account_id, command.reference) in taken,
            account_known=command.account_id in accounts,
        )
        for command in asked
    ]


def liabilities(session: Session, commands: Sequence[Command]) -> list[LiabilityFacts]:
    """Load what saying who is liable looks at."""
    asked = [command for command in commands if isinstance(command, RecordLiableParty)]
    row = LiablePartyRow
    periods = {
        (party.debt_id, party.person_id): (party.from_on, party.until)
        for party in session.scalars(
            select(row).where(
                tuple_(row.debt_id, row.person_id).in_([(c.debt_id, c.person_id) for c in asked])
            )
        )
    }
    debts = _known(session, select(DebtRow.debt_id), {c.debt_id for c in asked})
    people = _known(session, select(_person.c.person_id), {c.person_id for c in asked})
    return [
        LiabilityFacts(
            debt_known=c.debt_id in debts,
            person_known=c.person_id in people,
            period=periods.get((c.debt_id, c.person_id)),
        )
        for c in asked
    ]


def _known(session: Session, query: Select[str], ids: Collection[str]) -> set[str]:
    return set(session.scalars(query.where(query.selected_columns[0].in_(sorted(ids)))))


def debt_files(session: Session, commands: Sequence[Command]) -> list[DebtFile | RuleBroken]:
    """Load what the rules on movements look at; any command that names a debt and a transaction."""
    ids = {str(getattr(command, "debt_id", "")) for command in commands}
    files = load_debt_files(session, ids)
    transaction_ids = [str(getattr(command, "transaction_id", "")) for command in commands]
    known = _known(session, select(TransactionRow.transaction_id), transaction_ids)
    return [
        replace(files[debt_id], transaction_known=transaction_id in known)
        if (debt_id := str(getattr(command, "debt_id", ""))) in files
        else RuleBroken("debt.unknown")
        for command, transaction_id in zip(commands, transaction_ids, strict=True)
    ]


def load_debt_files(session: Session, debt_ids: Collection[str]) -> dict[str, DebtFile]:
    """Load the debts with their balances, who keeps them, and the day of the last report."""
    debt, account, report = DebtRow, AccountRow, TransactionRow
    reported_on = func.max(report.effective_on)
    return {
        debt_id: DebtFile(
            debt_id=debt_id,
            account_id=account_id,
            balance_pence=balance,
            balance_master=master,
            reported_on=day,
        )
        for debt_id, account_id, balance, master, day in session.execute(
            select(
                debt.debt_id,
                debt.account_id,
                debt.balance_pence,
                account.balance_master,
                reported_on,
            )
            .join(account, account.account_id == debt.account_id)
            .outerjoin(report, and_(report.debt_id == debt.debt_id, report.kind == "reported"))
            .where(among(debt.debt_id, debt_ids))
            .group_by(debt.debt_id, account.account_id)
        )
    }


def case_debts(
    session: Session, case_ids: Collection[str]
) -> dict[str, dict[str, tuple[CaseDebt, ...]]]:
    """Give each case its debts, the largest first, as many as a case file carries in full."""
    found: dict[str, list[CaseDebt]] = {}
    for case_id, debt_id, account_id, debt_type, balance, _count in session.execute(
        largest_debts(case_ids)
    ):
        found.setdefault(case_id, []).append(
            CaseDebt(
                debt_id=debt_id,
                account_id=account_id,
                debt_type=debt_type,
                balance_pence=Pence(balance),
            )
        )
    return {case_id: {"debts": tuple(debts)} for case_id, debts in found.items()}


def largest_debts(case_ids: Collection[str]) -> Select[str, str, str, str, int, int]:
    """Ask for (case, debt, account, kind, balance, rank) of each case's debts, within the limit."""
    debt, account = DebtRow, AccountRow
    rank = func.row_number().over(
        partition_by=case_subject.c.case_id,
        order_by=(debt.balance_pence.desc(), debt.debt_id),
    )
    ranked = (
        select(
            case_subject.c.case_id,
            debt.debt_id,
            debt.account_id,
            account.debt_type,
            debt.balance_pence,
            rank.label("rank"),
        )
        .join(debt, debt.debt_id == case_subject.c.subject_id)
        .join(account, account.account_id == debt.account_id)
        .where(case_subject.c.kind == "debt", among(case_subject.c.case_id, case_ids))
        .subquery()
    )
    return select(*ranked.c).where(ranked.c.rank <= DEBTS_MAX).order_by(*ranked.c[::5])
