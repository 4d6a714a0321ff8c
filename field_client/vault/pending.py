"""Confirmed and pending together: what the office has said, with this device's own work laid over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from field_client.vault import corrections
from field_client.vault.bodies import read_body
from field_client.vault.store import Store
from shared.case_file import CaseDebt, CaseFile, CaseHold, CasePerson, PastVisit, PlannedVisit
from shared.values import Pence

Bodies = dict[str, dict[str, dict[str, Any]]]
"""kind to record id to body"""


@dataclass(frozen=True, kw_only=True)
class PendingCommand:
    """A command whose effect the office's copy on this device does not show yet."""

    command_id: str
    case_id: str
    name: str
    happened_at: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class CaseView:
    """Everything the device knows of one case: the office's records under this device's work."""

    case_id: str
    bodies: Bodies = field(default_factory=dict)

    def of(self, kind: str) -> dict[str, dict[str, Any]]:
        """Give the records of one kind by their id."""
        return self.bodies.get(kind, {})


def case_view(store: Store, officer_id: str, case_id: str) -> CaseView | None:
    """Lay what is pending over what is confirmed; None when the case is not on this device."""
    where = "WHERE case_id = ?"
    return _views(store, officer_id, where, (case_id,), only=case_id).get(case_id)


def case_views(
    store: Store, officer_id: str, kinds: Sequence[str] | None = None
) -> dict[str, CaseView]:
    """Lay pending over confirmed for every case on this device, of some kinds of record or all."""
    if kinds is None:
        return _views(store, officer_id, "", ())
    asked = ("case", *kinds)
    marks = ", ".join("?" for _ in asked)
    return _views(store, officer_id, f"WHERE kind IN ({marks})", asked)


def _views(
    store: Store, officer_id: str, where: str, values: Sequence[str], only: str | None = None
) -> dict[str, CaseView]:
    """Read records and pending commands in one moment, so that nothing is between the two."""
    found: dict[str, Bodies] = {}
    with store.transaction():
        for case_id, kind, record_id, body in store.rows(
            f"SELECT case_id, kind, record_id, body FROM record {where}",  # noqa: S608 - our own words
            values,
        ):
            read = read_body(kind, body)
            if read is not None:
                found.setdefault(case_id, {}).setdefault(kind, {})[record_id] = read
        for command in pending_commands(store, only):
            if "case" in found.get(command.case_id, {}):
                _lay_over(found[command.case_id], command, officer_id)
    return {
        case_id: CaseView(case_id=case_id, bodies=bodies)
        for case_id, bodies in found.items()
        if "case" in bodies
    }


def pending_commands(store: Store, case_id: str | None) -> list[PendingCommand]:
    """List the commands without a receipt, or whose result has not been read yet, of one case or all."""
    of_one = "" if case_id is None else "case_id = ?2 AND "
    return [
        PendingCommand(
            command_id=command_id,
            case_id=of_case,
            name=name,
            happened_at=(envelope := json.loads(written))["happened_at"],
            body=envelope["body"],
        )
        for command_id, of_case, name, written in store.rows(
            f"SELECT command_id, case_id, name, written FROM outbox WHERE {of_one}"  # noqa: S608 - our own words
            "(outcome IS NULL OR (commit_number IS NOT NULL AND commit_number > ?1)) "
            "ORDER BY lane <> 'urgent', rowid",
            (store.cursor(),) if case_id is None else (store.cursor(), case_id),
        )
    ]


def _lay_over(bodies: Bodies, command: PendingCommand, officer_id: str) -> None:
    """Show what a pending command will have done; each kind of record knows that it is pending."""
    body = command.body
    if command.name == "RecordVisit":
        bodies.setdefault("visit", {})[body["visit_id"]] = {
            **{name: body[name] for name in _VISIT_FIELDS},
            "officer_id": officer_id,
            "officer": "",
            "review": "waiting",
            "comments": [],
            "photographs": [],
            "pending": True,
        }
        bodies.get("planned_visit", {}).pop(body["planned_visit_id"], None)
    elif command.name == "RecordPhotograph":
        visit = bodies.get("visit", {}).get(body["visit_id"])
        if visit is not None and body["photograph_id"] not in visit["photographs"]:
            visit["photographs"].append(body["photograph_id"])
    elif command.name == "RecordPhoneNumber":
        person = bodies.get("person", {}).get(body["person_id"])
        if person is not None and body["number"] not in person["phone_numbers"]:
            person["phone_numbers"].append(body["number"])
            person.setdefault("pending_numbers", []).append(body["number"])
    elif command.name == "RecordVisitAnswer":
        visit = bodies.get("visit", {}).get(body["visit_id"])
        if visit is not None:
            visit["comments"].append(
                {
                    "about": "answer",
                    "text": body["answer"],
                    "made_at": command.happened_at,
                    "is_answer": True,
                    "pending": True,
                }
            )
            visit["review"] = "answered"
    else:
        corrections.lay_over(bodies, command.name, body, command.happened_at)


_VISIT_FIELDS = ("happened_at", "outcome", "met_person_ids", "others_met", "notes")


def case_file(view: CaseView, officer_id: str) -> CaseFile:
    """Give the rules what they look at, from what this device knows."""
    case = view.of("case")[view.case_id]
    return CaseFile(
        case_id=view.case_id,
        open=case["open"],
        officer_ids=frozenset({officer_id}),
        people=tuple(
            CasePerson(
                person_id=person_id,
                name=body["name"],
                phone_numbers=tuple(body["phone_numbers"]),
                details=corrections.details_of(body),
                contacts=corrections.contacts_of(body),
            )
            for person_id, body in view.of("person").items()
        ),
        debts=tuple(
            CaseDebt(
                debt_id=debt_id,
                account_id=body["account_id"],
                debt_type=body["debt_type"],
                balance_pence=Pence(body["balance_pence"]),
            )
            for debt_id, body in view.of("debt").items()
        ),
        holds=tuple(_holds(view.of("hold"))),
        planned_visits=tuple(_planned(view.of("planned_visit"))),
        visits=tuple(_made(view.of("visit"))),
        address_ids=corrections.places_of(case, view.of("person").values(), view.of("place")),
        markers=corrections.markers_of(view.of("marker")),
        conflicts=corrections.conflicts_of(view.of("conflict")),
    )


def _holds(bodies: Mapping[str, Mapping[str, Any]]) -> Iterable[CaseHold]:
    for hold_id, body in bodies.items():
        until = body["until"]
        yield CaseHold(
            hold_id=hold_id,
            reason=body["reason"],
            from_on=date.fromisoformat(body["from_on"]),
            until=date.fromisoformat(until) if until else None,
        )


def _planned(bodies: Mapping[str, Mapping[str, Any]]) -> Iterable[PlannedVisit]:
    for planned_visit_id, body in bodies.items():
        yield PlannedVisit(
            planned_visit_id=planned_visit_id,
            officer_id=body["officer_id"],
            purpose=body["purpose"],
            planned_on=date.fromisoformat(body["planned_on"]),
            open=True,
        )


def _made(bodies: Mapping[str, Mapping[str, Any]]) -> Sequence[PastVisit]:
    visits = [
        PastVisit(
            visit_id=visit_id,
            officer_id=body["officer_id"],
            happened_at=datetime.fromisoformat(body["happened_at"]),
            outcome=body["outcome"],
            review=body["review"],
        )
        for visit_id, body in bodies.items()
    ]
    return sorted(visits, key=lambda visit: visit.happened_at)
