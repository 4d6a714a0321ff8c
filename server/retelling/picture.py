"""A case as its page would have shown it on a day, drawn from what was known: pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from server.retelling.folds import Knowledge, Known


@dataclass(frozen=True, kw_only=True)
class Debt:
    """A debt the case was about, with what held it."""

    debt_id: str
    account_reference: str
    debt_type: str
    from_on: date | None
    until: date | None
    stage: str
    balance_pence: int
    holds: tuple[str, ...]
    hold_until: date | None


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone on the case."""

    person_id: str
    name: str
    principal: bool
    phone_numbers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Officer:
    """An officer who had the case, or had had it."""

    officer_id: str
    view: str
    granted_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A visit that was to be made."""

    planned_visit_id: str
    officer_id: str
    purpose: str
    planned_on: date
    instructions: str


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A visit that had been made and had reached the office."""

    visit_id: str
    officer_id: str
    happened_at: datetime
    outcome: str
    notes: str
    flags: tuple[str, ...]
    review: str
    photographs: int


@dataclass(frozen=True, kw_only=True)
class Picture:
    """All of a case as it stood."""

    case_id: str
    open: bool
    opened_at: datetime
    closed_at: datetime | None
    person_id: str | None
    name: str
    lines: tuple[str, ...]
    postcode: str
    officers: tuple[Officer, ...]
    debts: tuple[Debt, ...]
    people: tuple[Person, ...]
    markers: tuple[str, ...]
    planned: tuple[Planned, ...]
    visits: tuple[Visit, ...]
    differing: tuple[str, ...] = ()
    """Fields about which officer and office differed, with nobody having decided yet."""
    recorded_later: int = 0
    """Debts and people of the case of which the log says nothing until later: a clock went back, or
    somebody recorded the past. They are left out and never guessed."""

    def plain(self) -> dict[str, Any]:
        """Write it as JSON can hold it."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a picture
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def picture_of(known: Knowledge, day: date) -> Picture | None:
    """Draw the case on a day; a case that was not opened yet has no picture."""
    case = known.case
    if "opened_at" not in case:
        return None
    address_id = case["address_id"] or _home(known, case["person_id"])
    place = known.places.get(address_id or "", {"lines": "", "postcode": ""})
    principal = known.people.get(case["person_id"] or "", {})
    debts = {id_ for id_ in case["debt_ids"] if _is_known(known, id_)}
    people = _people(known, day)
    return Picture(
        case_id=case["case_id"],
        open=case["open"],
        opened_at=case["opened_at"],
        closed_at=case["closed_at"],
        person_id=case["person_id"],
        name=principal.get("name") or "",
        lines=tuple(place["lines"].splitlines()),
        postcode=place["postcode"] or "",
        officers=_officers(known),
        debts=tuple(_debt(known, debt_id, day) for debt_id in sorted(debts)),
        people=tuple(_person(known, person_id) for person_id in sorted(people & set(known.people))),
        markers=_markers(known, case["person_id"], address_id, day),
        planned=_planned(known),
        visits=_visits(known),
        differing=tuple(sorted(f"{c['record']}.{c['field']}" for c in known.conflicts.values())),
        recorded_later=len(set(case["debt_ids"]) - debts) + len(people - set(known.people)),
    )


def _is_known(known: Knowledge, debt_id: str) -> bool:
    return debt_id in known.debts and known.debts[debt_id]["account_id"] in known.accounts


def _home(known: Knowledge, person_id: str | None) -> str | None:
    """Find where a person lives: of homes not left, the one moved into last."""
    homes = [
        (home["from_on"] is None, -(home["from_on"] or date.min).toordinal(), residence_id)
        for residence_id, home in known.residences.items()
        if home["person_id"] == person_id and home["until"] is None
    ]
    return str(known.residences[min(homes)[2]]["address_id"]) if homes else None


def _officers(known: Knowledge) -> tuple[Officer, ...]:
    return tuple(
        Officer(
            officer_id=officer_id,
            view=view,
            granted_at=access["granted_at"],
            revoked_at=access["revoked_at"],
        )
        for (officer_id, view), access in sorted(known.access.items())
    )


def _debt(known: Knowledge, debt_id: str, day: date) -> Debt:
    debt = known.debts[debt_id]
    account = known.accounts[debt["account_id"]]
    holds = [
        hold
        for hold in known.holds.values()
        if hold["debt_id"] == debt_id and hold["from_on"] <= day and not _is_over(hold, day)
    ]
    return Debt(
        debt_id=debt_id,
        account_reference=account["reference"],
        debt_type=account["debt_type"],
        from_on=debt["from_on"],
        until=debt["until"],
        stage=debt["stage"],
        balance_pence=debt["balance_pence"],
        holds=tuple(sorted(hold["reason"] for hold in holds)),
        hold_until=max((hold["until"] for hold in holds if hold["until"]), default=None),
    )


def _is_over(period: Known, day: date) -> bool:
    return period["until"] is not None and period["until"] <= day


def _people(known: Knowledge, day: date) -> set[str]:
    """Say who was on the case: its principal, and whoever was liable for one of its debts."""
    principal = known.case["person_id"]
    return ({principal} if principal else set()) | {
        person_id
        for (debt_id, person_id), party in known.liable.items()
        if debt_id in known.case["debt_ids"] and not _is_over(party, day)
    }


def _person(known: Knowledge, person_id: str) -> Person:
    return Person(
        person_id=person_id,
        name=known.people[person_id].get("name", ""),
        principal=person_id == known.case["person_id"],
        phone_numbers=tuple(
            sorted(
                contact["value"]
                for contact in known.contacts.values()
                if contact["person_id"] == person_id and contact["kind"] == "phone"
            )
        ),
    )


def _markers(
    known: Knowledge, person_id: str | None, address_id: str | None, day: date
) -> tuple[str, ...]:
    found = {
        marker["kind"]
        for marker in known.markers.values()
        if (
            (person_id and marker["person_id"] == person_id)
            or (address_id and marker["address_id"] == address_id)
        )
        and not _is_over(marker, day)
    }
    return tuple(sorted(found))


def _planned(known: Knowledge) -> tuple[Planned, ...]:
    plans = [
        (plan["planned_on"], plan_id, plan)
        for plan_id, plan in known.plans.items()
        if plan["state"] == "planned" and plan["case_id"] == known.case["case_id"]
    ]
    return tuple(
        Planned(
            planned_visit_id=plan_id,
            officer_id=plan["officer_id"],
            purpose=plan["purpose"],
            planned_on=planned_on,
            instructions=plan["instructions"],
        )
        for planned_on, plan_id, plan in sorted(plans, key=lambda found: found[:2])
    )


def _visits(known: Knowledge) -> tuple[Visit, ...]:
    visits = [
        Visit(
            visit_id=visit_id,
            officer_id=visit["officer_id"],
            happened_at=visit["happened_at"],
            outcome=visit["outcome"],
            notes=visit["notes"],
            flags=tuple(visit["flags"]),
            review=visit["review"],
            photographs=len(visit["photographs"]),
        )
        for visit_id, visit in known.visits.items()
        if visit["case_id"] == known.case["case_id"]
    ]
    return tuple(sorted(visits, key=lambda visit: (visit.happened_at, visit.visit_id)))
