"""What the office knows already of the accounts a file speaks of: plain values, loaded set-wise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from server.interop.lines import AccountKey
from server.people.places import Place
from server.people.search_terms import normalise

Words = tuple[str, str]
"""A postcode and the lines of an address in the form they are compared in."""


@dataclass(frozen=True, kw_only=True)
class KnownDebt:
    """A debt that is here already, and the day of the last report that moved its balance."""

    debt_id: str
    reference: str
    balance_pence: int
    from_on: date | None = None
    reported_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class KnownHold:
    """A hold on a debt."""

    reason: str
    from_on: date
    until: date | None


@dataclass(kw_only=True)
class KnownPerson:
    """A person who is here already, or whom the same import is opening."""

    person_id: str
    kind: str
    name: str
    title: str = ""
    forenames: str = ""
    surname: str = ""
    born_on: date | None = None
    other_names: set[str] = field(default_factory=set)
    contacts: set[tuple[str, str]] = field(default_factory=set)
    home: Words | None = None
    references: set[tuple[str, str]] = field(default_factory=set)
    """(service, payer reference)"""

    def is_called(self, name: str) -> bool:
        """Tell whether a name is this person's, whatever its capitals and accents."""
        return normalise(self.name) == normalise(name)


@dataclass(frozen=True, kw_only=True)
class KnownAccount:
    """An account that is here already, with its debts and who is liable for them."""

    account_id: str
    place: Place | None
    property_reference: str
    liable_from: date | None
    liable_until: date | None
    rateable_value: int | None
    balance_master: str
    imported_hash: str
    debts: Mapping[str, KnownDebt] = field(default_factory=dict)
    parties: Mapping[str, Mapping[str, tuple[date | None, date | None]]] = field(
        default_factory=dict
    )
    """By debt and person: from and until."""
    holds: Mapping[str, tuple[KnownHold, ...]] = field(default_factory=dict)
    find_task_id: str | None = None
    """The open task to find who is liable, if there is one."""

    def debt_called(self, reference: str) -> KnownDebt | None:
        """Find a debt by its reference."""
        return next((d for d in self.debts.values() if d.reference == reference), None)

    def people(self) -> frozenset[str]:
        """List everyone who is or was liable."""
        return frozenset(person_id for parties in self.parties.values() for person_id in parties)


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """What the last file said of an account: a mark for each part, and whom it named for each debt.

    `outcomes` counts how the account's rows ended, so that an import that was cut off and goes on
    counts what it had done before.
    """

    account_id: str
    import_id: str
    marks: Mapping[str, str]
    named: Mapping[str, list[str]]
    outcomes: Mapping[str, int]


@dataclass(kw_only=True)
class Known:
    """Everything known that concerns a block of accounts."""

    accounts: Mapping[AccountKey, KnownAccount] = field(default_factory=dict)
    people: dict[str, KnownPerson] = field(default_factory=dict)
    by_reference: dict[tuple[str, str], str] = field(default_factory=dict)
    remembered: Mapping[str, Remembered] = field(default_factory=dict)
