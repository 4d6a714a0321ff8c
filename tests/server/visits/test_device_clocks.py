"""A visit from a device with a wrong clock shows when it was by the office's, and odd dates are flagged."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from server.spine import clock
from server.spine.orders import Order
from server.spine.tables import DetailRow
from server.visits import device_clocks
from server.visits.queries import find
from shared.schemas import write_body
from shared.visits import RecordVisit
from sync.protocol import GENESIS, Clock
from sync.wire import write_envelope
from tests.server.day import Browser, Day, Household, new_id

YEARS = 10 * 365 * 86_400


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


def from_a_device(
    day: Day, household: Household, ahead: float, offset: float | None, written: bytes | None = None
) -> str:
    """Record a visit made just now as a device says it whose clock is so many seconds ahead."""
    reads = clock.now() + timedelta(seconds=ahead)
    visit_id, command_id, store_id = new_id(), new_id(), new_id()
    command = RecordVisit(
        visit_id=visit_id, case_id=household.case_id, happened_at=reads, outcome="no_answer"
    )
    said = Clock(wall=reads.isoformat(), monotonic=1.0, boot="b", offset=offset)
    members: dict[str, Any] = {
        "command_id": command_id, "store_id": store_id, "lane": "ordinary", "seq": 1,
        "prev": GENESIS, "name": command.name, "version": 1, "case_id": household.case_id,
        "seen_commit": 0, "group": None, "happened_at": reads.isoformat(), "clock": asdict(said),
        "body": write_body(command),
    }  # fmt: skip
    order = Order(
        command=command,
        command_id=command_id,
        actor=day.amina.actor,
        happened_at=reads,
        store_id=store_id,
        lane="ordinary",
        seq=1,
        envelope=written or write_envelope(members),
    )
    with day.app.app_context():
        door = day.app.extensions["fieldfare"]["door"]
        door.execute(order, now=clock.now()).raise_if_refused()
    return visit_id


def corrected(day: Day, visit_id: str) -> datetime | None:
    with day.session() as session:
        visit = find(session, visit_id)
        assert visit is not None
        return device_clocks.by_the_office(session, visit)


@pytest.mark.parametrize("ahead", [-YEARS, -3_600.0, 3_600.0, float(YEARS)])
def test_a_visit_of_a_wrong_clock_shows_when_it_was_by_the_office_s(
    day: Day, browser: Browser, household: Household, ahead: float
) -> None:
    visit_id = from_a_device(day, household, ahead, -ahead)
    found = corrected(day, visit_id)
    assert found is not None
    assert abs(clock.now() - found) < timedelta(minutes=2)
    page = browser.get(f"/visits/{visit_id}")
    assert "By the office’s clock" in page
    assert "The device’s clock was wrong when this was saved" in page


@pytest.mark.parametrize(
    ("ahead", "offset"), [(0.0, 0.0), (0.0, None), (20.0, -20.0), (0.0, 1e300)]
)
def test_a_clock_that_was_right_or_unknown_shows_one_time(
    day: Day, browser: Browser, household: Household, ahead: float, offset: float | None
) -> None:
    visit_id = from_a_device(day, household, ahead, offset)
    assert corrected(day, visit_id) is None
    assert "By the office’s clock" not in browser.get(f"/visits/{visit_id}")


def test_no_visit_was_made_after_it_arrived(day: Day, household: Household) -> None:
    visit_id = from_a_device(day, household, 0.0, 86_400.0)
    found = corrected(day, visit_id)
    assert found is not None
    assert found <= clock.now()


def test_bytes_that_cannot_be_read_or_were_erased_say_nothing(
    day: Day, browser: Browser, household: Household
) -> None:
    unreadable = from_a_device(day, household, 7_200.0, -7_200.0, b"not an envelope")
    assert corrected(day, unreadable) is None
    erased = from_a_device(day, household, 7_200.0, -7_200.0)
    with day.session() as session:
        session.execute(update(DetailRow).values(body=None, salt=None, erased_at=clock.now()))
    assert corrected(day, erased) is None
    browser.get(f"/visits/{erased}")


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (3_600, "The device&#39;s clock was ahead of the office&#39;s"),
        (-91 * 86_400, "It is dated more than 90 days before it arrived"),
    ],
)
def test_a_date_out_of_range_is_recorded_and_flagged(
    day: Day, browser: Browser, household: Household, ahead: int, said: str
) -> None:
    visit_id = day.visit(
        household.case_id, day.amina, happened_at=clock.now() + timedelta(seconds=ahead)
    )
    assert said in browser.get(f"/visits/{visit_id}")
