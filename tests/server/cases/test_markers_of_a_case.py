"""The page of a case warns of its own person and place, and of nobody else's."""

from __future__ import annotations

from datetime import date

from server.cases import case_page
from server.people.markers import RecordMarker
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import assign_case, live_at, open_person


def mark(office: Office, kind: str, **where: str) -> None:
    office.give(
        RecordMarker(
            marker_id=new_id(),
            kind=kind,
            note="Seen",
            from_on=date(2027, 3, 1),
            review_on=date(2027, 9, 1),
            **where,
        )
    )


def markers(office: Office, case_id: str) -> list[str]:
    with office.look() as session:
        case = case_page.find(session, case_id)
        assert case is not None
        return case_page.markers(session, case, NOW.date())


def test_a_case_without_a_person_or_a_place_is_given_nobody_elses_warnings(office: Office) -> None:
    ada, grace = open_person(office, "Ada", "One"), open_person(office, "Grace", "Two")
    empty, quay = new_id(), new_id()
    live_at(office, ada, "1 Saltmarsh Terrace", address_id=quay)
    live_at(office, ada, "2 Empty Row", address_id=empty, from_on=date(2027, 1, 1))
    mark(office, "dog", address_id=quay)
    mark(office, "violence", person_id=ada)
    about_a_place = assign_case(office, None, address_id=empty)
    about_somebody_homeless = assign_case(office, grace)
    assert markers(office, about_a_place) == []
    assert markers(office, about_somebody_homeless) == []
    assert markers(office, assign_case(office, ada)) == ["violence"]
