"""One case told in two ways, as its screens say it and as the log does, written so that both compare."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from server.cases import case_page
from server.retelling.command import rebuild
from server.spine import clock
from server.visits import queries as visit_queries
from tests.server.office import NOW


def as_the_screens_say(session: Session, case_id: str, at: datetime) -> dict[str, Any]:
    """Ask what the page of a case asks, and write it as a picture is written."""
    day = at.astimezone(clock.LOCAL).date()
    case = case_page.find(session, case_id)
    assert case is not None
    debts = sorted(case_page.debts(session, case_id, day), key=lambda debt: debt.debt_id)
    people = sorted(case_page.people(session, case, day), key=lambda person: person.person_id)
    holders = case_page.holders(session, case_id)
    visits = [
        (visit_queries.find(session, line.visit_id), line)
        for line in visit_queries.of_case(session, case_id, 1000)
    ]
    said = {
        "case_id": case_id,
        "open": case.open,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "person_id": case.person_id,
        "name": case.name,
        "lines": case.lines,
        "postcode": case.postcode,
        "officers": [
            {n: getattr(h, n) for n in ("officer_id", "view", "granted_at", "revoked_at")}
            for h in sorted(holders, key=lambda holder: (holder.officer_id, holder.view))
        ],
        "debts": [
            {
                n: sorted(debt.holds) if n == "holds" else getattr(debt, n)
                for n in (
                    *("debt_id", "account_reference", "debt_type", "from_on", "until", "stage"),
                    *("balance_pence", "holds", "hold_until"),
                )
            }
            for debt in debts
        ],
        "people": [
            {
                "person_id": person.person_id,
                "name": person.name,
                "principal": person.principal,
                "phone_numbers": sorted(person.phone_numbers),
            }
            for person in people
        ],
        "markers": case_page.markers(session, case, day),
        "planned": [
            {
                n: getattr(plan, n)
                for n in ("planned_visit_id", "officer_id", "purpose", "planned_on", "instructions")
            }
            for plan in case_page.planned(session, case_id)
        ],
        "visits": [
            {
                "visit_id": visit.visit_id,
                "officer_id": visit.officer_id,
                "happened_at": visit.happened_at,
                "outcome": visit.outcome,
                "notes": visit.notes,
                "flags": visit.flags,
                "review": visit.review,
                "photographs": len(visit_queries.photographs(session, visit.visit_id)),
            }
            for visit, _ in sorted(visits, key=lambda v: (v[1].happened_at, v[1].visit_id))
            if visit
        ],
        "differing": [],
        "recorded_later": 0,
    }
    written: dict[str, Any] = json.loads(json.dumps(said, default=iso))
    return written


def iso(value: date) -> str:
    """Write a day or a time as the log does."""
    if isinstance(value, datetime):
        return value.astimezone(NOW.tzinfo).isoformat()
    return value.isoformat()


def as_it_is_told(session: Session, case_id: str, at: datetime) -> dict[str, Any]:
    """Tell a case from the log, and write its times as the screens' are written."""
    _, picture = rebuild(session, case_id, at)
    assert picture is not None
    plain = picture.plain()
    written: dict[str, Any] = json.loads(json.dumps(plain))
    for officer in written["officers"]:
        for name in ("granted_at", "revoked_at"):
            if officer[name]:
                officer[name] = iso(datetime.fromisoformat(officer[name]))
    for name in ("opened_at", "closed_at"):
        if written[name]:
            written[name] = iso(datetime.fromisoformat(written[name]))
    return written
