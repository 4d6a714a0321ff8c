"""What a device is given about debts: each of the largest, and what all of them come to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import column, func, select, table
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from server.accounts.facts import largest_debts
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow, TransactionRow
from server.spine.among import among
from server.spine.areas import Projection
from server.spine.locks import case_subject
from server.spine.tables import Id
from server.spine.written import SUBJECTS

_person = table("person", column("person_id", Id), column("name"))

Bodies = dict[str, dict[str, dict[str, Any]]]
"""{case id: {record id: body}}"""


def debts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each debt of a case, the largest 50 of them."""
    ranked = list(session.execute(largest_debts(case_ids)))
    ids = sorted({debt_id for _, debt_id, *_ in ranked})
    details = {
        debt.debt_id: (debt, account)
        for debt, account in session.execute(
            select(DebtRow, AccountRow)
            .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
            .where(among(DebtRow.debt_id, ids))
        )
    }
    liable = _liable(session, ids)
    paid = _last_payments(session, ids)
    bodies: Bodies = {}
    for case_id, debt_id, *_ in ranked:
        debt, account = details[debt_id]
        bodies.setdefault(case_id, {})[debt_id] = {
            "account_id": account.account_id,
            "account_reference": account.reference,
            "debt_type": account.debt_type,
            "address_id": account.address_id,
            "reference": debt.reference,
            "from_on": debt.from_on.isoformat() if debt.from_on else None,
            "until": debt.until.isoformat() if debt.until else None,
            "stage": debt.stage,
            "balance_pence": debt.balance_pence,
            "last_payment": paid.get(debt_id),
            "liable": liable.get(debt_id, []),
        }
    return bodies


def totals(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build the one record of what all debts of a case come to, by kind of debt."""
    bodies: Bodies = {}
    for case_id, debt_type, count, pence in session.execute(
        select(
            case_subject.c.case_id,
            AccountRow.debt_type,
            func.count(),
            func.sum(DebtRow.balance_pence),
        )
        .join(DebtRow, DebtRow.debt_id == case_subject.c.subject_id)
        .join(AccountRow, AccountRow.account_id == DebtRow.account_id)
        .where(case_subject.c.kind == "debt", among(case_subject.c.case_id, case_ids))
        .group_by(case_subject.c.case_id, AccountRow.debt_type)
        .order_by(case_subject.c.case_id, AccountRow.debt_type)
    ):
        body = bodies.setdefault(case_id, {}).setdefault(
            case_id, {"debts": 0, "balance_pence": 0, "by_type": {}}
        )
        body["debts"] += count
        body["balance_pence"] += int(pence)
        body["by_type"][debt_type] = {"debts": count, "balance_pence": int(pence)}
    return bodies


def _liable(session: Session, debt_ids: Collection[str]) -> dict[str, list[dict[str, str]]]:
    """Name who is liable for each debt; a visit needs no more of the others."""
    found: dict[str, list[dict[str, str]]] = {}
    for debt_id, person_id, name in session.execute(
        select(LiablePartyRow.debt_id, _person.c.person_id, _person.c.name)
        .join(_person, _person.c.person_id == LiablePartyRow.person_id)
        .where(among(LiablePartyRow.debt_id, debt_ids))
        .order_by(_person.c.name, _person.c.person_id)
    ):
        found.setdefault(debt_id, []).append({"person_id": person_id, "name": name})
    return found


def _last_payments(session: Session, debt_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Find the last payment of each debt that was not taken back."""
    payment, reversal = TransactionRow, aliased(TransactionRow)
    return {
        debt_id: {"received_on": day.isoformat(), "amount_pence": -pence}
        for debt_id, day, pence in session.execute(
            select(payment.debt_id, payment.effective_on, payment.amount_pence)
            .ext(distinct_on(payment.debt_id))
            .outerjoin(reversal, reversal.reverses_id == payment.transaction_id)
            .where(
                among(payment.debt_id, debt_ids),
                payment.kind == "payment",
                payment.amount_pence < 0,
                reversal.transaction_id.is_(None),
            )
            .order_by(
                payment.debt_id,
                payment.effective_on.desc(),
                payment.recorded_at.desc(),
                payment.transaction_id,
            )
        )
    }


PROJECTIONS = (
    Projection(
        view="home_visit", kind="debt", build=debts, reads=SUBJECTS | {"person", "transaction"}
    ),
    Projection(view="home_visit", kind="debt_totals", build=totals, reads=SUBJECTS),
)
