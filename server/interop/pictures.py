"""What a file says of one account, on one row or on several, ready to be compared with what is known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from server.interop.ids import made_id
from server.interop.lines import (
    AccountKey,
    AccountLine,
    DebtLine,
    HoldLine,
    Payer,
    Property,
    Rejected,
    account_key,
)

PARTS = ("details", "payers", "reach", "debts", "holds")
"""What is compared with the file before: only a part that moved there can change anything here."""

MARK_CHARACTERS = 16


@dataclass(frozen=True, kw_only=True)
class Charge:
    """One debt as the file shows it: what is owed, who is liable for it, and what stops recovery.

    Where a row names somebody and no charge, `debt` is empty: it only says who is liable since when.
    """

    line_number: int
    debt: DebtLine
    payers: tuple[Payer, ...]
    liable_from: date | None
    liable_until: date | None
    holds: tuple[HoldLine, ...]

    @property
    def key(self) -> tuple[str, str]:
        """Tell this debt of the account from its others."""
        start = self.debt.period_from
        return (self.debt.reference or "").upper(), start.isoformat() if start else ""


@dataclass(frozen=True)
class Picture:
    """All rows of a file about one account, put together; where they differ the first row counts."""

    lines: tuple[AccountLine, ...]

    @cached_property
    def key(self) -> AccountKey:
        """Say which account this is."""
        return account_key(self.lines[0])

    @cached_property
    def account_id(self) -> str:
        """Give the id the account has if an import opens it."""
        return made_id("account", *self.key)

    @property
    def first(self) -> AccountLine:
        """Give the row that speaks for the account where only one can."""
        return self.lines[0]

    @property
    def premises(self) -> Property | None:
        """Give the property the account is for."""
        return next((line.property for line in self.lines if line.property), None)

    @property
    def liable(self) -> tuple[date | None, date | None]:
        """Give the period of liability."""
        periods = ((line.liable_from, line.liable_until) for line in self.lines)
        return next((period for period in periods if any(period)), (None, None))

    @cached_property
    def charges(self) -> tuple[Charge, ...]:
        """List the debts, each once."""
        found: dict[tuple[str, str], Charge] = {}
        for line in self.lines:
            for charge in _charges_of(line):
                held = found.get(charge.key)
                found[charge.key] = _joined(held, charge) if held else charge
        return tuple(found.values())

    @property
    def names_somebody(self) -> bool:
        """Tell whether any row names who is liable."""
        return any(line.payers for line in self.lines)

    @cached_property
    def marks(self) -> dict[str, str]:
        """Give a short text for each part: the same for the same facts, whatever file they stand in."""
        charges = sorted(self.charges, key=lambda charge: charge.key)
        told: dict[str, object] = {
            "details": (self.premises, self.liable),
            "payers": [
                (charge.key, charge.liable_from, charge.liable_until, *map(_named, charge.payers))
                for charge in charges
            ],
            "reach": [
                (payer.name, payer.phone, payer.email, payer.contact_address)
                for charge in charges
                for payer in charge.payers
            ],
            "debts": [(charge.key, charge.debt) for charge in charges],
            "holds": [(charge.key, charge.holds) for charge in charges],
        }
        return {
            part: hashlib.sha256(repr(told[part]).encode()).hexdigest()[:MARK_CHARACTERS]
            for part in PARTS
        }


def _named(payer: Payer) -> Payer:
    return replace(payer, phone=None, email=None, contact_address=None)


def _charges_of(line: AccountLine) -> Iterator[Charge]:
    debts = line.debts
    if not debts and (line.payers or line.hold):
        debts = (DebtLine(),)
    for debt in debts:
        yield Charge(
            line_number=line.line_number,
            debt=debt,
            payers=line.payers,
            liable_from=line.liable_from,
            liable_until=line.liable_until,
            holds=(line.hold,) if line.hold else (),
        )


def _joined(held: Charge, other: Charge) -> Charge:
    """Put a row that names a debt's payers beside the row that says what is owed."""
    more = tuple(payer for payer in other.payers if payer not in held.payers)
    holds = tuple(hold for hold in other.holds if hold not in held.holds)
    debt = held.debt if held.debt != DebtLine() else other.debt
    return replace(held, debt=debt, payers=held.payers + more, holds=held.holds + holds)


def gather(
    outcomes: Iterable[AccountLine | Rejected], rows_of: Mapping[AccountKey, int]
) -> Iterator[Picture | Rejected]:
    """Put rows about one account together; `rows_of` counts them where there are several.

    Rows are held back only until the last of their account has come.
    """
    waiting: dict[AccountKey, list[AccountLine]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            yield outcome
            continue
        key = account_key(outcome)
        wanted = rows_of.get(key, 1)
        if wanted == 1:
            yield Picture((outcome,))
            continue
        held = waiting.setdefault(key, [])
        held.append(outcome)
        if len(held) == wanted:
            yield Picture(tuple(waiting.pop(key)))
    for held in waiting.values():
        yield Picture(tuple(held))
