"""Nobody reads that a device was erased before it has signed for it, and what is known of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from server.access.tables import DeviceRow, LeaseRow
from server.recovery.tables import HoldRow
from server.spine import clock
from server.spine.tables import ReadRow
from server.wiping.tables import WipeRow
from tests.server.day import Day, Someone, day, new_id
from tests.server.reading import words_of
from tests.server.sync_health.test_screens import device

__all__ = ["day"]

LIST = "/lost-devices"


@pytest.fixture
def leader(day: Day) -> Someone:
    return day.someone("Lena Fox", ("devices.manage", "wipes.see", "incidents.see"))


def lose(day: Day, leader: Someone, device_id: str) -> str:
    """Revoke a device as lost, on the office's own page."""
    browser = day.browser(leader)
    browser.get(f"/devices/{device_id}/revoke")
    browser.post(f"/devices/{device_id}/revoke", reason="lost", command_id=new_id())
    return words_of(browser.get(f"/devices/{device_id}"))


def test_revoking_a_device_has_it_erased_and_says_only_what_is_known(
    day: Day, leader: Someone
) -> None:
    device_id = device(day, day.amina)
    assert "Forms that were not saved are lost" in words_of(
        day.browser(leader).get(f"/devices/{device_id}/revoke")
    )
    page = lose(day, leader, device_id)
    assert "Told to erase itself" in page
    assert "ordered less than a day ago, not heard of since" in page
    assert "Erased" not in page
    assert "iped" not in page
    with day.session() as session:
        ago = clock.now() - timedelta(days=3, hours=1)
        session.execute(update(WipeRow).values(ordered_at=ago, delivered_at=ago))
    page = words_of(day.browser(leader).get(LIST))
    assert "3 days since it was ordered, told on" in page
    assert "Erased" not in page
    first = words_of(day.browser(leader).get("/"))
    assert "One device has not confirmed that it was erased: Blue tablet 4" in first
    lose(day, leader, device(day, day.bryn, "Red tablet 9"))
    assert "2 devices have not confirmed" in words_of(day.browser(leader).get("/"))


def test_a_device_that_was_turned_away_is_not_told_anything(day: Day, leader: Someone) -> None:
    device_id = device(day, day.amina)
    with day.session() as session:
        session.execute(update(DeviceRow).values(state="pending", approved_at=None))
    assert "what it still sends is set aside" in _after_revoking(day, leader, device_id)
    with day.session() as session:
        assert session.scalars(select(WipeRow)).all() == []


def _after_revoking(day: Day, leader: Someone, device_id: str) -> str:
    browser = day.browser(leader)
    browser.post(f"/devices/{device_id}/revoke", reason="other", command_id=new_id())
    return words_of(browser.get(f"/devices/{device_id}"))


def test_a_device_revoked_before_this_was_known_can_still_be_told(
    day: Day, leader: Someone
) -> None:
    device_id = device(day, day.amina, state="revoked")
    browser = day.browser(leader)
    assert "revoked before devices could be told" in words_of(browser.get(f"/devices/{device_id}"))
    browser.post(f"{LIST}/{device_id}/erase", command_id=new_id())
    assert "is told to erase itself" in words_of(browser.get(f"/devices/{device_id}"))
    browser.post(f"{LIST}/{device_id}/erase", command_id=new_id())
    assert "already been told to erase itself" in words_of(browser.get(f"/devices/{device_id}"))


def test_the_record_of_a_lost_device_holds_what_was_known_then_and_who_opened_it_is_on_record(
    day: Day, leader: Someone
) -> None:
    sensitive = day.household("Iris Cole", officers=[day.amina])
    day.household("Owen Reed", officers=[day.amina])
    with day.session() as session:
        session.add(
            HoldRow(
                hold_id=new_id(),
                debt_id=sensitive.debt_ids[0],
                reason="vulnerability",
                from_on=clock.now().date(),
                placed_by=leader.user_id,
                placed_at=clock.now(),
            )
        )
    device_id = device(
        day, day.amina, waiting=2, waiting_since=clock.now() - timedelta(days=1), photographs=3
    )
    now = clock.now()
    with day.session() as session:
        session.add(
            LeaseRow(
                device_id=device_id, sealed_root=b"root", epoch=1, epoch_at=now, mode="offline-days",
                days=5, granted_at=now, ends_at=datetime(2031, 4, 7, 12, tzinfo=UTC),
            )
        )  # fmt: skip
    lose(day, leader, device_id)
    page = words_of(day.browser(leader).get(f"{LIST}/{device_id}"))
    for said in (
        "72 hours",
        "5 days",
        "What it was lent runs out 7 April 2031",
        "Nothing shows that what was on this device has been erased",
        "Cases at most 2",
        "may tell of health or circumstances 1",
        "Not sent yet, by its last word 2",
        "Photographs not sent yet 3",
    ):
        assert said in page
    with day.session() as session:
        opened = session.scalars(
            select(ReadRow.subject_id).where(ReadRow.what == "wiping.incident")
        )
        assert opened.all() == [device_id]


def test_a_receipt_is_shown_with_what_it_says(day: Day, leader: Someone) -> None:
    device_id = device(day, day.amina)
    lose(day, leader, device_id)
    now = clock.now()
    receipt = {
        "erased_at": now.isoformat(), "files": 7, "size_bytes": 1_000_000, "delivered": 2,
        "damaged": 0, "secret_gone": False, "app": "0.1.0",
    }  # fmt: skip
    with day.session() as session:
        session.execute(update(WipeRow).values(receipt=receipt, acknowledged_at=now))
    browser = day.browser(leader)
    assert "Erased: receipt of" in words_of(browser.get(f"/devices/{device_id}"))
    page = words_of(browser.get(f"{LIST}/{device_id}"))
    assert "Bytes deleted 1,000,000" in page
    assert "Its keystore did not confirm that it was deleted" in page
    assert "Nothing shows that" not in page
    assert "No device is waited for" in words_of(browser.get(LIST))
    assert "Blue tablet 4" in words_of(browser.get(f"{LIST}?show=all"))


def test_the_pages_are_for_those_who_may_see_them(day: Day, leader: Someone) -> None:
    device_id = device(day, day.amina)
    day.browser(leader).get(f"{LIST}/{device_id}", 404)
    lose(day, leader, device_id)
    clerk = day.browser(day.caseworker)
    clerk.get(LIST, 403)
    clerk.get(f"{LIST}/{device_id}", 403)
    sees = day.someone("Dee Parr", ("wipes.see",))
    assert "Blue tablet 4" in words_of(day.browser(sees).get(LIST))
    day.browser(sees).get(f"{LIST}/{device_id}", 403)
