"""Home: each sees their own trays, with counts, what to do next, and why."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.spine import clock
from server.worktray.commands import RaiseTask
from shared.reviews import ApproveVisit
from tests.server.day import Day, counted_queries, new_id


def test_an_empty_office_says_what_would_be_there(day: Day) -> None:
    page = day.browser(day.supervisor).get("/")
    assert "Nothing waits here" in page
    for tray in ("flagged", "aside", "reviews", "due", "find_liable", "tasks"):
        assert "Nothing waits here" in day.browser(day.supervisor).get(f"/?tray={tray}")


def test_a_supervisor_sees_every_tray_and_a_caseworker_their_own(day: Day) -> None:
    supervisor = day.browser(day.supervisor).get("/")
    caseworker = day.browser(day.caseworker).get("/")
    for title in ("Flagged visits", "Set aside from devices", "Visits back for review"):
        assert title in supervisor
        assert title not in caseworker
    for title in ("Visits due", "People not found", "Tasks"):
        assert title in supervisor
        assert title in caseworker


def test_an_officer_is_told_that_their_work_is_on_the_device(day: Day) -> None:
    day.household("Wilfred Arkwright", officers=[day.amina])
    day.household("Maryam Castellanos", officers=[day.amina])
    page = day.browser(day.amina).get("/")
    assert "Your work is on your device" in page
    assert "2 cases are assigned to you" in page
    assert "No case is assigned to you" in day.browser(day.bryn).get("/")


def test_an_administrator_is_shown_where_to_go(day: Day) -> None:
    page = day.browser(day.administrator).get("/")
    assert "Where to go" in page
    assert 'href="/users"' in page
    assert 'href="/devices"' in page
    assert 'href="/jobs"' in page


def test_somebody_not_signed_in_is_asked_to(day: Day) -> None:
    answer = day.app.test_client().get("/")
    assert answer.status_code == 302
    assert "/sign-in" in answer.headers["Location"]


def test_each_tray_counts_what_waits_in_it(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    day.plan(household.case_id, day.amina, clock.today() - timedelta(days=2))
    day.visit(household.case_id, day.amina)
    day.hold(household.debt_ids[0])
    day.visit(household.case_id, day.amina, "no_answer")
    page = day.browser(day.supervisor).get("/?tray=reviews")
    assert page.count("Wilfred Arkwright") == 2
    flagged = day.browser(day.supervisor).get("/?tray=flagged")
    assert flagged.count("Wilfred Arkwright") == 1
    assert "A hold was in force on the day of the visit" in flagged
    assert "Decide whether the visit stands" in flagged


def test_a_reviewed_visit_leaves_its_tray(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    visit_id = day.visit(household.case_id, day.amina)
    assert "Wilfred" in day.browser(day.supervisor).get("/?tray=reviews")
    day.give(day.supervisor, ApproveVisit(visit_id=visit_id, case_id=household.case_id))
    assert "Wilfred" not in day.browser(day.supervisor).get("/?tray=reviews")


def test_a_due_visit_says_what_to_do_next(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    day.plan(household.case_id, day.amina, clock.today() - timedelta(days=2))
    page = day.browser(day.caseworker).get("/?tray=due")
    assert "Ring Amina Osei" in page
    assert "has not connected since" in page


def test_a_hold_speaks_against_a_due_visit_unless_it_is_about_welfare(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    day.hold(household.debt_ids[0])
    day.plan(household.case_id, day.amina, purpose="welfare")
    browser = day.browser(day.caseworker)
    assert "on hold" not in browser.get("/?tray=due")
    day.plan(household.case_id, day.amina)
    assert "Recovery of a debt on the case is on hold" in browser.get("/?tray=due")


def test_trays_of_visits_are_narrowed_to_one_officer(day: Day) -> None:
    mine = day.household("Wilfred Arkwright", officers=[day.amina])
    other = day.household("Maryam Castellanos", officers=[day.bryn])
    for household, officer in ((mine, day.amina), (other, day.bryn)):
        day.plan(household.case_id, officer)
        day.visit(household.case_id, officer)
    for tray in ("due", "reviews"):
        page = day.browser(day.supervisor).get(f"/?tray={tray}&officer={day.amina.user_id}")
        assert "Wilfred Arkwright" in page
        assert "Maryam Castellanos" not in page
        assert "Remove this filter" in page
    nobody = day.someone("Nobody New", ("visits.record",))
    page = day.browser(day.supervisor).get(f"/?tray=due&officer={nobody.user_id}")
    assert "Nothing matches" in page


def test_a_filter_that_cannot_be_read_filters_nothing(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    day.plan(household.case_id, day.amina)
    page = day.browser(day.supervisor).get("/?tray=due&officer=somebody&page=nine")
    assert "Wilfred Arkwright" in page
    assert "Choose one of the answers" in page


def test_people_not_found_stand_with_what_is_owed_the_largest_first(day: Day) -> None:
    for name, pence in (("Small", 1_00), ("Large", 9_000_00)):
        household = day.household(name, debts={"business_rates": pence})
        day.give(
            day.caseworker,
            RaiseTask(task_id=new_id(), kind="find_liable", account_id=household.account_ids[0]),
        )
    page = day.browser(day.caseworker).get("/?tray=find_liable")
    assert page.index("£9,000.00") < page.index("£1.00")
    assert "Find who is liable: start with the address" in page


def test_tasks_are_narrowed_to_mine_and_to_nobodys(day: Day) -> None:
    mine, nobodys = day.household("Mine"), day.household("Nobodys")
    for household, owner in ((mine, day.caseworker.user_id), (nobodys, None)):
        day.give(
            day.caseworker,
            RaiseTask(
                task_id=new_id(), kind="ring_back", case_id=household.case_id, owner_id=owner
            ),
        )
    browser = day.browser(day.caseworker)
    page = browser.get(f"/?tray=tasks&owner={day.caseworker.user_id}")
    assert ">Mine<" in page
    assert ">Nobodys<" not in page
    page = browser.get("/?tray=tasks&owner=nobody")
    assert ">Nobodys<" in page
    assert ">Mine<" not in page


def test_a_tray_of_more_than_fifty_has_pages_that_keep_the_filter(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    for number in range(51):
        day.plan(household.case_id, day.amina, clock.today() - timedelta(days=number))
    url = f"/?tray=due&officer={day.amina.user_id}"
    page = day.browser(day.supervisor).get(url)
    assert "Showing 1 to 50 of 51" in page
    assert f"officer={day.amina.user_id}&amp;page=2" in page or "page=2" in page
    assert "Showing 51 to 51 of 51" in day.browser(day.supervisor).get(f"{url}&page=2")
    assert "Showing 51 to 51 of 51" in day.browser(day.supervisor).get(f"{url}&page=99")


@pytest.mark.parametrize("tray", ["reviews", "due", "find_liable", "tasks", "flagged"])
def test_a_longer_tray_takes_no_more_queries(day: Day, tray: str) -> None:
    def fill(name: str) -> None:
        household = day.household(name, officers=[day.amina])
        day.hold(household.debt_ids[0])
        day.plan(household.case_id, day.amina)
        day.visit(household.case_id, day.amina)
        for kind in ("find_liable", "ring_back"):
            day.give(
                day.caseworker,
                RaiseTask(task_id=new_id(), kind=kind, account_id=household.account_ids[0]),
            )

    browser = day.browser(day.supervisor)
    fill("One")
    with counted_queries(day.app) as few:
        browser.get(f"/?tray={tray}")
    for number in range(6):
        fill(f"Number {number}")
    with counted_queries(day.app) as many:
        browser.get(f"/?tray={tray}")
    assert len(many) == len(few)


def test_what_was_shown_is_noted(day: Day) -> None:
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    day.plan(household.case_id, day.amina)
    day.browser(day.supervisor).get("/?tray=due")
    assert day.reads(day.supervisor) == [("worktray.due", None, 1)]


def test_an_address_of_nothing_keeps_the_way_back_to_work(day: Day) -> None:
    page = day.browser(day.supervisor).get("/nothing", 404)
    assert "Page not found" in page
    assert "Sign out" in page
    assert 'href="/cases"' in page


def test_a_page_that_cannot_be_used_like_that_says_how_it_can(day: Day) -> None:
    client = day.app.test_client()
    for address in ("/sign-out", "/device/v1/state"):
        answer = client.put(address)
        assert (answer.status_code, answer.allow) == (405, {"OPTIONS", "POST"})
