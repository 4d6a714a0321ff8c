"""How each change to accounts and debts reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.accounts.commands import (
    AccountAmended,
    AccountOpened,
    DebtOpened,
    LiablePartyRecorded,
)
from server.accounts.movements import BalanceReported, TransactionPosted
from server.people.saying import day_of, last_day_before
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.presentation import money

Said = Mapping[str, Any]


def _opened(said: Said) -> str:
    return Sentence(mark("Account %(reference)s opened"), reference=said["reference"])


def _amended(_said: Said) -> str:
    return Sentence(mark("Details of the account changed"))


def _debt_opened(said: Said) -> str:
    if not said["charge_pence"]:
        return Sentence(mark("Debt %(reference)s opened"), reference=said["reference"])
    return Sentence(
        mark("Debt %(reference)s opened: %(amount)s charged on %(day)s"),
        reference=said["reference"],
        amount=money(said["charge_pence"]),
        day=day_of(said["charged_on"]),
    )


def _liable(said: Said) -> str:
    if said["until"]:
        return Sentence(
            mark("%(name)s liable up to and including %(day)s"),
            name=said["person"],
            day=last_day_before(said["until"]),
        )
    if said["from_on"]:
        return Sentence(
            mark("%(name)s liable from %(day)s"), name=said["person"], day=day_of(said["from_on"])
        )
    return Sentence(mark("%(name)s liable"), name=said["person"])


def _posted(said: Said) -> str:
    pence, day = said["amount_pence"], day_of(said["effective_on"])
    if said["kind"] == "costs":
        return Sentence(mark("Costs of %(amount)s added on %(day)s"), amount=money(pence), day=day)
    if said["kind"] == "write_off":
        return Sentence(mark("%(amount)s written off on %(day)s"), amount=money(-pence), day=day)
    return Sentence(mark("Correction of %(amount)s on %(day)s"), amount=money(pence), day=day)


def _reported(said: Said) -> str:
    return Sentence(
        mark("Balance reported as %(balance)s on %(day)s"),
        balance=money(said["balance_pence"]),
        day=day_of(said["reported_on"]),
    )


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    AccountOpened: _opened,
    AccountAmended: _amended,
    DebtOpened: _debt_opened,
    LiablePartyRecorded: _liable,
    TransactionPosted: _posted,
    BalanceReported: _reported,
}
