"""Planning a visit: who, why, when; the case goes with it when the officer does not have it yet."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from server.cases.commands import CloseCase
from server.spine import clock
from server.spine.tables import CaseAccessRow, CommandRow
from server.visits.tables import PlannedVisitRow
from tests.server.day import CASEWORKER, Browser, Day, Household, Someone, new_id


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright")


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


def answers(officer: Someone, on: date | None = None, **more: str) -> dict[str, Any]:
    day = on or clock.today() + timedelta(days=1)
    return {
        "officer_id": officer.user_id,
        "purpose": "arrears",
        "planned_on-day": str(day.day),
        "planned_on-month": str(day.month),
        "planned_on-year": str(day.year),
        "command_id": new_id(),
        **more,
    }


def plans(day: Day) -> list[PlannedVisitRow]:
    with day.session() as session:
        found = list(session.scalars(select(PlannedVisitRow)))
        session.expunge_all()
        return found


def test_a_visit_is_planned_for_an_officer_who_has_the_case(
    day: Day, browser: Browser, household: Household
) -> None:
    day.assign(household.case_id, day.amina)
    url = f"/cases/{household.case_id}/visits/new"
    page = browser.get(url)
    assert "Has this case" in page
    assert page.count(" checked") == 1  # the one officer who has it
    page = browser.follow(url, **answers(day.amina, instructions="Ask about work"))
    assert "The visit has been planned" in page
    (plan,) = plans(day)
    assert (plan.officer_id, plan.purpose) == (day.amina.user_id, "arrears")
    assert plan.instructions == "Ask about work"


def test_an_officer_without_the_case_is_given_it_in_the_same_step(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/cases/{household.case_id}/visits/new"
    assert "Nobody has this case yet" in browser.get(url)
    asked = answers(day.bryn)
    browser.post(url, **asked)
    browser.post(url, **asked)
    assert len(plans(day)) == 1
    with day.session() as session:
        assert session.scalars(select(CaseAccessRow.officer_id)).all() == [day.bryn.user_id]
        names = sorted(session.scalars(select(CommandRow.name)))
    assert names == ["AssignCase", "OpenCase", "PlanVisit"]


def test_a_plan_that_is_refused_gives_no_case_either(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/cases/{household.case_id}/visits/new"
    page = browser.post(url, 422, **answers(day.bryn, on=clock.today() - timedelta(days=1)))
    assert "Choose today or a later day for the visit" in page
    with day.session() as session:
        assert session.scalars(select(CaseAccessRow.officer_id)).all() == []


def test_whoever_may_not_assign_plans_for_those_who_have_the_case(
    day: Day, household: Household
) -> None:
    may = tuple(each for each in CASEWORKER if each != "cases.assign")
    planner = day.browser(day.someone("Plan Only", may))
    url = f"/cases/{household.case_id}/visits/new"
    page = planner.post(url, 422, **answers(day.amina))
    assert "Assign the case to this officer first" in page
    day.assign(household.case_id, day.amina)
    planner.post(url, **answers(day.amina))
    assert len(plans(day)) == 1


def test_what_is_missing_is_said_and_what_was_typed_stays(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/cases/{household.case_id}/visits/new"
    page = browser.post(url, 422, instructions="Bring the form", **{"planned_on-day": "31"})
    for words in (
        "Select an officer",
        "Select a purpose",
        "Enter a day, a month and a year",
        "Bring the form",
    ):
        assert words in page
    page = browser.post(url, 422, **answers(day.amina, instructions="x" * 1_001))
    assert "Shorten this to 1000 characters or fewer" in page


def test_a_hold_is_shown_before_a_visit_is_planned(
    day: Day, browser: Browser, household: Household
) -> None:
    day.hold(household.debt_ids[0])
    page = browser.get(f"/cases/{household.case_id}/visits/new")
    assert "Breathing space" in page
    assert "Plan a visit only for what the hold allows" in page


def test_a_visit_already_planned_is_shown(day: Day, browser: Browser, household: Household) -> None:
    day.assign(household.case_id, day.amina)
    day.plan(household.case_id, day.amina)
    assert "A visit is planned already" in browser.get(f"/cases/{household.case_id}/visits/new")


def test_no_visit_is_planned_on_a_closed_case(
    day: Day, browser: Browser, household: Household
) -> None:
    day.give(day.caseworker, CloseCase(case_id=household.case_id))
    page = browser.post(f"/cases/{household.case_id}/visits/new", 422, **answers(day.amina))
    assert "This case is closed: open it again first" in page


def test_a_planned_visit_is_called_off_once(
    day: Day, browser: Browser, household: Household
) -> None:
    day.assign(household.case_id, day.amina)
    planned = day.plan(household.case_id, day.amina)
    url = f"/cases/{household.case_id}/visits/{planned}/withdraw"
    assert "The planned visit has been called off" in browser.follow(url)
    assert plans(day)[0].state == "withdrawn"
    assert "already been closed" in browser.post(url, 409)
    browser.post(f"/cases/{household.case_id}/visits/{new_id()}/withdraw", 409)


def test_nothing_is_planned_by_an_officer_or_on_no_case(
    day: Day, browser: Browser, household: Household
) -> None:
    officer = day.browser(day.amina)
    officer.get(f"/cases/{household.case_id}/visits/new", 403)
    officer.post(f"/cases/{household.case_id}/visits/new", 403)
    browser.get(f"/cases/{new_id()}/visits/new", 404)
