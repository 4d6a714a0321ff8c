"""Gathers all an officer should know before a door opens, as one page of plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from field_client.vault.cases import (
    Marker,
    Place,
    Summary,
    holds_of,
    moment_of,
    people_of,
    place_of,
    plans_of,
    summarise,
    visits_of,
)
from field_client.vault.corrections import Differing, details_of, differing
from field_client.vault.corrections import contacts_of as contacts_of_person
from field_client.vault.pending import CaseView
from shared.case_file import CaseHold
from shared.catalogue import Sentence
from shared.detail_fields import label_of, said
from shared.presentation import LONDON

CONTACTS_SHOWN = 3
"""Past contacts on the first page; the rest stand on a page of their own."""


@dataclass(frozen=True, kw_only=True)
class OwedDebt:
    """One debt of the case as the office had it."""

    debt_type: str
    account_reference: str
    reference: str
    from_on: date | None
    last_day: date | None
    stage: str
    balance_pence: int
    holds: tuple[CaseHold, ...]
    others_liable: tuple[str, ...]
    last_payment: tuple[date, int] | None


@dataclass(frozen=True, kw_only=True)
class Owed:
    """What the debts of a case come to; `held_pence` is the part that may not be asked for."""

    count: int
    balance_pence: int
    held_pence: int
    by_type: Mapping[str, int]
    debts: tuple[OwedDebt, ...]


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A visit made before: here, or about a debt that another case shares."""

    visit_id: str | None
    happened_at: datetime
    outcome: str
    officer: str
    notes: str
    review: str | None
    pending: bool


@dataclass(frozen=True, kw_only=True)
class Known:
    """A person of the case, with how to reach them."""

    person_id: str
    name: str
    principal: bool
    language: str
    numbers: tuple[tuple[str, bool], ...]
    former_names: tuple[str, ...]
    wrong: tuple[str, ...] = ()
    """Phone numbers and addresses that do not reach them."""

    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Detail:
    """One thing known of the principal, and whether this device says so and the office not yet."""

    label: Sentence
    value: Sentence
    pending: bool
    wrote: Sentence | None = None
    """What this officer wrote, where it does not hold because the office has something else."""


@dataclass(frozen=True, kw_only=True)
class ReturnedVisit:
    """A visit a supervisor sent back, and what they asked."""

    visit_id: str
    happened_at: datetime
    outcome: str
    about: str
    comment: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A visit this officer was asked to make."""

    planned_visit_id: str
    planned_on: date
    purpose: str
    instructions: str


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """All that is said before the door."""

    case: Summary
    plan: Plan | None
    owed: Owed
    people: tuple[Known, ...]
    former_places: tuple[tuple[Place, date | None], ...]
    contacts: tuple[Contact, ...]
    returned: tuple[ReturnedVisit, ...]
    warnings: tuple[Warned, ...]
    differing: tuple[Differing, ...]


@dataclass(frozen=True, kw_only=True)
class Warned:
    """A warning in force, and what this officer has to do with it."""

    marker: Marker
    pending: bool
    asked_off: bool


def brief(view: CaseView, officer_id: str, now: datetime) -> Briefing:
    """Gather what is known of one case."""
    today = now.astimezone(LONDON).date()
    case = summarise(view, today)
    return Briefing(
        case=case,
        plan=_plan(view, officer_id),
        owed=_owed(view, case, today),
        people=tuple(_known(person_id, body) for person_id, body in people_of(view)),
        former_places=tuple(_former_places(view, case)),
        contacts=contacts_of(view),
        returned=tuple(_returned(view, officer_id)),
        warnings=tuple(_warned(view, case)),
        differing=tuple(differing_of(view)),
    )


def differing_of(view: CaseView) -> list[Differing]:
    """List where an officer and the office differ about this case."""
    return differing(view.of("conflict"), view.of("person"), view.of("marker"))


def _warned(view: CaseView, case: Summary) -> Iterable[Warned]:
    open_about = {body["record_id"] for body in view.of("conflict").values() if body["open"]}
    for marker in case.markers:
        body = view.of("marker")[marker.marker_id]
        yield Warned(
            marker=marker,
            pending="pending" in body,
            asked_off="asked_off" in body or marker.marker_id in open_about,
        )


def _plan(view: CaseView, officer_id: str) -> Plan | None:
    """Find the visit that a visit made now would answer."""
    plans = plans_of(view, officer_id)
    if not plans:
        return None
    planned_visit_id, body = plans[0]
    return Plan(
        planned_visit_id=planned_visit_id,
        planned_on=date.fromisoformat(body["planned_on"]),
        purpose=body["purpose"],
        instructions=body["instructions"],
    )


def _owed(view: CaseView, case: Summary, today: date) -> Owed:
    in_force: dict[str, list[CaseHold]] = {}
    for hold_id, hold in holds_of(view).items():
        if hold.is_in_force_on(today):
            in_force.setdefault(view.of("hold")[hold_id]["debt_id"], []).append(hold)
    debts = [
        _debt(body, tuple(in_force.get(debt_id, ())), case)
        for debt_id, body in view.of("debt").items()
    ]
    total = view.of("debt_totals").get(view.case_id)
    return Owed(
        count=total["debts"] if total else 0,
        balance_pence=total["balance_pence"] if total else 0,
        held_pence=sum(debt.balance_pence for debt in debts if debt.holds),
        by_type={
            debt_type: each["balance_pence"]
            for debt_type, each in sorted(total["by_type"].items() if total else ())
        },
        debts=tuple(sorted(debts, key=lambda debt: (-debt.balance_pence, debt.reference))),
    )


def _debt(body: Mapping[str, Any], holds: tuple[CaseHold, ...], case: Summary) -> OwedDebt:
    paid = body["last_payment"]
    return OwedDebt(
        debt_type=body["debt_type"],
        account_reference=body["account_reference"],
        reference=body["reference"],
        from_on=_day(body["from_on"]),
        last_day=_last_day(body["until"]),
        stage=body["stage"],
        balance_pence=body["balance_pence"],
        holds=holds,
        others_liable=tuple(
            each["name"] for each in body["liable"] if each["person_id"] != case.person_id
        ),
        last_payment=(date.fromisoformat(paid["received_on"]), paid["amount_pence"])
        if paid
        else None,
    )


def _last_day(until: str | None) -> date | None:
    """Give the last day covered; `until` is the first that is not."""
    return date.fromisoformat(until) - timedelta(days=1) if until else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _known(person_id: str, body: Mapping[str, Any]) -> Known:
    pending = body.get("pending_numbers", ())
    return Known(
        person_id=person_id,
        name=body["name"],
        principal=body["principal"],
        language=body["language"],
        numbers=tuple((number, number in pending) for number in body["phone_numbers"]),
        former_names=tuple(body["former_names"]),
        wrong=tuple(c.value for c in contacts_of_person(body) if c.standing != "in_use"),
        details=tuple(_details(body)),
    )


_SHOWN = ("language", "preferred_contact", "needs", "household")


def _details(body: Mapping[str, Any]) -> Iterable[Detail]:
    put_right = body.get("put_right", {})
    for name in _SHOWN:
        value = details_of(body)[name]
        wrote = put_right.get(name, value)
        if name in put_right or (value and name != "language"):
            yield Detail(
                label=label_of("person", name),
                value=said("person", name, value),
                pending=name in put_right,
                wrote=said("person", name, wrote) if wrote != value else None,
            )


def _former_places(view: CaseView, case: Summary) -> list[tuple[Place, date | None]]:
    person = view.of("person").get(case.person_id or "")
    return [
        (place_of(home), _last_day(home["until"]))
        for home in (person["addresses"] if person else ())
        if home["until"] is not None
    ]


def contacts_of(view: CaseView) -> tuple[Contact, ...]:
    """List every visit to the case and about its debts, the latest first."""
    here = [
        Contact(
            visit_id=visit_id,
            happened_at=moment_of(body["happened_at"]),
            outcome=body["outcome"],
            officer=body["officer"],
            notes=body["notes"],
            review=body["review"],
            pending="pending" in body,
        )
        for visit_id, body in visits_of(view)
    ]
    elsewhere = [
        Contact(
            visit_id=None,
            happened_at=moment_of(body["happened_at"]),
            outcome=body["outcome"],
            officer=body["officer"],
            notes="",
            review=None,
            pending=False,
        )
        for body in view.of("visit_elsewhere").values()
    ]
    return tuple(sorted(here + elsewhere, key=lambda contact: contact.happened_at, reverse=True))


def _returned(view: CaseView, officer_id: str) -> list[ReturnedVisit]:
    """List what supervisors ask this officer, each with the last thing they asked."""
    found = []
    for visit_id, body in visits_of(view):
        asked = [comment for comment in body["comments"] if not comment["is_answer"]]
        if body["officer_id"] == officer_id and body["review"] == "returned" and asked:
            found.append(
                ReturnedVisit(
                    visit_id=visit_id,
                    happened_at=moment_of(body["happened_at"]),
                    outcome=body["outcome"],
                    about=asked[-1]["about"],
                    comment=asked[-1]["text"],
                    asked_at=moment_of(asked[-1]["made_at"]),
                )
            )
    return found
