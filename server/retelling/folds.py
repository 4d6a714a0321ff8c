"""What each change did to what was known: pure, a fold a change, in the words of the log's lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

ERASED = "(erased)"
"""Stands for personal text that was erased since; that it was said is still known."""

Known = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """One line of the log with its personal detail, if that is still there."""

    name: str
    recorded_at: datetime
    line: Mapping[str, Any]
    detail: Mapping[str, Any]
    erased: bool = False

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - any field of a change
        if key in self.line:
            return self.line[key]
        return ERASED if self.erased else self.detail.get(key)

    def day(self, key: str) -> date | None:
        """Read a date."""
        value = self[key]
        return date.fromisoformat(value) if value else None


@dataclass
class Knowledge:
    """All that was known of a case and what it concerns: each thing by its id."""

    case: Known = field(default_factory=dict)
    access: dict[tuple[str, str], Known] = field(default_factory=dict)
    people: dict[str, Known] = field(default_factory=dict)
    places: dict[str, Known] = field(default_factory=dict)
    residences: dict[str, Known] = field(default_factory=dict)
    contacts: dict[str, Known] = field(default_factory=dict)
    markers: dict[str, Known] = field(default_factory=dict)
    accounts: dict[str, Known] = field(default_factory=dict)
    debts: dict[str, Known] = field(default_factory=dict)
    liable: dict[tuple[str, str], Known] = field(default_factory=dict)
    holds: dict[str, Known] = field(default_factory=dict)
    plans: dict[str, Known] = field(default_factory=dict)
    visits: dict[str, Known] = field(default_factory=dict)
    conflicts: dict[str, Known] = field(default_factory=dict)
    not_told: dict[str, int] = field(default_factory=dict)
    """Kinds of changes that nothing here understands, and how many there were."""
    erased: int = 0


Fold = Callable[[Knowledge, Told], None]


def retell(case_id: str, changes: Iterable[Told]) -> Knowledge:
    """Tell what happened again, in order, and answer what was known at the end of it."""
    known = Knowledge(case={"case_id": case_id})
    for told in changes:
        known.erased += told.erased
        if told.name in FOLDS:
            FOLDS[told.name](known, told)
        elif told.name not in OUTSIDE:
            known.not_told[told.name] = known.not_told.get(told.name, 0) + 1
    return known


def _case_opened(known: Knowledge, told: Told) -> None:
    if told["case_id"] == known.case["case_id"]:
        known.case |= {
            "person_id": told["person_id"],
            "address_id": told["address_id"],
            "debt_ids": list(told["debt_ids"]),
            "open": True,
            "opened_at": told.recorded_at,
            "closed_at": None,
        }


def _case_closed(known: Knowledge, told: Told) -> None:
    if told["case_id"] == known.case["case_id"]:
        known.case |= {"open": False, "closed_at": told.recorded_at}


def _case_assigned(known: Knowledge, told: Told) -> None:
    if told["case_id"] == known.case["case_id"]:
        known.access[told["officer_id"], told["view"]] = {
            "granted": True,
            "granted_at": told.recorded_at,
            "revoked_at": None,
            "reason": "",
        }


def _case_unassigned(known: Knowledge, told: Told) -> None:
    if told["case_id"] != known.case["case_id"]:
        return
    for (officer_id, _view), access in known.access.items():
        if officer_id == told["officer_id"] and access["granted"]:
            access.update(granted=False, revoked_at=told.recorded_at, reason=told["reason"])


def _person_opened(known: Knowledge, told: Told) -> None:
    known.people[told["person_id"]] = {
        "name": told["whole_name"],
        "language": told["language"],
        "kind": told["kind"],
    }


def _name_changed(known: Knowledge, told: Told) -> None:
    known.people.setdefault(told["person_id"], {})["name"] = told["whole_name"]


def _details_corrected(known: Knowledge, told: Told) -> None:
    values = told["values"]
    for name in told["moved"]:
        value = ERASED if values == ERASED else values[name]
        known.people.setdefault(told["person_id"], {})[name] = value


def _place(known: Knowledge, told: Told) -> None:
    if told["is_new_place"] and told["address_id"]:
        place = {"lines": told["lines"], "postcode": told["postcode"]}
        known.places.setdefault(told["address_id"], place)


def _address_recorded(known: Knowledge, told: Told) -> None:
    _place(known, told)
    for residence_id in told["left_residence_ids"]:
        if residence_id in known.residences:
            known.residences[residence_id]["until"] = told.day("left_until")
    known.residences[told["residence_id"]] = {
        "person_id": told["person_id"],
        "address_id": told["address_id"],
        "from_on": told.day("from_on"),
        "until": told.day("until"),
    }


def _residence_ended(known: Knowledge, told: Told) -> None:
    if told["residence_id"] in known.residences:
        known.residences[told["residence_id"]]["until"] = told.day("until")


def _contact(kind: str, value: str) -> Fold:
    def fold(known: Knowledge, told: Told) -> None:
        known.contacts[told["contact_id"]] = {
            "person_id": told["person_id"],
            "kind": kind or told["kind"],
            "value": told[value],
            "standing": "in_use",
        }

    return fold


def _contact_corrected(known: Knowledge, told: Told) -> None:
    if told["contact_id"] in known.contacts:
        known.contacts[told["contact_id"]]["standing"] = told["standing"]


def _marker_recorded(known: Knowledge, told: Told) -> None:
    known.markers[told["marker_id"]] = {
        "person_id": told["person_id"],
        "address_id": told["address_id"],
        "kind": told["kind"],
        "note": told["note"],
        "until": None,
    }


def _marker_ended(known: Knowledge, told: Told) -> None:
    if told["marker_id"] in known.markers:
        known.markers[told["marker_id"]]["until"] = told.day("until")


def _account_opened(known: Knowledge, told: Told) -> None:
    _place(known, told)
    known.accounts[told["account_id"]] = {
        "reference": told["reference"],
        "debt_type": told["debt_type"],
    }


def _debt_opened(known: Knowledge, told: Told) -> None:
    known.debts[told["debt_id"]] = {
        "account_id": told["account_id"],
        "from_on": told.day("from_on"),
        "until": told.day("until"),
        "stage": told["stage"],
        "balance_pence": told["charge_pence"] if told["charged_on"] else 0,
    }


def _moved(sign: int) -> Fold:
    def fold(known: Knowledge, told: Told) -> None:
        if told["debt_id"] in known.debts:
            known.debts[told["debt_id"]]["balance_pence"] += sign * told["amount_pence"]

    return fold


def _liable(known: Knowledge, told: Told) -> None:
    known.liable[told["debt_id"], told["person_id"]] = {"until": told.day("until")}


def _hold_placed(known: Knowledge, told: Told) -> None:
    known.holds[told["hold_id"]] = {
        "debt_id": told["debt_id"],
        "reason": told["reason"],
        "from_on": told.day("from_on"),
        "until": told.day("until"),
    }


def _hold_ended(known: Knowledge, told: Told) -> None:
    if told["hold_id"] in known.holds:
        known.holds[told["hold_id"]]["until"] = told.day("until")


def _visit_planned(known: Knowledge, told: Told) -> None:
    known.plans[told["planned_visit_id"]] = {
        "case_id": told["case_id"],
        "officer_id": told["officer_id"],
        "purpose": told["purpose"],
        "planned_on": told.day("planned_on"),
        "instructions": told["instructions"],
        "state": "planned",
    }


def _close_plan(known: Knowledge, planned_visit_id: str | None, state: str) -> None:
    plan = known.plans.get(planned_visit_id or "")
    if plan and plan["state"] == "planned":
        plan["state"] = state


def _withdrawn(known: Knowledge, told: Told) -> None:
    _close_plan(known, told["planned_visit_id"], "withdrawn")


def _visit_recorded(known: Knowledge, told: Told) -> None:
    known.visits[told["visit_id"]] = {
        "case_id": told["case_id"],
        "officer_id": told["officer_id"],
        "happened_at": datetime.fromisoformat(told["happened_at"]),
        "outcome": told["outcome"],
        "notes": told["notes"],
        "flags": list(told["flags"]),
        "review": "waiting",
        "photographs": [],
    }
    _close_plan(known, told["planned_visit_id"], "made")


def _photographed(known: Knowledge, told: Told) -> None:
    visit = known.visits.get(told["visit_id"])
    if visit and told["photograph_id"] not in visit["photographs"]:
        visit["photographs"].append(told["photograph_id"])


def _reviewed(review: str, only: str = "") -> Fold:
    def fold(known: Knowledge, told: Told) -> None:
        visit = known.visits.get(told["visit_id"])
        if visit and (not only or visit["review"] == only):
            visit["review"] = review

    return fold


def _conflict_raised(known: Knowledge, told: Told) -> None:
    known.conflicts[told["conflict_id"]] = {"record": told["record"], "field": told["field"]}


def _conflict_decided(known: Knowledge, told: Told) -> None:
    known.conflicts.pop(told["conflict_id"], None)


FOLDS: Mapping[str, Fold] = {
    "CaseOpened": _case_opened,
    "CaseClosed": _case_closed,
    "CaseAssigned": _case_assigned,
    "CaseUnassigned": _case_unassigned,
    "PersonOpened": _person_opened,
    "NameChanged": _name_changed,
    "DetailsCorrected": _details_corrected,
    "AddressRecorded": _address_recorded,
    "ResidenceEnded": _residence_ended,
    "ContactRecorded": _contact("", "value"),
    "PhoneNumberRecorded": _contact("phone", "number"),
    "ContactCorrected": _contact_corrected,
    "MarkerRecorded": _marker_recorded,
    "MarkerEnded": _marker_ended,
    "AccountOpened": _account_opened,
    "AccountAmended": _place,
    "DebtOpened": _debt_opened,
    "LiablePartyRecorded": _liable,
    "TransactionPosted": _moved(1),
    "BalanceReported": _moved(1),
    "PaymentRecorded": _moved(-1),
    "PaymentReversed": _moved(1),
    "HoldPlaced": _hold_placed,
    "HoldEnded": _hold_ended,
    "VisitPlanned": _visit_planned,
    "PlannedVisitWithdrawn": _withdrawn,
    "VisitRecorded": _visit_recorded,
    "PhotographRecorded": _photographed,
    "VisitApproved": _reviewed("approved"),
    "VisitReturned": _reviewed("returned"),
    "VisitAnswered": _reviewed("answered", only="returned"),
    "ConflictRaised": _conflict_raised,
    "ConflictDecided": _conflict_decided,
}
"""Every change that alters what is known of a case, by its name in the log."""

OUTSIDE = frozenset(
    {
        "FormerNameRecorded",
        "PayerReferenceRecorded",
        "TaskRaised",
        "TaskAssigned",
        "TaskFinished",
        "SetAsideExamined",
        "SetAsideReplayed",
        "RefusalAnswered",
        "PhotographLost",
        "SyncLimitsSet",
        "TeamOpened",
        "TeamModeSet",
        "PlacedInTeam",
        "OfflineDaysAsked",
        "OfflineDaysAnswered",
        "WipeOrdered",
        "PersonRestricted",
        "AccessGiven",
        "AccessTaken",
        "LiftAsked",
        "LiftAnswered",
        "GlassBroken",
        "GlassClosed",
        "GlassReviewed",
        "DeviceWiped",
        "IdentityLinked",
        "EmergencySignInRecorded",
        "EmergencySignInExamined",
        "ImportBegun",
        "ImportFinished",
    }
)
"""Changes a case's page never shows: of work, teams and devices, or what a person is found by."""
