"""All that a rule may look at for one case, as plain values, whichever program loaded them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from shared.values import Pence

DEBTS_MAX = 50
"""Debts a case file carries in full; beyond it only totals are known."""

CONTACTS_MAX = 200
"""Past contacts a case file carries."""


@dataclass(frozen=True, kw_only=True)
class CaseContact:
    """A way to reach a person, and whether it does."""

    contact_id: str
    kind: str
    value: str
    standing: str = "in_use"


@dataclass(frozen=True, kw_only=True)
class CasePerson:
    """A person on the case: its principal, or someone liable for one of its debts.

    `details` are what an officer may put right, by the names of shared.field_policy.
    """

    person_id: str
    name: str
    phone_numbers: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    contacts: tuple[CaseContact, ...] = ()

    def contact(self, contact_id: str) -> CaseContact | None:
        """Find a way to reach this person."""
        return next((c for c in self.contacts if c.contact_id == contact_id), None)


@dataclass(frozen=True, kw_only=True)
class CaseMarker:
    """A warning about a person or a place of the case, in force or ended."""

    marker_id: str
    kind: str
    person_id: str | None = None
    address_id: str | None = None
    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class CaseConflict:
    """A field about which a person still has to decide."""

    conflict_id: str
    record: str
    record_id: str
    field: str


@dataclass(frozen=True, kw_only=True)
class CaseDebt:
    """A debt the case concerns, with what is owed as the office last knew it."""

    debt_id: str
    account_id: str
    debt_type: str
    balance_pence: Pence


@dataclass(frozen=True, kw_only=True)
class CaseHold:
    """A reason recovery may not go on; `until` is the first day it no longer covers."""

    hold_id: str
    reason: str
    from_on: date
    until: date | None

    def is_in_force_on(self, day: date) -> bool:
        """Tell whether the hold covers the day."""
        return self.from_on <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, kw_only=True)
class PlannedVisit:
    """A visit the office asked an officer to make."""

    planned_visit_id: str
    officer_id: str
    purpose: str
    planned_on: date
    open: bool


@dataclass(frozen=True, kw_only=True)
class PastVisit:
    """A visit that was made, as far as rules need it."""

    visit_id: str
    officer_id: str
    happened_at: datetime
    outcome: str
    review: str


@dataclass(frozen=True, kw_only=True)
class CaseFile:
    """The facts one command needs for one case."""

    case_id: str
    open: bool = True
    officer_ids: frozenset[str] = frozenset()
    former_officer_ids: frozenset[str] = frozenset()
    people: tuple[CasePerson, ...] = ()
    debts: tuple[CaseDebt, ...] = ()
    holds: tuple[CaseHold, ...] = ()
    planned_visits: tuple[PlannedVisit, ...] = ()
    visits: tuple[PastVisit, ...] = field(default=())
    address_ids: frozenset[str] = frozenset()
    markers: tuple[CaseMarker, ...] = ()
    conflicts: tuple[CaseConflict, ...] = ()

    def planned_visit(self, planned_visit_id: str) -> PlannedVisit | None:
        """Find a planned visit of this case."""
        return next(
            (v for v in self.planned_visits if v.planned_visit_id == planned_visit_id), None
        )

    def visit(self, visit_id: str) -> PastVisit | None:
        """Find a recorded visit of this case."""
        return next((v for v in self.visits if v.visit_id == visit_id), None)

    def person(self, person_id: str) -> CasePerson | None:
        """Find a person of this case."""
        return next((p for p in self.people if p.person_id == person_id), None)

    def marker(self, marker_id: str) -> CaseMarker | None:
        """Find a warning of this case, whether or not it still is in force."""
        return next((m for m in self.markers if m.marker_id == marker_id), None)

    def conflict_about(self, record: str, record_id: str, field: str) -> CaseConflict | None:
        """Find the open conflict about a field; there is never more than one."""
        wanted = (record, record_id, field)
        return next((c for c in self.conflicts if (c.record, c.record_id, c.field) == wanted), None)

    def is_held_on(self, day: date) -> bool:
        """Tell whether any hold covers the day."""
        return any(hold.is_in_force_on(day) for hold in self.holds)
