"""What a row of somebody else's file becomes: one account line, or a rejection with its reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from server.interop.sentences import REASONS
from shared.errors import REFUSALS
from shared.values import Pence

PayerKind = Literal["individual", "organisation"]
Master = Literal["host", "fieldfare"]


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence about a file, a row or a cell: its code, our field if one is at fault, its values."""

    code: str
    field: str | None = None
    values: tuple[tuple[str, str | int], ...] = ()

    def sentence(self, translate: Callable[[str], str] = str) -> str:
        """Say it in words, in the language that `translate` speaks."""
        return translate(self.text) % dict(self.values)

    @property
    def text(self) -> str:
        """Give the marked sentence, which is one of ours or of a rule that refused."""
        return REASONS.get(self.code) or REFUSALS[self.code]


def because(code: str, field: str | None = None, **values: str | int) -> Reason:
    """Make a reason from its code and the values its sentence needs."""
    return Reason(code, field, tuple(values.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address as the file gives it; the postcode is in its usual form, or None where unreadable."""

    lines: tuple[str, ...]
    postcode: str | None = None

    def __bool__(self) -> bool:
        return bool(self.lines or self.postcode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """The property an account is for."""

    reference: str | None = None
    address: Address | None = None
    uprn: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    rateable_value_pounds: int | None = None
    occupied: bool | None = None

    def __bool__(self) -> bool:
        return any((self.reference, self.address, self.uprn, self.latitude is not None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """A person the file says is liable.

    `merge_key` is set only where two rows with the same key are the same organisation beyond doubt
    and the profile says they merge; an individual never has one, because names are not identity.
    `estate` says the name speaks of executors or a death.
    """

    kind: PayerKind
    name: str
    title: str = ""
    forenames: str = ""
    surname: str = ""
    trading_as: str = ""
    estate: bool = False
    merge_key: str | None = None
    reference: str | None = None
    date_of_birth: date | None = None
    phone: str | None = None
    email: str | None = None
    contact_address: Address | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtLine:
    """One charge on the account; `period_until` and every other `until` is the first day not covered."""

    reference: str | None = None
    period_from: date | None = None
    period_until: date | None = None
    charged_pence: Pence | None = None
    balance_pence: Pence | None = None
    reported_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLine:
    """A stop on recovery that the host system already had; never dropped on the way in."""

    reason: str
    from_on: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """All that one accepted row says, in our own words."""

    line_number: int
    account_reference: str
    debt_type: str
    service: str
    country: str
    property: Property | None = None
    payers: tuple[Payer, ...] = ()
    liable_from: date | None = None
    liable_until: date | None = None
    debts: tuple[DebtLine, ...] = ()
    hold: HoldLine | None = None
    notes: tuple[Reason, ...] = ()

    def find_who_is_liable(self) -> bool:
        """Tell whether the row names nobody, so that somebody has to be looked for."""
        return not self.payers

    def fingerprint(self) -> str:
        """Give the same short text for the same facts, whatever line or file they came from."""
        facts = (
            self.account_reference,
            self.debt_type,
            self.service,
            self.country,
            self.property,
            self.payers,
            self.liable_from,
            self.liable_until,
            self.debts,
            self.hold,
        )
        return hashlib.sha256(repr(facts).encode()).hexdigest()


AccountKey = tuple[str, str, str]
"""Service, kind of debt, and the reference without spaces and in capitals."""


def account_key(line: AccountLine) -> AccountKey:
    """Give what two rows about one account share, however its reference is spaced."""
    return line.service, line.debt_type, "".join(line.account_reference.split()).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A row that was not taken, as it stood in the file, with every reason."""

    line_number: int
    reasons: tuple[Reason, ...]
    values: tuple[str, ...]
