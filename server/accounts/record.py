"""How each change to accounts and debts alters rows, and what accounts are found by afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.accounts import ledger
from server.accounts.commands import (
    AccountAmended,
    AccountOpened,
    DebtOpened,
    LiablePartyRecorded,
)
from server.accounts.ledger import Posting
from server.accounts.movements import BalanceReported, TransactionPosted
from server.accounts.rules import DETAILS
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.people import place_rows, search_terms
from server.people.places import Place
from server.people.terms import Term, of_place
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def account_opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new accounts, with the places they are for."""
    opened = [(i, i.change) for i in recorded if isinstance(i.change, AccountOpened)]
    changes = [change for _, change in opened]
    _keep_places(session, changes)
    session.execute(
        insert(AccountRow),
        [
            {
                "account_id": change.account_id,
                "reference": change.reference,
                "debt_type": change.debt_type,
                "source": change.source,
                "balance_master": change.balance_master,
                "opened_at": item.recorded_at,
                **{name: getattr(change, name) for name in DETAILS},
            }
            for item, change in opened
        ],
    )
    references = [
        Term(kind="reference", text=change.reference, account_id=change.account_id)
        for change in changes
    ]
    search_terms.keep(session, references + _property_terms(changes))


def account_amended(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write what accounts' details are now."""
    changes = [item.change for item in recorded if isinstance(item.change, AccountAmended)]
    _keep_places(session, changes)
    session.execute(
        update(AccountRow),
        [
            {
                "account_id": change.account_id,
                **{name: getattr(change, name) for name in DETAILS},
            }
            for change in changes
        ],
    )
    search_terms.forget_property(session, {change.account_id for change in changes})
    search_terms.keep(session, _property_terms(changes))


def debt_opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new debts and post what was charged."""
    opened = [(i, i.change) for i in recorded if isinstance(i.change, DebtOpened)]
    session.execute(
        insert(DebtRow),
        [
            {
                "debt_id": change.debt_id,
                "account_id": change.account_id,
                "reference": change.reference,
                "from_on": change.from_on,
                "until": change.until,
                "stage": change.stage,
                "opened_at": item.recorded_at,
            }
            for item, change in opened
        ],
    )
    ledger.post(
        session,
        [
            Posting(
                transaction_id=change.transaction_id,
                debt_id=change.debt_id,
                kind="charge",
                amount_pence=change.charge_pence,
                effective_on=change.charged_on,
                recorded_at=item.recorded_at,
                command_id=item.command_id,
            )
            for item, change in opened
            if change.charge_pence and change.charged_on
        ],
    )
    search_terms.keep(
        session,
        [
            Term(kind="debt_reference", text=change.reference, account_id=change.account_id)
            for _, change in opened
        ],
    )


def liable_party_recorded(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write who is liable, over the period said last."""
    statement = upsert(LiablePartyRow)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["debt_id", "person_id"],
            set_={"from_on": statement.excluded.from_on, "until": statement.excluded.until},
        ),
        [
            {
                "debt_id": change.debt_id,
                "person_id": change.person_id,
                "from_on": change.from_on,
                "until": change.until,
            }
            for item in recorded
            if isinstance(change := item.change, LiablePartyRecorded)
        ],
    )


def transaction_posted(session: Session, recorded: Sequence[Recorded]) -> None:
    """Post costs, corrections and write-offs."""
    ledger.post(
        session,
        [
            Posting(
                transaction_id=change.transaction_id,
                debt_id=change.debt_id,
                kind=change.kind,
                amount_pence=change.amount_pence,
                effective_on=change.effective_on,
                recorded_at=item.recorded_at,
                command_id=item.command_id,
                reference=change.reference,
            )
            for item in recorded
            if isinstance(change := item.change, TransactionPosted)
        ],
    )


def balance_reported(session: Session, recorded: Sequence[Recorded]) -> None:
    """Post what reported balances differ by."""
    ledger.post(
        session,
        [
            Posting(
                transaction_id=change.transaction_id,
                debt_id=change.debt_id,
                kind="reported",
                amount_pence=change.amount_pence,
                effective_on=change.reported_on,
                recorded_at=item.recorded_at,
                command_id=item.command_id,
            )
            for item in recorded
            if isinstance(change := item.change, BalanceReported)
        ],
    )


def _keep_places(session: Session, changes: Sequence[AccountOpened | AccountAmended]) -> None:
    """Write the places that are new."""
    place_rows.keep(
        session,
        [
            Place(
                address_id=change.address_id,
                lines=change.lines,
                postcode=change.postcode,
                uprn=change.uprn,
                latitude_microdegrees=change.latitude_microdegrees,
                longitude_microdegrees=change.longitude_microdegrees,
            )
            for change in changes
            if change.is_new_place and change.address_id
        ],
    )


def _property_terms(changes: Sequence[AccountOpened | AccountAmended]) -> list[Term]:
    """List what accounts are found by through the property they are for."""
    return [
        term
        for change in changes
        for term in (
            Term(
                kind="property_reference",
                text=change.property_reference,
                account_id=change.account_id,
            ),
            *of_place(
                lines=change.lines,
                postcode=change.postcode,
                uprn=change.uprn,
                account_id=change.account_id,
            ),
        )
    ]


RECORDERS: Mapping[type[Change], Recorder] = {
    AccountOpened: account_opened,
    AccountAmended: account_amended,
    DebtOpened: debt_opened,
    LiablePartyRecorded: liable_party_recorded,
    TransactionPosted: transaction_posted,
    BalanceReported: balance_reported,
}
