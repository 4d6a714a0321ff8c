"""A photograph that a device has lost is waited for no more, and stays should it come after all."""

from __future__ import annotations

import pytest
from sqlalchemy import insert

from server.spine import clock
from server.visits.tables import BlobRow
from shared.photographs import RecordPhotograph, RecordPhotographLost
from shared.schemas import digest
from tests.server.day import Browser, Day, day
from tests.server.visits.pictures import jpeg

__all__ = ["day"]


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


def lost_at_a_visit(day: Day, body: bytes) -> str:
    """Record a visit with a photograph that the device then finds damaged."""
    household = day.household("Iris Cole", officers=[day.amina])
    visit_id = day.visit(household.case_id, day.amina)
    about = {"photograph_id": digest(body), "visit_id": visit_id, "case_id": household.case_id}
    day.give(day.amina, RecordPhotograph(**about, purpose="premises", size_bytes=len(body)))
    day.give(day.amina, RecordPhotographLost(**about, reason="damaged"))
    return visit_id


def test_a_lost_photograph_is_no_longer_still_to_come(day: Day, browser: Browser) -> None:
    page = browser.get(f"/visits/{lost_at_a_visit(day, jpeg('red'))}")
    assert "1 photograph was damaged on the officer’s device and will not arrive" in page
    assert "still to come" not in page
    assert "could not be kept" not in page


def test_a_photograph_that_came_after_all_is_shown(day: Day, browser: Browser) -> None:
    body = jpeg("red")
    visit_id = lost_at_a_visit(day, body)
    with day.session() as session:
        session.execute(
            insert(BlobRow).values(
                digest=digest(body), size_bytes=len(body), body=body, received_at=clock.now()
            )
        )
    page = browser.get(f"/visits/{visit_id}")
    assert "was damaged" not in page
    assert "in full size" in page
