"""Whoever looks after what was set aside sees what waits sealed, why, and can take in what can be."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select, update

from server.access.tables import DeviceRow, SetAsideRow
from server.spine.office_box import OfficeBox
from server.spine.tables import ChangeRow, ReadRow
from sync.sealed import HELD
from tests.server.day import Day, Household, day, new_id
from tests.server.reading import words_of
from tests.server.sealed_work.sealing import seal
from tests.server.sealed_work.test_taking import bring
from tests.server.worktray.sending import Tablet

__all__ = ["day"]

LIST = "/sealed-work"


@pytest.fixture
def tablet(day: Day) -> Tablet:
    return Tablet(day, day.amina)


@pytest.fixture
def box(day: Day) -> OfficeBox:
    found: OfficeBox = day.app.extensions["fieldfare"]["box"]
    return found


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Iris Cole", officers=[day.amina])


def visits_recorded(day: Day) -> int:
    with day.session() as session:
        recorded = select(func.count()).where(ChangeRow.name == "VisitRecorded")
        return session.scalar(recorded) or 0


def test_what_waits_is_listed_with_why_and_stays_behind_its_gap(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    browser = day.browser(day.supervisor)
    assert "Nothing waits" in words_of(browser.get(LIST))
    assert "waits for what was saved before" not in words_of(browser.get("/"))
    tablet.visit(household.case_id)
    assert bring(tablet, seal(box, tablet.visit(household.case_id))) == [HELD]
    page = words_of(browser.get(LIST))
    for said in ("Tablet 7", "Amina Osei", "1 item", "Something saved before it has not come"):
        assert said in page
    assert "Sealed work of Tablet 7, Amina Osei, waits" in words_of(browser.get("/"))
    after = words_of(browser.follow(f"{LIST}/{tablet.device_id}/take"))
    assert "Some of it still waits" in after
    assert visits_recorded(day) == 0


def test_what_was_sealed_before_a_restore_is_taken_in_by_a_person(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    bring(tablet, seal(box, tablet.visit(household.case_id), epoch=new_id()))
    browser = day.browser(day.supervisor)
    assert "The office was restored from a backup" in words_of(browser.get(LIST))
    after = words_of(browser.follow(f"{LIST}/{tablet.device_id}/take"))
    assert "Taken in" in after
    assert "Nothing waits" in after
    assert visits_recorded(day) == 1
    with day.session() as session:
        read = select(ReadRow.subject_id).where(ReadRow.what == "sealed_work.taken")
        assert session.scalars(read).all() == [tablet.device_id]


def test_what_waited_of_a_device_that_was_revoked_since_is_set_aside(
    day: Day, box: OfficeBox, tablet: Tablet, household: Household
) -> None:
    tablet.visit(household.case_id)
    bring(tablet, seal(box, tablet.visit(household.case_id)))
    with day.session() as session:
        session.execute(update(DeviceRow).values(state="revoked"))
    after = words_of(day.browser(day.supervisor).follow(f"{LIST}/{tablet.device_id}/take"))
    assert "Nothing waits" in after
    with day.session() as session:
        assert session.scalars(select(SetAsideRow.code)).all() == ["device.revoked"]


def test_the_pages_are_for_those_who_examine_what_was_set_aside(day: Day) -> None:
    clerk = day.browser(day.caseworker)
    clerk.get(LIST, 403)
    clerk.post(f"{LIST}/{new_id()}/take", 403)
    looks = day.someone("Dee Parr", ("aside.examine",))
    day.browser(looks).get(LIST)
    day.browser(looks).post(f"{LIST}/{new_id()}/take", 403)
    day.browser(day.supervisor).post(f"{LIST}/{new_id()}/take", 404)
