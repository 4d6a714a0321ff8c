"""Rules about accounts, their debts and who is liable: pure, over facts loaded for each command."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from server.accounts.commands import (
    AccountAmended,
    AccountOpened,
    AmendAccount,
    DebtOpened,
    LiablePartyRecorded,
    OpenAccount,
    OpenDebt,
    RecordLiableParty,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class OpeningFacts:
    """What opening an account or a debt looks at; `place_id` is the row its place already has."""

    known: bool = False
    reference_taken: bool = False
    account_known: bool = False
    place_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountFile:
    """What an account's details are, and the row that the place named now already has."""

    account_id: str
    property_reference: str
    address_id: str | None
    liable_from: date | None
    liable_until: date | None
    rateable_value: int | None
    imported_hash: str
    place_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class LiabilityFacts:
    """What saying who is liable looks at; `period` is what was said before, if anything was."""

    debt_known: bool = False
    person_known: bool = False
    period: tuple[date | None, date | None] | None = None


DETAILS = (
    "property_reference",
    "address_id",
    "liable_from",
    "liable_until",
    "rateable_value",
    "imported_hash",
)
"""What can move on an account; its reference and its kind of debt are what it is known by."""


def open_account(facts: OpeningFacts, command: OpenAccount, _occasion: Occasion) -> Decision:
    """Open the account, once for each reference of its kind and source."""
    if facts.known:
        raise RuleBroken("account.known")
    if facts.reference_taken:
        raise RuleBroken("account.reference_taken", field="reference")
    _check_period(command.liable_from, command.liable_until, "liable_until")
    _check_place(command)
    return Decision(
        changes=(
            AccountOpened(
                account_id=command.account_id,
                reference=command.reference,
                debt_type=command.debt_type,
                source=command.source,
                property_reference=command.property_reference,
                address_id=facts.place_id or command.address_id,
                is_new_place=command.address_id is not None and facts.place_id is None,
                liable_from=command.liable_from,
                liable_until=command.liable_until,
                rateable_value=command.rateable_value,
                balance_master=command.balance_master,
                imported_hash=command.imported_hash,
                lines=command.lines,
                postcode=command.postcode,
                uprn=command.uprn,
                latitude_microdegrees=command.latitude_microdegrees,
                longitude_microdegrees=command.longitude_microdegrees,
            ),
        )
    )


def amend_account(account: AccountFile, command: AmendAccount, _occasion: Occasion) -> Decision:
    """Change the details that are not what they were."""
    _check_period(command.liable_from, command.liable_until, "liable_until")
    _check_place(command)
    amended = AccountAmended(
        account_id=command.account_id,
        moved=(),
        property_reference=command.property_reference,
        address_id=account.place_id or command.address_id,
        is_new_place=command.address_id is not None and account.place_id is None,
        liable_from=command.liable_from,
        liable_until=command.liable_until,
        rateable_value=command.rateable_value,
        imported_hash=command.imported_hash,
        lines=command.lines,
        postcode=command.postcode,
        uprn=command.uprn,
        latitude_microdegrees=command.latitude_microdegrees,
        longitude_microdegrees=command.longitude_microdegrees,
    )
    moved = tuple(name for name in DETAILS if getattr(amended, name) != getattr(account, name))
    return Decision(changes=(replace(amended, moved=moved),) if moved else ())


def open_debt(facts: OpeningFacts, command: OpenDebt, _occasion: Occasion) -> Decision:
    """Open the debt, once for each reference on its account."""
    if facts.known:
        raise RuleBroken("debt.known")
    if not facts.account_known:
        raise RuleBroken("account.unknown")
    if facts.reference_taken:
        raise RuleBroken("debt.reference_taken", field="reference")
    _check_period(command.from_on, command.until, "until")
    if command.charge_pence and command.charged_on is None:
        raise RuleBroken("debt.charge_undated", field="charged_on")
    return Decision(
        changes=(
            DebtOpened(
                debt_id=command.debt_id,
                account_id=command.account_id,
                reference=command.reference,
                from_on=command.from_on,
                until=command.until,
                stage=command.stage,
                transaction_id=command.transaction_id,
                charge_pence=command.charge_pence,
                charged_on=command.charged_on,
            ),
        )
    )


def record_liable_party(
    facts: LiabilityFacts, command: RecordLiableParty, _occasion: Occasion
) -> Decision:
    """Record that the person is liable, or over which other period."""
    if not facts.debt_known:
        raise RuleBroken("debt.unknown")
    if not facts.person_known:
        raise RuleBroken("person.unknown")
    _check_period(command.from_on, command.until, "until")
    if facts.period == (command.from_on, command.until):
        return Decision()
    return Decision(
        changes=(
            LiablePartyRecorded(
                debt_id=command.debt_id,
                person_id=command.person_id,
                from_on=command.from_on,
                until=command.until,
            ),
        )
    )


def _check_period(from_on: date | None, until: date | None, name: str) -> None:
    if from_on and until and until <= from_on:
        raise RuleBroken("account.periods", field=name)


def _check_place(command: OpenAccount | AmendAccount) -> None:
    if command.address_id is not None and not (command.lines or command.postcode):
        raise RuleBroken("account.place_missing", field="lines")
