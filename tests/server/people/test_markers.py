"""Shows that a warning reaches every case that leads to the person or the place, and is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from server.accounts.commands import AmendAccount
from server.people.markers import EndMarker, RecordMarker
from server.people.tables import MarkerRow, ResidenceRow
from shared.commands import Outcome
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, live_at, open_debt, open_person, records

DOG = RecordMarker(
    marker_id=new_id(),
    kind="dangerous_dog",
    note="Amina was bitten at the gate",
    from_on=date(2027, 3, 1),
    review_on=date(2027, 9, 1),
)


def _address_of(office: Office, residence_id: str) -> str:
    with office.look() as session:
        found = session.get(ResidenceRow, residence_id)
    assert found is not None
    return found.address_id


def test_a_marker_on_a_person_reaches_their_cases_and_those_of_who_owes_with_them(
    office: Office,
) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "John", "Smith")
    owed = open_debt(office, jane, john)
    cases = [assign_case(office, person, owed.debt_id) for person in (jane, john)]
    office.give(replace(DOG, person_id=jane))
    for case_id in cases:
        assert records(office, case_id, "marker") == {
            DOG.marker_id: {
                "person_id": jane,
                "address_id": None,
                "kind": "dangerous_dog",
                "note": "Amina was bitten at the gate",
                "from_on": "2027-03-01",
                "review_on": "2027-09-01",
            }
        }
    office.give(EndMarker(marker_id=DOG.marker_id, reason="The dog was rehomed"))
    assert [records(office, case_id, "marker") for case_id in cases] == [{}, {}]
    with office.look() as session:
        assert session.scalars(select(MarkerRow.until)).all() == [NOW.date()]


def test_a_marker_on_a_place_reaches_whoever_goes_there_and_whoever_moves_in(
    office: Office,
) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "John", "Brown")
    place = _address_of(office, live_at(office, jane, "1 High Street", "BD1 1AA"))
    live_at(office, jane, "2 Low Road", "BD2 2BB")
    lived_there = assign_case(office, jane)
    about_the_place = assign_case(office, None, address_id=place)
    elsewhere = assign_case(office, john)
    owed = open_debt(office, address_id=place, lines="1 High Street", postcode="BD1 1AA")
    for_the_property = assign_case(office, john, owed.debt_id)
    office.give(replace(DOG, address_id=place))
    going = (lived_there, about_the_place, for_the_property)
    assert [len(records(office, case_id, "marker")) for case_id in going] == [1, 1, 1]
    assert records(office, elsewhere, "marker") == {}
    live_at(office, john, "1 High Street", "BD1 1AA")
    assert list(records(office, elsewhere, "marker")) == [DOG.marker_id]
    office.give(EndMarker(marker_id=DOG.marker_id, reason="Gone"))
    assert not any(records(office, case_id, "marker") for case_id in (*going, elsewhere))


def test_a_device_is_given_the_place_a_case_or_its_account_is_about(office: Office) -> None:
    works = open_person(office, "Jane", "Smith")
    home = _address_of(office, live_at(office, works, "1 High Street", "BD1 1AA"))
    shop = new_id()
    owed = open_debt(office, works, address_id=shop, lines="9 Mill Lane\nBradford", uprn="100050")
    case_id = assign_case(office, works, owed.debt_id, address_id=home)
    assert records(office, case_id, "place") == {
        home: {
            "lines": ["1 High Street"],
            "postcode": "BD1 1AA",
            "latitude": None,
            "longitude": None,
        },
        shop: {
            "lines": ["9 Mill Lane", "Bradford"],
            "postcode": "",
            "latitude": None,
            "longitude": None,
        },
    }
    assert records(office, case_id, "debt")[owed.debt_id]["address_id"] == shop


def test_a_marker_needs_one_subject_that_is_known_and_a_review_within_a_year(
    office: Office,
) -> None:
    jane = open_person(office, "Jane", "Smith")
    right = replace(DOG, person_id=jane)
    wrong = {
        "marker.person_or_place": (DOG, replace(right, address_id=new_id())),
        "person.unknown": (replace(DOG, person_id=new_id()),),
        "place.unknown": (replace(DOG, address_id=new_id()),),
        "marker.from_in_future": (replace(right, from_on=date(2027, 3, 5)),),
        "marker.review_in_past": (replace(right, review_on=date(2027, 3, 4)),),
        "marker.review_too_late": (replace(right, review_on=date(2028, 3, 5)),),
    }
    for code, commands in wrong.items():
        assert [office.ask(command).code for command in commands] == [code] * len(commands)
    assert office.give(right).outcome is Outcome.APPLIED
    assert office.ask(right).code == "marker.known"


@pytest.mark.parametrize("ended", [False, True])
def test_only_a_marker_in_force_can_be_ended(office: Office, ended: bool) -> None:  # noqa: FBT001 - one fact, as it was read
    jane = open_person(office, "Jane", "Smith")
    end = EndMarker(marker_id=DOG.marker_id, reason="Gone")
    if ended:
        office.give(replace(DOG, person_id=jane))
        office.give(end)
    assert office.ask(end).code == ("marker.ended" if ended else "marker.unknown")


def test_an_account_that_moves_to_a_marked_place_warns_its_cases(office: Office) -> None:
    jane, john = open_person(office, "Jane", "Smith"), open_person(office, "John", "Brown")
    place = _address_of(office, live_at(office, jane, "1 High Street", "BD1 1AA"))
    office.give(replace(DOG, address_id=place))
    owed = open_debt(office, john)
    case_id = assign_case(office, john, owed.debt_id)
    assert records(office, case_id, "marker") == {}
    office.give(AmendAccount(account_id=owed.account_id, address_id=place, lines="1 High Street"))
    assert list(records(office, case_id, "marker")) == [DOG.marker_id]
