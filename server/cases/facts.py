"""What rules look at about cases, loaded set-wise."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from server.cases.commands import AssignCase, OpenCase
from server.cases.rules import AssignmentFacts, OpeningFacts
from server.cases.tables import CaseRow
from server.spine import sight
from server.spine.among import among, given
from server.spine.tables import CaseAccessRow, Id
from shared.case_file import CaseFile
from shared.commands import Command

_person = table("person", column("person_id", Id))
_address = table("address", column("address_id", Id))
_debt = table("debt", column("debt_id", Id))
_goes_out = table("goes_out", column("user_id", Id))


_OPEN = select(CaseRow.case_id, CaseRow.open).where(given(CaseRow.case_id))

_OFFICERS = select(CaseAccessRow.case_id, CaseAccessRow.officer_id, CaseAccessRow.granted).where(
    given(CaseAccessRow.case_id)
)


def case_facts(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Say of each case whether it is open and which officers have it or had it."""
    parts: dict[str, dict[str, Any]] = {
        case_id: {"open": is_open, "officer_ids": set(), "former_officer_ids": set()}
        for case_id, is_open in session.execute(_OPEN, {"ids": sorted(case_ids)})
    }
    for case_id, officer_id, granted in session.execute(_OFFICERS, {"ids": sorted(parts)}):
        which = "officer_ids" if granted else "former_officer_ids"
        parts[case_id][which].add(officer_id)
    for part in parts.values():
        part["officer_ids"] = frozenset(part["officer_ids"])
        part["former_officer_ids"] = frozenset(part["former_officer_ids"]) - part["officer_ids"]
    return parts


def opening_facts(session: Session, commands: Sequence[Command]) -> list[OpeningFacts]:
    """Load what opening these cases looks at."""
    asked = [command for command in commands if isinstance(command, OpenCase)]
    cases = _known(session, CaseRow.case_id, {c.case_id for c in asked})
    people = _known(session, _person.c.person_id, {c.person_id for c in asked if c.person_id})
    places = _known(session, _address.c.address_id, {c.address_id for c in asked if c.address_id})
    debts = _known(session, _debt.c.debt_id, {id_ for c in asked for id_ in c.debt_ids})
    return [
        OpeningFacts(
            case_exists=c.case_id in cases,
            person_known=c.person_id in people,
            address_known=c.address_id in places,
            known_debt_ids=frozenset(debts),
        )
        for c in asked
    ]


def assignment_facts(session: Session, commands: Sequence[Command]) -> list[AssignmentFacts]:
    """Load what assigning these cases looks at."""
    asked = [command for command in commands if isinstance(command, AssignCase)]
    parts = case_facts(session, {c.case_id for c in asked})
    officers = _known(session, _goes_out.c.user_id, {c.officer_id for c in asked})
    apart = sight.kept_apart(session, {(c.case_id, c.officer_id) for c in asked})
    return [
        AssignmentFacts(
            case=CaseFile(case_id=c.case_id, **parts[c.case_id]) if c.case_id in parts else None,
            officer_goes_out=c.officer_id in officers,
            hidden_from_officer=(c.case_id, c.officer_id) in apart,
        )
        for c in asked
    ]


def _known(session: Session, key: Any, ids: Collection[str]) -> set[str]:  # noqa: ANN401 - a column
    """Say which of these ids the table holds."""
    if not ids:
        return set()
    return set(session.scalars(select(key).where(among(key, ids))))
