"""A supervisor sees how old the copy was that an officer acted on."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from server.spine.tables import DetailRow
from server.visits import device_copies
from server.visits.queries import find
from tests.server.day import Day, Household
from tests.server.worktray.sending import Tablet


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Maryam Castellanos", officers=[day.amina])


def recorded(day: Day, tablet: Tablet, household: Household, seen: int) -> str:
    written = tablet.visit(household.case_id, seen_commit=seen)
    assert tablet.send(written).receipts[0].outcome == "applied"
    return str(json.loads(written)["body"]["visit_id"])


def unseen(day: Day, visit_id: str) -> int:
    with day.session() as session:
        visit = find(session, visit_id)
        assert visit is not None
        return device_copies.unseen(session, visit)


def test_what_others_changed_since_the_copy_was_read_is_counted(
    day: Day, household: Household
) -> None:
    tablet = Tablet(day, day.amina)
    cursor = tablet.send().page.end
    first = recorded(day, tablet, household, cursor)
    assert unseen(day, first) == 0, "nothing had happened"

    day.plan(household.case_id, day.amina)
    day.plan(household.case_id, day.amina)
    second = recorded(day, tablet, household, cursor)

    assert unseen(day, second) == 2, "their own first visit is not among them"
    page = day.browser(day.supervisor).get(f"/visits/{second}")
    assert "2 changes old: the officer could not know of them yet" in page
    assert "changes old" not in day.browser(day.supervisor).get(f"/visits/{first}")


@pytest.mark.parametrize("body", [None, b"not an envelope"])
def test_bytes_that_say_nothing_count_nothing(
    day: Day, household: Household, body: bytes | None
) -> None:
    tablet = Tablet(day, day.amina)
    cursor = tablet.send().page.end
    day.plan(household.case_id, day.amina)
    visit_id = recorded(day, tablet, household, cursor)
    assert unseen(day, visit_id) == 1
    with day.behind_its_back() as session:
        session.execute(update(DetailRow).values(body=body))
    assert unseen(day, visit_id) == 0


def test_a_visit_recorded_at_the_office_has_no_copy(day: Day, household: Household) -> None:
    assert unseen(day, day.visit(household.case_id, day.amina)) == 0
