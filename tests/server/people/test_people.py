"""Shows how people are opened, called, housed and reached, and what a device is given of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from server.people.commands import (
    ChangeName,
    OpenPerson,
    RecordAddress,
    RecordContact,
    RecordFormerName,
)
from server.people.tables import AddressRow, ContactRow, FormerNameRow, PersonRow, ResidenceRow
from server.spine.tables import ChangeRow
from shared.commands import Outcome
from shared.contacts import RecordPhoneNumber
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import (
    assign_case,
    live_at,
    open_debt,
    open_organisation,
    open_person,
    records,
)


def _row(office: Office, person_id: str) -> PersonRow:
    with office.look() as session:
        return session.scalars(select(PersonRow).where(PersonRow.person_id == person_id)).one()


def test_an_individual_is_called_by_forenames_and_surname(office: Office) -> None:
    person_id = open_person(
        office, "Jane Ann", "Smith", title="Mrs", born_on=date(1961, 5, 2), whole_name="ignored"
    )
    row = _row(office, person_id)
    assert (row.name, row.title, row.born_on) == ("Jane Ann Smith", "Mrs", date(1961, 5, 2))


def test_an_individual_may_be_known_in_one_piece_only(office: Office) -> None:
    person_id = new_id()
    office.give(OpenPerson(person_id=person_id, kind="individual", whole_name="J SMITH"))
    assert _row(office, person_id).name == "J SMITH"


def test_an_organisation_has_one_name_and_no_birthday(office: Office) -> None:
    person_id = new_id()
    office.give(
        OpenPerson(
            person_id=person_id,
            kind="organisation",
            whole_name="Arkwright & Sons Limited",
            surname="typed under the other choice",
            born_on=date(1990, 1, 1),
        )
    )
    row = _row(office, person_id)
    assert (row.name, row.surname, row.born_on) == ("Arkwright & Sons Limited", "", None)


@pytest.mark.parametrize(
    ("command", "code", "field"),
    [
        (OpenPerson(person_id=new_id(), kind="individual"), "person.surname_missing", "surname"),
        (OpenPerson(person_id=new_id(), kind="organisation"), "person.name_missing", "whole_name"),
        (
            OpenPerson(
                person_id=new_id(), kind="individual", surname="Smith", born_on=date(2027, 3, 5)
            ),
            "person.born_in_future",
            "born_on",
        ),
    ],
)
def test_a_person_without_a_name_or_born_tomorrow_is_refused(
    office: Office, command: OpenPerson, code: str, field: str
) -> None:
    result = office.ask(command)
    assert (result.outcome, result.code, result.at_field) == (Outcome.REFUSED, code, field)


def test_the_same_person_is_opened_once(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    again = office.ask(OpenPerson(person_id=person_id, kind="individual", surname="Other"))
    assert again.code == "person.known"


def test_a_changed_name_leaves_the_old_one_as_a_former_name(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    command = ChangeName(
        person_id=person_id,
        former_name_id=new_id(),
        forenames="Jane",
        surname="Okafor",
        changed_on=date(2027, 1, 9),
    )
    assert office.give(command).outcome is Outcome.APPLIED
    assert _row(office, person_id).name == "Jane Okafor"
    with office.look() as session:
        former = session.execute(select(FormerNameRow.name, FormerNameRow.until)).all()
    assert former == [("Jane Smith", date(2027, 1, 9))]
    again = replace(command, former_name_id=new_id())
    assert office.give(again).outcome is Outcome.NO_CHANGE
    ahead = replace(again, surname="Later", changed_on=date(2027, 3, 5))
    assert office.ask(ahead).code == "person.name_until_in_future"


def test_a_former_name_is_recorded_once_however_it_is_written(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")

    def record(name: str) -> Outcome:
        return office.give(
            RecordFormerName(former_name_id=new_id(), person_id=person_id, former_name=name)
        ).outcome

    assert record("Jane O’Brien") is Outcome.APPLIED
    assert record("JANE O'BRIEN") is Outcome.NO_CHANGE
    assert record("jane smith") is Outcome.NO_CHANGE


def test_a_command_about_nobody_is_refused(office: Office) -> None:
    command = RecordContact(
        contact_id=new_id(), person_id=new_id(), kind="email", value="jane@example.org"
    )
    assert office.ask(command).code == "person.unknown"


def test_a_new_home_makes_the_old_one_a_former_one(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    old = live_at(office, person_id, "1 High Street", "BD1 1AA", from_on=date(2019, 1, 1))
    new = live_at(office, person_id, "2 Low Road", "BD2 2BB", from_on=date(2026, 6, 1))
    undated = live_at(office, person_id, "3 Mill Lane", "BD3 3CC")
    with office.look() as session:
        homes = {
            row.residence_id: (row.from_on, row.until)
            for row in session.scalars(select(ResidenceRow))
        }
    assert homes[old] == (date(2019, 1, 1), date(2026, 6, 1))
    assert homes[new] == (date(2026, 6, 1), NOW.date())
    assert homes[undated] == (None, None)


def test_a_former_home_is_added_behind_todays(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    live_at(office, person_id, "1 High Street", from_on=date(2020, 1, 1))
    live_at(office, person_id, "2 Low Road", from_on=date(2018, 1, 1), last_day=date(2019, 12, 31))
    with office.look() as session:
        untils = session.scalars(select(ResidenceRow.until).order_by(ResidenceRow.from_on)).all()
    assert untils == [date(2020, 1, 1), None]


def _home(person_id: str, **more: object) -> RecordAddress:
    start = RecordAddress(
        residence_id=new_id(), person_id=person_id, address_id=new_id(), lines="2 Low Road"
    )
    return replace(start, **more)  # type: ignore[arg-type]  # whatever the test varies


def test_a_home_with_impossible_days_is_refused_beside_its_field(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    live_at(office, person_id, "1 High Street", from_on=date(2020, 1, 1))
    backwards = _home(person_id, from_on=date(2019, 1, 2), last_day=date(2019, 1, 1))
    earlier = _home(person_id, from_on=date(2019, 1, 1))
    nowhere = _home(person_id, lines="")
    found = [office.ask(each) for each in (backwards, earlier, nowhere)]
    assert [(result.code, result.at_field) for result in found] == [
        ("person.address_periods", "last_day"),
        ("person.address_earlier", "last_day"),
        ("person.address_missing", "lines"),
    ]


def test_the_last_day_at_todays_home_ends_it(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    here = live_at(office, person_id, "1 High Street", "BD1 1AA", from_on=date(2020, 1, 1))
    left = _home(person_id, lines="1, High St.", postcode="BD1 1AA", last_day=date(2019, 1, 1))
    with office.look() as session:
        place = session.scalars(select(AddressRow.address_id)).one()
    left = replace(left, address_id=place)
    assert office.ask(left).code == "person.address_periods"
    office.give(replace(left, last_day=date(2027, 2, 28)))
    with office.look() as session:
        rows = session.execute(select(ResidenceRow.residence_id, ResidenceRow.until)).all()
    assert rows == [(here, date(2027, 3, 1))]


def test_one_place_is_one_row_whoever_lives_there(office: Office) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "John", "Smith")
    live_at(office, jane, "1 High Street\nBradford", "BD1 1AA")
    live_at(office, john, "1, HIGH STREET, Bradford", "BD1 1AA")
    live_at(office, jane, "Flat 9", uprn="100050")
    live_at(office, john, "Another way to write Flat 9", "BD9 9ZZ", uprn="100050")
    with office.look() as session:
        assert len(session.scalars(select(AddressRow.address_id)).all()) == 2


def test_the_same_home_said_again_changes_nothing(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    live_at(office, person_id, "1 High Street", "BD1 1AA", from_on=date(2020, 1, 1))
    again = _home(person_id, lines="1 High Street", postcode="BD1 1AA")
    assert office.give(again).outcome is Outcome.NO_CHANGE


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("phone", "+44 7700 900982", "07700900982"),
        ("email", "Jane@Example.org", "Jane@Example.org"),
    ],
)
def test_a_way_to_reach_a_person_is_added_once(
    office: Office, kind: str, typed: str, kept: str
) -> None:
    person_id = open_person(office, "Jane", "Smith")

    def record(value: str) -> Outcome:
        return office.give(
            RecordContact(contact_id=new_id(), person_id=person_id, kind=kind, value=value)
        ).outcome

    assert (record(typed), record(typed.upper())) == (Outcome.APPLIED, Outcome.NO_CHANGE)
    with office.look() as session:
        assert session.scalars(select(ContactRow.value)).all() == [kept]


@pytest.mark.parametrize(("kind", "typed"), [("phone", "ring next door"), ("email", "jane@home")])
def test_what_cannot_reach_anybody_is_refused(office: Office, kind: str, typed: str) -> None:
    person_id = open_person(office, "Jane", "Smith")
    command = RecordContact(contact_id=new_id(), person_id=person_id, kind=kind, value=typed)
    result = office.ask(command)
    assert (result.code, result.at_field) == (f"person.contact_{kind}", "value")


def test_a_number_given_at_the_door_reaches_the_device_and_is_kept_once(office: Office) -> None:
    person_id = open_person(office, "Jane", "Smith")
    case_id = assign_case(office, person_id)

    def record(number: str) -> Outcome:
        command = RecordPhoneNumber(
            contact_id=new_id(), case_id=case_id, person_id=person_id, number=number
        )
        return office.give(command).outcome

    assert record("07700900982") is Outcome.APPLIED
    assert record("07700900982") is Outcome.NO_CHANGE
    assert records(office, case_id, "person")[person_id]["phone_numbers"] == ["07700900982"]
    with office.look() as session:
        assert session.scalars(select(ContactRow.source)).all() == ["visit"]


def test_a_device_is_given_all_of_the_principal_and_the_names_of_others(office: Office) -> None:
    jane = open_person(office, "Jane", "Smith", title="Mrs", language="Welsh")
    works = open_organisation(office, "Arkwright Ltd")
    live_at(office, works, "9 Mill Lane")
    live_at(office, jane, "1 High Street\nBradford", "BD1 1AA", from_on=date(2019, 1, 1))
    live_at(
        office,
        jane,
        "2 Low Road",
        "BD2 2BB",
        from_on=date(2026, 6, 1),
        latitude_microdegrees=53_790_000,
        longitude_microdegrees=-1_750_000,
    )
    office.give(RecordFormerName(former_name_id=new_id(), person_id=jane, former_name="Jane Brown"))
    owed = open_debt(office, jane, works)
    case_id = assign_case(office, jane, owed.debt_id)
    people = records(office, case_id, "person")
    address_ids = [home.pop("address_id") for home in people[jane]["addresses"]]
    assert len(set(address_ids)) == 2
    assert people == {
        jane: {
            "principal": True,
            "kind": "individual",
            "title": "Mrs",
            "name": "Jane Smith",
            "language": "Welsh",
            "former_names": ["Jane Brown"],
            "addresses": [
                {
                    "lines": ["2 Low Road"],
                    "postcode": "BD2 2BB",
                    "latitude": 53.79,
                    "longitude": -1.75,
                    "from_on": "2026-06-01",
                    "until": None,
                },
                {
                    "lines": ["1 High Street", "Bradford"],
                    "postcode": "BD1 1AA",
                    "latitude": None,
                    "longitude": None,
                    "from_on": "2019-01-01",
                    "until": "2026-06-01",
                },
            ],
            "phone_numbers": [],
            "preferred_contact": "",
            "household": "",
            "needs": [],
            "contacts": [],
        },
        works: {
            "principal": False,
            "kind": "organisation",
            "title": "",
            "name": "Arkwright Ltd",
            "language": "",
            "former_names": [],
            "addresses": [],
            "phone_numbers": [],
        },
    }


def test_the_log_holds_nothing_personal(office: Office) -> None:
    person_id = open_person(office, "Zebedee", "Quilliam", born_on=date(1961, 5, 2))
    live_at(office, person_id, "1 Larkspur Yard", "BD1 1AA", uprn="100050")
    office.give(
        RecordContact(contact_id=new_id(), person_id=person_id, kind="phone", value="07700900982")
    )
    with office.look() as session:
        lines = " ".join(str(line) for line in session.scalars(select(ChangeRow.line)))
    for personal in ("Quilliam", "Zebedee", "1961", "Larkspur", "BD1", "100050", "900982"):
        assert personal not in lines
