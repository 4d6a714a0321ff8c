"""What a device is given about people: who they are, where they live or lived, and what may harm it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import and_, column, exists, or_, select, table
from sqlalchemy.orm import Session

from server.people.facts import contacts_of, details_of, numbers_in_use, people_of_cases
from server.people.tables import (
    AddressRow,
    FormerNameRow,
    MarkerRow,
    PersonRow,
    ResidenceRow,
)
from server.spine.among import among
from server.spine.areas import Projection
from server.spine.locks import case_subject
from server.spine.tables import Id
from server.spine.written import SUBJECTS
from shared.case_file import CaseContact
from shared.field_classes import ON_A_DEVICE, FieldClass, class_of

_case = table("case", column("case_id", Id), column("address_id", Id))
_account = table("account", column("account_id", Id), column("address_id", Id))
_planned_visit = table("planned_visit", column("case_id", Id), column("state"))

PROTECTED = FieldClass.PROTECTED_ADDRESS.value
"""The kind of marker that says that nobody may learn where a person lives."""

Bodies = dict[str, dict[str, dict[str, Any]]]
"""{case id: {record id: body}}"""


def people(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each person of a case: all a visit needs of its principal, others by name."""
    found = people_of_cases(session, case_ids)
    kept_back = _kept_back(session, case_ids)
    ids = sorted({person_id for row in found.values() for person_id, _, _ in row})
    principals = sorted({id_ for row in found.values() for id_, _, principal in row if principal})
    rows = {
        row.person_id: row
        for row in session.scalars(select(PersonRow).where(among(PersonRow.person_id, ids)))
    }
    former = _former_names(session, principals)
    homes = _addresses(session, principals)
    details = details_of(session, principals)
    contacts = contacts_of(session, principals)
    bodies: Bodies = {}
    for case_id, row_of_case in found.items():
        for person_id, name, principal in row_of_case:
            person = rows[person_id]
            reached = contacts.get(person_id, []) if principal else []
            bodies.setdefault(case_id, {})[person_id] = {
                "principal": principal,
                "kind": person.kind,
                "title": person.title,
                "name": name,
                "language": person.language,
                "former_names": former.get(person_id, []) if principal else [],
                "addresses": homes.get(person_id, [])
                if principal and person_id not in kept_back.get(case_id, ())
                else [],
                "phone_numbers": list(numbers_in_use(reached)),
                **(_details(details[person_id], reached) if principal else {}),
            }
    return bodies


def _details(details: Mapping[str, Any], contacts: Iterable[CaseContact]) -> dict[str, Any]:
    """Write what an officer may put right of the principal, each way to reach them with its id."""
    return {
        "preferred_contact": details["preferred_contact"],
        "household": details["household"],
        "needs": details["needs"],
        "contacts": [
            {
                "contact_id": contact.contact_id,
                "kind": contact.kind,
                "value": contact.value,
                "standing": contact.standing,
            }
            for contact in contacts
        ],
    }


def _kept_back(session: Session, case_ids: Collection[str]) -> dict[str, frozenset[str]]:
    """Say of each case without a visit to come which of its people have a protected address.

    Where somebody lives who is protected goes onto a device for a visit, and comes off it again.
    """
    subject = case_subject.c
    visited_next = exists().where(
        _planned_visit.c.case_id == subject.case_id, _planned_visit.c.state == "planned"
    )
    found: dict[str, set[str]] = {}
    for case_id, person_id in session.execute(
        select(subject.case_id, subject.subject_id)
        .join(MarkerRow, MarkerRow.person_id == subject.subject_id)
        .where(
            subject.kind == "person",
            among(subject.case_id, case_ids),
            MarkerRow.kind == PROTECTED,
            MarkerRow.until.is_(None),
            ~visited_next,
        )
    ):
        found.setdefault(case_id, set()).add(person_id)
    return {case_id: frozenset(people) for case_id, people in found.items()}


def markers(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each warning in force: on the case's people, or on places it leads to.

    Of what is no risk to the officer a device is given what a home visit needs, and that an address
    is protected where the address is there.
    """
    subject = case_subject.c
    on = or_(
        and_(subject.kind == "person", subject.subject_id == MarkerRow.person_id),
        and_(subject.kind == "address", subject.subject_id == MarkerRow.address_id),
    )
    kept_back = _kept_back(session, case_ids)
    bodies: Bodies = {}
    for case_id, marker in session.execute(
        select(subject.case_id, MarkerRow)
        .join(MarkerRow, on)
        .where(among(subject.case_id, case_ids), MarkerRow.until.is_(None))
    ):
        told = class_of("marker", "kind", marker.kind)
        needed = told is FieldClass.PROTECTED_ADDRESS and case_id not in kept_back
        if told not in ON_A_DEVICE and not needed:
            continue
        bodies.setdefault(case_id, {})[marker.marker_id] = {
            "person_id": marker.person_id,
            "address_id": marker.address_id,
            "kind": marker.kind,
            "note": marker.note,
            "from_on": marker.from_on.isoformat(),
            "review_on": marker.review_on.isoformat(),
        }
    return bodies


def places(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each place a case is about by itself or through an account."""
    subject, wanted = case_subject.c, sorted(case_ids)
    of_accounts = (
        select(subject.case_id, _account.c.address_id)
        .join(_account, _account.c.account_id == subject.subject_id)
        .where(subject.kind == "account", among(subject.case_id, wanted))
    )
    of_cases = select(_case.c.case_id, _case.c.address_id).where(among(_case.c.case_id, wanted))
    about = of_accounts.union(of_cases).subquery()
    kept_back = _kept_back(session, case_ids)
    bodies: Bodies = {}
    for case_id, place in session.execute(
        select(about.c.case_id, AddressRow).join(
            AddressRow, AddressRow.address_id == about.c.address_id
        )
    ):
        if case_id not in kept_back:
            bodies.setdefault(case_id, {})[place.address_id] = _place(place)
    return bodies


def _place(place: AddressRow) -> dict[str, Any]:
    return {
        "lines": place.lines.split("\n"),
        "postcode": place.postcode,
        "latitude": place.latitude,
        "longitude": place.longitude,
    }


def _former_names(session: Session, ids: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for person_id, name in session.execute(
        select(FormerNameRow.person_id, FormerNameRow.name)
        .where(among(FormerNameRow.person_id, ids))
        .order_by(FormerNameRow.until.desc().nulls_last(), FormerNameRow.former_name_id)
    ):
        found.setdefault(person_id, []).append(name)
    return found


def _addresses(session: Session, ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """List where people live, then where they lived, the latest first."""
    found: dict[str, list[dict[str, Any]]] = {}
    home = ResidenceRow
    for residence, place in session.execute(
        select(home, AddressRow)
        .join(AddressRow, AddressRow.address_id == home.address_id)
        .where(among(home.person_id, ids))
        .order_by(
            home.until.desc().nulls_first(), home.from_on.desc().nulls_last(), home.residence_id
        )
    ):
        found.setdefault(residence.person_id, []).append(
            {
                **_place(place),
                "address_id": place.address_id,
                "from_on": residence.from_on.isoformat() if residence.from_on else None,
                "until": residence.until.isoformat() if residence.until else None,
            }
        )
    return found


PROJECTIONS = (
    Projection(
        view="home_visit",
        kind="person",
        build=people,
        reads=SUBJECTS | {"person", "former_name", "address", "contact", "marker", "planned_visit"},
    ),
    Projection(
        view="home_visit",
        kind="place",
        build=places,
        reads=SUBJECTS | {"address", "marker", "planned_visit"},
    ),
    Projection(
        view="home_visit",
        kind="marker",
        build=markers,
        reads=SUBJECTS | {"marker", "planned_visit"},
    ),
)
