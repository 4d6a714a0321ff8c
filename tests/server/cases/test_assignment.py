"""Many cases to an officer at once: shown first, done once, reported case by case, or as a job."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select, update

from server.access.tables import UserRow
from server.cases import assigning
from server.cases.commands import CloseCase
from server.spine import worker
from server.spine.tables import CaseAccessRow, CommandRow, JobRow
from tests.server.day import Browser, Day, Household, Someone


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


@pytest.fixture
def three(day: Day) -> list[Household]:
    return [day.household(name) for name in ("Ann", "Bea", "Cis")]


def holders(day: Day, officer: Someone) -> set[str]:
    with day.session() as session:
        found = select(CaseAccessRow.case_id).where(
            CaseAccessRow.officer_id == officer.user_id, CaseAccessRow.granted
        )
        return set(session.scalars(found))


def hidden(page: str) -> dict[str, Any]:
    """Read the hidden fields of the form that confirms."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page):
        found.setdefault(name, []).append(value.replace("&amp;", "&"))
    return found


def ids(households: Sequence[Household]) -> list[str]:
    return [household.case_id for household in households]


def test_ticked_cases_are_shown_first_and_then_given(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    day.assign(three[2].case_id, day.amina)
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three), officer_id=day.amina.user_id, what="give"
    )
    assert "Go to Amina Osei" in page
    assert "Give 2 cases" in page
    assert holders(day, day.amina) == {three[2].case_id}
    assert browser.post("/cases/assignment", **hidden(page)) == "/cases"
    assert holders(day, day.amina) == set(ids(three))
    assert "2 cases were given. 1 needed no change." in browser.get("/cases")


def test_pressing_twice_gives_each_case_once(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three), officer_id=day.amina.user_id
    )
    browser.post("/cases/assignment", **hidden(page))
    browser.post("/cases/assignment", **hidden(page))
    with day.session() as session:
        names = list(session.scalars(select(CommandRow.name)))
    assert names.count("AssignCase") == 3


def test_cases_are_taken_from_an_officer(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    for household in three[:2]:
        day.assign(household.case_id, day.amina)
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three), officer_id=day.amina.user_id, what="take"
    )
    assert "Leave Amina Osei" in page
    assert "Take 2 cases" in page
    browser.post("/cases/assignment", **hidden(page))
    assert holders(day, day.amina) == set()
    assert "2 cases were taken. 1 needed no change." in browser.get("/cases")


def test_every_case_of_a_filtered_list_is_given(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    day.household("Elsewhere", "ZZ1 1ZZ")
    page = browser.post(
        "/cases?postcode=TH4&sort=name", 200, scope="all", officer_id=day.amina.user_id
    )
    assert "Give 3 cases" in page
    assert browser.post("/cases/assignment", **hidden(page)) == "/cases?postcode=TH4&sort=name"
    assert holders(day, day.amina) == set(ids(three))


def test_a_list_that_moved_meanwhile_is_shown_again(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    page = browser.post("/cases?postcode=TH4", 200, scope="all", officer_id=day.amina.user_id)
    day.household("New")
    again = browser.post("/cases/assignment", 409, **hidden(page))
    assert "The list has changed since you looked" in again
    assert "Give 4 cases" in again
    assert holders(day, day.amina) == set()
    browser.post("/cases/assignment", **hidden(again))
    assert len(holders(day, day.amina)) == 4


def test_nothing_ticked_is_said_beside_the_question(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    page = browser.post("/cases?text=n", 422, scope="ticked", officer_id=day.amina.user_id)
    assert "Tick the cases first, or choose every case" in page
    assert 'value="n"' in page


def test_no_officer_chosen_keeps_what_was_ticked(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    page = browser.post("/cases", 422, case_id=[three[0].case_id], scope="ticked", what="give")
    assert "Select an officer" in page
    assert page.count(" checked") == 2  # the case, and "those ticked on this page"


def test_what_is_no_case_is_refused(day: Day, browser: Browser) -> None:
    day.household("Ann")
    browser.post("/cases", 400, scope="ticked", case_id=["nonsense"], officer_id=day.amina.user_id)
    browser.post(
        "/cases/assignment", 400, scope="ticked", case_id=["nonsense"], officer_id=day.amina.user_id
    )


def test_nothing_to_change_is_said(day: Day, browser: Browser, three: list[Household]) -> None:
    day.assign(three[0].case_id, day.amina)
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three[:1]), officer_id=day.amina.user_id
    )
    assert "There is nothing to change" in page


def test_a_case_closed_meanwhile_is_reported_by_name(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three), officer_id=day.amina.user_id
    )
    day.give(day.caseworker, CloseCase(case_id=three[1].case_id))
    report = browser.post("/cases/assignment", 200, **hidden(page))
    assert "Some cases could not be given" in report
    assert "Bea" in report
    assert "This case is closed: open it again first" in report
    assert holders(day, day.amina) == {three[0].case_id, three[2].case_id}


def test_a_closed_case_is_counted_apart_before_anything_is_done(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    day.give(day.caseworker, CloseCase(case_id=three[1].case_id))
    page = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three), officer_id=day.amina.user_id
    )
    assert "Closed, so they stay as they are" in page
    assert "Give 2 cases" in page


def test_an_officer_who_has_left_can_be_relieved_but_not_burdened(
    day: Day, browser: Browser, three: list[Household]
) -> None:
    day.assign(three[0].case_id, day.bryn)
    with day.session() as session:
        session.execute(
            update(UserRow).where(UserRow.user_id == day.bryn.user_id).values(active=False)
        )
    give = browser.post(
        "/cases", 200, scope="ticked", case_id=ids(three[1:]), officer_id=day.bryn.user_id
    )
    report = browser.post("/cases/assignment", 200, **hidden(give))
    assert "Choose someone who goes out on visits" in report
    take = browser.post(
        "/cases",
        200,
        scope="ticked",
        case_id=ids(three[:1]),
        officer_id=day.bryn.user_id,
        what="take",
    )
    browser.post("/cases/assignment", **hidden(take))
    assert holders(day, day.bryn) == set()


def test_very_many_are_a_job_that_reports_what_came_of_it(
    day: Day, browser: Browser, three: list[Household], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assigning, "AT_ONCE_MAX", 2)
    day.assign(three[0].case_id, day.amina)
    page = browser.post("/cases", 200, scope="all", officer_id=day.amina.user_id)
    assert "This takes a while" in page
    there = browser.post("/cases/assignment", **hidden(page))
    assert browser.post("/cases/assignment", **hidden(page)) == there
    waiting = browser.get(there)
    assert "Give cases to an officer" in waiting
    assert "Look again" in waiting
    day.give(day.caseworker, CloseCase(case_id=three[2].case_id))
    worker.run_worker(day.app, wait=False)
    done = browser.get(there)
    for words in (
        "Cases given: 1",
        "Cases with nothing to change: 1",
        "Cases refused: 1. This case is closed: open it again first",
        "See the cases",
    ):
        assert words in done
    with day.session() as session:
        (job,) = session.scalars(select(JobRow))
        assert job.result["figures"]["refused"] == {three[2].case_id: "case.closed"}
    assert holders(day, day.amina) == {three[0].case_id, three[1].case_id}


def test_a_caseworker_without_the_permission_gives_nothing(
    day: Day, three: list[Household]
) -> None:
    onlooker = day.browser(day.someone("Olive Look", ("cases.see",)))
    onlooker.post("/cases", 403, case_id=ids(three), officer_id=day.amina.user_id)
    onlooker.post("/cases/assignment", 403, case_id=ids(three), officer_id=day.amina.user_id)
