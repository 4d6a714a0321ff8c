"""The case at which something set aside is to be recorded: found by its reference, with who is on it."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.cases.tables import CaseRow
from server.people.tables import AddressRow
from server.spine.areas import House
from server.spine.case_files import load_case_files
from server.worktray.aside_forms import CaseAtHand
from server.worktray.queries import name_of_subject
from shared.values import is_id


def find(session: Session, house: House, asked: str) -> CaseAtHand | None:
    """Find a case by its reference or id, with the people and places it is about."""
    which = CaseRow.case_id == asked
    if not is_id(asked):
        which = func.lower(CaseRow.reference) == asked.strip().lower()
    row = session.execute(select(CaseRow.case_id, CaseRow.reference).where(which)).one_or_none()
    if row is None:
        return None
    wants = {name for area in house.areas for name in area.more_case_facts}
    file = load_case_files(session, house, {row.case_id}, wants)[row.case_id]
    places = session.execute(
        select(AddressRow.address_id, AddressRow.lines, AddressRow.postcode)
        .where(AddressRow.address_id.in_(sorted(file.address_ids)))
        .order_by(AddressRow.lines)
    )
    return CaseAtHand(
        case_id=row.case_id,
        reference=row.reference,
        title=name_of_subject(session, "case_id", row.case_id),
        people={person.person_id: person.name for person in file.people},
        places={
            address_id: ", ".join([*lines.splitlines(), postcode]).rstrip(", ")
            for address_id, lines, postcode in places
        },
    )
