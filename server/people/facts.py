"""Facts about people: what the rules look at, loaded for many commands at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import Select, and_, column, false, func, or_, select, table
from sqlalchemy.orm import Session

from server.people import place_rows
from server.people.commands import (
    ChangeName,
    OpenPerson,
    RecordAddress,
    RecordContact,
    RecordFormerName,
)
from server.people.corrections import ChangeContact, ChangeDetails
from server.people.markers import EndMarker, MarkerFacts, RecordMarker
from server.people.rules import PersonFile, Residence
from server.people.tables import (
    AddressRow,
    ContactRow,
    FormerNameRow,
    MarkerRow,
    PersonRow,
    ResidenceRow,
)
from server.people.terms import normalise
from server.reconciling import open_fields as conflicts
from server.spine.among import among
from server.spine.locks import case_subject
from server.spine.tables import Id
from shared.case_file import CaseContact, CaseMarker, CasePerson
from shared.commands import Command
from shared.errors import RuleBroken

_case = table("case", column("case_id", Id), column("person_id", Id))

Value = TypeVar("Value")

AboutPerson = (
    ChangeName | RecordFormerName | RecordAddress | RecordContact | ChangeDetails | ChangeContact
)


def known_people(session: Session, commands: Sequence[Command]) -> list[bool]:
    """Say for each command whether the id it would open is already somebody's."""
    ids = [command.person_id for command in commands if isinstance(command, OpenPerson)]
    known = set(session.scalars(select(PersonRow.person_id).where(among(PersonRow.person_id, ids))))
    return [id_ in known for id_ in ids]


def person_files(session: Session, commands: Sequence[Command]) -> list[PersonFile | RuleBroken]:
    """Load what each command's rule looks at for its person."""
    asked = [command for command in commands if isinstance(command, AboutPerson)]
    ids = {command.person_id for command in asked}
    former, home, contact = FormerNameRow, ResidenceRow, ContactRow
    names = _grouped(
        session, select(former.person_id, former.name).where(among(former.person_id, ids))
    )
    homes = _grouped(session, select(home.person_id, home).where(among(home.person_id, ids)))
    contacts = _grouped(
        session, select(contact.person_id, contact).where(among(contact.person_id, ids))
    )
    details, reached_by = details_of(session, ids), contacts_of(session, ids)
    contested = conflicts.fields_open(session, "person", ids)
    contacts_contested = conflicts.fields_open(
        session, "contact", {c.contact_id for of in reached_by.values() for c in of}
    )
    people = {
        row.person_id: PersonFile(
            person_id=row.person_id,
            kind=row.kind,
            title=row.title,
            forenames=row.forenames,
            surname=row.surname,
            called=row.name,
            former_names=frozenset(normalise(name) for name in names.get(row.person_id, ())),
            residences=tuple(_residence(home) for home in homes.get(row.person_id, ())),
            contacts=frozenset(
                (c.kind, c.value.casefold())
                for c in contacts.get(row.person_id, ())
                if c.standing == "in_use"
            ),
            details=details[row.person_id],
            reached_by=tuple(reached_by.get(row.person_id, ())),
            contested=frozenset(contested.get(row.person_id, ())),
            contested_contacts={
                c.contact_id: frozenset(contacts_contested.get(c.contact_id, ()))
                for c in reached_by.get(row.person_id, ())
            },
        )
        for row in session.scalars(select(PersonRow).where(among(PersonRow.person_id, ids)))
    }
    return _at_their_places(session, asked, people)


def _at_their_places(
    session: Session, commands: Sequence[AboutPerson], people: Mapping[str, PersonFile]
) -> list[PersonFile | RuleBroken]:
    """Give each command its person, with the row its place already has."""
    named = [c.place() if isinstance(c, RecordAddress) else None for c in commands]
    found = place_rows.find(session, named)
    place_rows.hold_still(session, {id_ for id_ in found if id_})
    return [
        replace(people[command.person_id], place_id=place_id)
        if command.person_id in people
        else RuleBroken("person.unknown")
        for command, place_id in zip(commands, found, strict=True)
    ]


def marker_facts(session: Session, commands: Sequence[Command]) -> list[MarkerFacts]:
    """Load each marker, what it is or would be on, and the cases that go there."""
    asked = [command for command in commands if isinstance(command, RecordMarker | EndMarker)]
    row = MarkerRow
    markers = {
        found.marker_id: found
        for found in session.execute(
            select(row.marker_id, row.person_id, row.address_id, row.kind, row.until)
            .where(row.marker_id.in_([command.marker_id for command in asked]))
            .order_by(row.marker_id)
            .with_for_update()
        )
    }
    on = [markers.get(c.marker_id) if isinstance(c, EndMarker) else c for c in asked]
    people = {each.person_id for each in on if each and each.person_id}
    address_ids = {each.address_id for each in on if each and each.address_id}
    place_rows.hold_still(session, address_ids)
    person, place = PersonRow.person_id, AddressRow.address_id
    known = {
        *session.scalars(select(person).where(among(person, people))),
        *session.scalars(select(place).where(among(place, address_ids))),
    }
    going_there = cases_of(session, "address", address_ids)
    asked_off = conflicts.fields_open(session, "marker", markers)
    return [
        MarkerFacts(
            known=command.marker_id in markers,
            ended=command.marker_id in markers and markers[command.marker_id].until is not None,
            asked_off=command.marker_id in asked_off,
            person_id=each.person_id if each else None,
            address_id=each.address_id if each else None,
            kind=each.kind if each else "",
            person_known=each is not None and each.person_id in known,
            place_known=each is not None and each.address_id in known,
            case_ids=going_there.get(each.address_id or "", frozenset()) if each else frozenset(),
        )
        for command, each in zip(asked, on, strict=True)
    ]


def cases_of(
    session: Session, kind: str, subject_ids: Collection[str]
) -> dict[str, frozenset[str]]:
    """Say which cases concern each of these subjects."""
    if not subject_ids:
        return {}
    found: dict[str, set[str]] = {}
    for case_id, subject_id in session.execute(
        select(case_subject.c.case_id, case_subject.c.subject_id).where(
            case_subject.c.kind == kind, among(case_subject.c.subject_id, subject_ids)
        )
    ):
        found.setdefault(subject_id, set()).add(case_id)
    return {subject_id: frozenset(cases) for subject_id, cases in found.items()}


def case_people(
    session: Session, case_ids: Collection[str]
) -> dict[str, dict[str, tuple[CasePerson, ...]]]:
    """Give each case its people: the principal first, then others liable, with their phone numbers."""
    people = people_of_cases(session, case_ids)
    contacts = contacts_of(session, {id_ for row in people.values() for id_, _, _ in row})
    return {
        case_id: {
            "people": tuple(
                CasePerson(
                    person_id=person_id,
                    name=name,
                    phone_numbers=numbers_in_use(contacts.get(person_id, ())),
                )
                for person_id, name, _ in row
            )
        }
        for case_id, row in people.items()
    }


def case_details(session: Session, case_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Give each case its people with what may be put right about each."""
    people = people_of_cases(session, case_ids)
    ids = {person_id for row in people.values() for person_id, _, _ in row}
    details, contacts = details_of(session, ids), contacts_of(session, ids)
    return {
        case_id: {
            "people": tuple(
                CasePerson(
                    person_id=person_id,
                    name=name,
                    phone_numbers=numbers_in_use(contacts.get(person_id, ())),
                    details=details[person_id],
                    contacts=tuple(contacts.get(person_id, ())),
                )
                for person_id, name, _ in row
            )
        }
        for case_id, row in people.items()
    }


def case_warnings(session: Session, case_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Give each case the places it leads to, and the warnings on them and on its people."""
    places, markers = _places(session, case_ids), case_markers(session, case_ids)
    return {
        case_id: {
            "address_ids": frozenset(places.get(case_id, ())),
            "markers": tuple(markers.get(case_id, ())),
        }
        for case_id in {*places, *markers}
    }


def details_of(session: Session, ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """Give people's details as commands and field records write them."""
    row = PersonRow
    return {
        person_id: {
            "born_on": born_on.isoformat() if born_on else "",
            "language": language,
            "preferred_contact": preferred,
            "household": household,
            "needs": sorted(needs),
        }
        for person_id, born_on, language, preferred, household, needs in session.execute(
            select(
                row.person_id,
                row.born_on,
                row.language,
                row.preferred_contact,
                row.household,
                row.needs,
            ).where(among(row.person_id, ids))
        )
    }


def contacts_of(session: Session, ids: Collection[str]) -> dict[str, list[CaseContact]]:
    """Give the ways to reach people, those that do not reach them included, in order of arrival."""
    found: dict[str, list[CaseContact]] = {}
    row = ContactRow
    for person_id, contact_id, kind, value, standing in session.execute(
        select(row.person_id, row.contact_id, row.kind, row.value, row.standing)
        .where(among(row.person_id, ids))
        .order_by(row.recorded_at, row.contact_id)
    ):
        found.setdefault(person_id, []).append(
            CaseContact(contact_id=contact_id, kind=kind, value=value, standing=standing)
        )
    return found


def numbers_in_use(contacts: Iterable[CaseContact]) -> tuple[str, ...]:
    """List the phone numbers that reach their person, as far as is known."""
    return tuple(c.value for c in contacts if c.kind == "phone" and c.standing == "in_use")


def case_markers(session: Session, case_ids: Collection[str]) -> dict[str, list[CaseMarker]]:
    """Give the warnings on each case's people and places, in force or ended."""
    subject, row = case_subject.c, MarkerRow
    on = or_(
        and_(subject.kind == "person", subject.subject_id == row.person_id),
        and_(subject.kind == "address", subject.subject_id == row.address_id),
    )
    found: dict[str, list[CaseMarker]] = {}
    for case_id, marker_id, kind, person_id, address_id, until in session.execute(
        select(subject.case_id, row.marker_id, row.kind, row.person_id, row.address_id, row.until)
        .join(row, on)
        .where(among(subject.case_id, case_ids))
        .distinct()
    ):
        found.setdefault(case_id, []).append(
            CaseMarker(
                marker_id=marker_id,
                kind=kind,
                person_id=person_id,
                address_id=address_id,
                ended=until is not None,
            )
        )
    return found


def _places(session: Session, case_ids: Collection[str]) -> dict[str, set[str]]:
    """Say which places each case leads to."""
    found: dict[str, set[str]] = {}
    for case_id, address_id in session.execute(
        select(case_subject.c.case_id, case_subject.c.subject_id).where(
            case_subject.c.kind == "address", among(case_subject.c.case_id, case_ids)
        )
    ):
        found.setdefault(case_id, set()).add(address_id)
    return found


def people_of_cases(
    session: Session, case_ids: Collection[str]
) -> dict[str, list[tuple[str, str, bool]]]:
    """List each case's people as (id, name, whether principal), the principal first."""
    if not case_ids:
        return {}
    principal = func.coalesce(_case.c.person_id == PersonRow.person_id, false())
    found: dict[str, list[tuple[str, str, bool]]] = {}
    for case_id, person_id, name, is_principal in session.execute(
        select(case_subject.c.case_id, PersonRow.person_id, PersonRow.name, principal)
        .join(PersonRow, PersonRow.person_id == case_subject.c.subject_id)
        .join(_case, _case.c.case_id == case_subject.c.case_id)
        .where(case_subject.c.kind == "person", among(case_subject.c.case_id, case_ids))
        .order_by(principal.desc(), PersonRow.name, PersonRow.person_id)
    ):
        found.setdefault(case_id, []).append((person_id, name, is_principal))
    return found


def _grouped(session: Session, query: Select[str, Value]) -> dict[str, list[Value]]:
    """Gather what a query gives by its first column."""
    found: dict[str, list[Value]] = {}
    for key, value in session.execute(query):
        found.setdefault(key, []).append(value)
    return found


def _residence(row: ResidenceRow) -> Residence:
    return Residence(
        residence_id=row.residence_id,
        address_id=row.address_id,
        from_on=row.from_on,
        until=row.until,
    )
