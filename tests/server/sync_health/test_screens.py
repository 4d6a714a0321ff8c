"""The board says which device needs somebody first, and a device's page what has been with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from server.access.tables import DeviceRow, DeviceStoreRow, ErasureRow
from server.cases.commands import UnassignCase
from server.spine import clock
from server.spine.orders import Order
from server.sync_api.tables import DefectRow, DeviceContactRow, SyncFailureRow
from shared.visits import RecordVisit
from sync.protocol import PROTOCOL_VERSION
from tests.server.day import Day, Someone, counted_queries, day, new_id
from tests.server.reading import words_of

__all__ = ["day"]

BOARD = "/sync-health"


@pytest.fixture
def leader(day: Day) -> Someone:
    """Somebody who looks after devices and may open cases."""
    return day.someone(
        "Lena Fox", ("sync_health.see", "sync_health.set", "cases.see", "devices.manage")
    )


def device(day: Day, officer: Someone, name: str = "Blue tablet 4", **told: Any) -> str:
    """Approve a device of an officer that has spoken, and is well unless told otherwise."""
    device_id, now = new_id(), clock.now()
    heard: datetime | None = told.pop("heard_at", now - timedelta(minutes=3))
    kept = {"waiting": 0, "photographs": 0, "needs_you": 0, "protocol": PROTOCOL_VERSION}
    with day.session() as session:
        session.execute(
            insert(DeviceRow).values(
                device_id=device_id,
                officer_id=officer.user_id,
                public_key=device_id.encode(),
                name=name,
                platform="Linux",
                words="one two three four five six",
                state=told.pop("state", "active"),
                enrolled_at=now - timedelta(days=90),
                approved_at=now - timedelta(days=90),
                seen_at=heard,
            )
        )
        session.execute(
            insert(DeviceContactRow).values(
                {
                    "device_id": device_id,
                    "app": "0.1",
                    "answered_at": heard,
                    "whole_at": heard,
                    "counted_at": heard,
                    "cases": 40,
                    "records": 280,
                    "size_bytes": 168_000,
                    "ahead_seconds": 2,
                    **kept,
                    **told,
                }
            )
        )
    return device_id


def test_nobody_without_the_permission_sees_the_board(day: Day) -> None:
    browser = day.browser(day.caseworker)
    for address in (BOARD, f"{BOARD}/receipts", f"{BOARD}/limits", f"{BOARD}/devices/{new_id()}"):
        browser.get(address, 403)


def test_an_office_without_devices_says_what_would_be_there(day: Day, leader: Someone) -> None:
    page = words_of(day.browser(leader).get(BOARD))
    assert "No devices are in use" in page


def test_a_device_that_is_well_is_told_with_its_figures(day: Day, leader: Someone) -> None:
    device(day, day.amina)
    page = words_of(day.browser(leader).get(BOARD))
    for said in ("Every device has spoken of late", "Blue tablet 4", "Amina Osei", "40 cases"):
        assert said in page
    assert "168 KB" in page


def test_whoever_needs_somebody_most_stands_first(day: Day, leader: Someone) -> None:
    device(day, day.amina, "Well")
    device(day, day.bryn, "Late", waiting=2, waiting_since=clock.now() - timedelta(days=3))
    device(day, day.amina, "Fast", ahead_seconds=4_000)
    device(day, day.bryn, "Silent", heard_at=clock.now() - timedelta(days=9))
    page = words_of(day.browser(leader).get(BOARD))
    assert "3 devices need somebody" in page
    places = [page.index(name) for name in ("Silent", "Late", "Fast", "Well")]
    assert places == sorted(places)
    assert "Ask the officer to sync where the signal is good" in page


def test_a_device_that_has_still_to_speak_is_not_called_well(day: Day, leader: Someone) -> None:
    device_id = device(day, day.amina, heard_at=None)
    with day.session() as session:
        approved = update(DeviceRow).values(approved_at=clock.now())
        session.execute(approved.where(DeviceRow.device_id == device_id))
    browser = day.browser(leader)
    page = words_of(browser.get(BOARD))
    assert "One device has been approved and has not spoken yet" in page
    assert "it has still to speak" in page
    assert "Every device has spoken" not in page
    own = words_of(browser.get(f"{BOARD}/devices/{device_id}"))
    assert "has not spoken yet. Its officer has to unlock it" in own
    assert "Nothing is amiss" not in own


def test_the_board_shows_one_officer_or_one_reason(day: Day, leader: Someone) -> None:
    device(day, day.amina, "Well")
    device(day, day.bryn, "Fast", ahead_seconds=4_000)
    browser = day.browser(leader)
    only = words_of(browser.get(f"{BOARD}?officer={day.bryn.user_id}"))
    assert "Fast" in only
    assert "Well" not in only.replace("all is well", "")
    clocks = words_of(browser.get(f"{BOARD}?need=clock"))
    assert "Fast" in clocks
    assert "Nothing matches" in words_of(browser.get(f"{BOARD}?need=left"))
    assert "Fast" in words_of(browser.get(f"{BOARD}?need=nonsense"))


def test_the_first_page_says_which_device_comes_first(day: Day, leader: Someone) -> None:
    browser = day.browser(leader)
    device(day, day.amina, "Answers late", needs_you=3)
    assert "needs somebody" not in words_of(browser.get("/")), "that is the officer's own affair"
    device(day, day.bryn, "Fast", ahead_seconds=4_000)
    assert "A device needs somebody: Fast, Bryn Pugh" in words_of(browser.get("/"))
    device(day, day.bryn, "Silent", heard_at=clock.now() - timedelta(days=9))
    assert "2 devices need somebody. First: Silent, Bryn Pugh" in words_of(browser.get("/"))
    assert "needs somebody" not in words_of(day.browser(day.caseworker).get("/"))


def test_a_case_taken_away_is_told_until_the_device_has_erased_it(
    day: Day, leader: Someone
) -> None:
    household = day.household("Iris Cole", officers=[day.amina])
    device_id, store_id = device(day, day.amina), new_id()
    long_ago = clock.now() - timedelta(days=10)
    with day.session() as session:
        session.execute(
            insert(DeviceStoreRow).values(
                store_id=store_id, device_id=device_id, first_seen_at=long_ago
            )
        )
    taken_at = clock.now() - timedelta(days=3)
    command = UnassignCase(case_id=household.case_id, officer_id=day.amina.user_id)
    day.give(day.supervisor, command, at=taken_at)
    browser = day.browser(leader)
    assert "Cases taken away and still on it: 1" in words_of(browser.get(BOARD))
    page = browser.get(f"{BOARD}/devices/{device_id}")
    assert f"/cases/{household.case_id}" in page
    assert "Taken away and still on it" in words_of(page)
    with day.session() as session:
        session.execute(
            insert(ErasureRow).values(
                store_id=store_id, case_id=household.case_id, erased_at=clock.now()
            )
        )
    assert "Cases taken away and still on it" not in words_of(browser.get(BOARD))


def test_a_device_page_tells_what_failed_and_what_differed(day: Day, leader: Someone) -> None:
    device_id, now = device(day, day.amina), clock.now()
    with day.session() as session:
        for code, times in (("signature.stale", 3), ("message.too_deep", 1)):
            session.execute(
                insert(SyncFailureRow).values(
                    device_id=device_id, failed_on=now.date(), code=code, times=times, last_at=now
                )
            )
        session.execute(
            insert(DefectRow).values(
                store_id=new_id(),
                device_id=device_id,
                officer_id=day.amina.user_id,
                noticed_at=now,
                kind="scope.differs",
                values={"cases": 2},
            )
        )
        session.execute(
            update(DeviceContactRow).values(refused_code="signature.stale", refused_at=now)
        )
    page = words_of(day.browser(leader).get(f"{BOARD}/devices/{device_id}"))
    for said in (
        "Its clock is too far off",
        "What it sent could not be read",
        "Its copy was not the office’s",
        "Have its date and time set",
        "Differed from the office",
        "Nothing has come from it yet",
    ):
        assert said in page


def test_what_a_device_sent_is_found_by_the_number_of_its_receipt(
    day: Day, leader: Someone
) -> None:
    household = day.household("Iris Cole", officers=[day.amina])
    device_id = device(day, day.amina)
    command_id, store_id = new_id(), new_id()
    visit = RecordVisit(
        visit_id=new_id(),
        case_id=household.case_id,
        happened_at=clock.now() - timedelta(hours=1),
        outcome="no_answer",
        notes="",
    )
    order = Order(
        command=visit,
        command_id=command_id,
        actor=day.amina.actor.__class__(
            user_id=day.amina.user_id,
            permissions=day.amina.actor.permissions,
            device_id=device_id,
        ),
        happened_at=clock.now(),
        store_id=store_id,
        lane="ordinary",
        seq=1,
    )
    with day.app.app_context():
        day.app.extensions["fieldfare"]["door"].execute(order, now=clock.now()).raise_if_refused()
    number = f"{command_id[:4]}-{command_id[4:8]}".upper()
    browser = day.browser(leader)
    page = words_of(browser.get(f"{BOARD}/devices/{device_id}"))
    assert number in page
    assert "A visit" in page
    found = browser.get(f"{BOARD}/receipts?number={number.lower()}")
    assert number in words_of(found)
    assert f"/cases/{household.case_id}" in found
    assert ("sync_health.answers", device_id, 1) in day.reads(leader)
    missing = words_of(browser.get(f"{BOARD}/receipts?number=0000-0000"))
    assert "The office has given no such receipt" in missing
    keeper = day.someone("Kit Archer", ("sync_health.see",))
    assert household.case_id not in day.browser(keeper).get(f"{BOARD}/receipts?number={number}")


def test_the_limits_are_agreed_on_by_somebody_who_may(day: Day, leader: Someone) -> None:
    device(day, day.amina, waiting=1, waiting_since=clock.now() - timedelta(hours=30))
    browser = day.browser(leader)
    assert "Work waits too long" in words_of(browser.get(BOARD))
    asked = {
        "silent_days": "2",
        "unsent_hours": "48",
        "purge_hours": "48",
        "clock_minutes": "10",
        "defect_days": "7",
    }
    wrong = browser.post(f"{BOARD}/limits", 422, **{**asked, "unsent_hours": "0"})
    assert "Enter 1 or more" in words_of(wrong)
    assert "Every device has spoken of late" in words_of(
        browser.follow(f"{BOARD}/limits", **asked, command_id=new_id())
    )
    assert 'value="48"' in browser.get(f"{BOARD}/limits")
    browser.follow(f"{BOARD}/limits", **asked, command_id=new_id())
    reader = day.someone("Kit Archer", ("sync_health.see",))
    day.browser(reader).post(f"{BOARD}/limits", 403, **asked)


def test_the_board_takes_as_many_statements_for_many_devices_as_for_one(
    day: Day, leader: Someone
) -> None:
    browser = day.browser(leader)
    device(day, day.amina)
    with counted_queries(day.app) as one:
        browser.get(BOARD)
    for number in range(7):
        device(day, day.bryn, f"Tablet {number}")
    with counted_queries(day.app) as many:
        browser.get(BOARD)
    assert len(many) == len(one)


def test_a_device_nobody_knows_has_no_page(day: Day, leader: Someone) -> None:
    day.browser(leader).get(f"{BOARD}/devices/{new_id()}", 404)


def test_a_revoked_device_has_its_page_still(day: Day, leader: Someone) -> None:
    device_id = device(day, day.amina, state="revoked")
    browser = day.browser(leader)
    assert "This device is not in use" in words_of(browser.get(f"{BOARD}/devices/{device_id}"))
    assert "Blue tablet 4" not in words_of(browser.get(BOARD))
