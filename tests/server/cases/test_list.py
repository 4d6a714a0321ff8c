"""The list of cases: filtered, sorted, paged, and what was asked for still there on return."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.cases.commands import CloseCase
from server.spine import clock
from tests.server.day import Browser, Day, counted_queries


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.caseworker)


def test_an_empty_list_says_how_cases_come_to_be(browser: Browser) -> None:
    assert "No cases yet" in browser.get("/cases")


def test_a_case_stands_with_its_place_its_debts_and_its_officer(day: Day, browser: Browser) -> None:
    household = day.household(
        "Wilfred Arkwright",
        debts={"council_tax": 1_000_00, "sundry": 234_50},
        officers=[day.amina],
    )
    day.hold(household.debt_ids[0])
    day.visit(household.case_id, day.amina, "no_answer")
    day.plan(household.case_id, day.amina, clock.today() - timedelta(days=1))
    page = browser.get("/cases")
    for words in (
        "Wilfred Arkwright",
        "14 Saltmarsh Terrace",
        "TH4 9QX",
        "Council Tax, Sundry debt",
        "£1,234.50",
        "On hold",
        "Amina Osei",
        "No answer",
        "Overdue",
    ):
        assert words in page


FILTERS = {
    "": {"Arkwright", "Castellanos", "Saltmarsh Cold Stores"},
    "officer={amina}": {"Arkwright"},
    "officer=nobody": {"Castellanos", "Saltmarsh Cold Stores"},
    "held=yes": {"Castellanos"},
    "held=no": {"Arkwright", "Saltmarsh Cold Stores"},
    "debt_type=business_rates": {"Saltmarsh Cold Stores"},
    "postcode=th4": {"Arkwright", "Castellanos"},
    "postcode=TH49QX": {"Arkwright"},
    "text=cold%20stores": {"Saltmarsh Cold Stores"},
    "text=quern": {"Castellanos"},
    "text=C000001": {"Arkwright"},
    "text=%25": set[str](),
    "text=arkwright&officer=nobody": set[str](),
    "state=closed": set[str](),
}


def test_a_filter_keeps_what_it_wants(
    day: Day, browser: Browser, subtests: pytest.Subtests
) -> None:
    day.household("Arkwright", "TH4 9QX", officers=[day.amina])
    maryam = day.household("Castellanos", "TH4 2AB", lines="3 Quern Lane")
    day.household("Saltmarsh Cold Stores", "TH9 1AA", {"business_rates": 5_000_00})
    day.hold(maryam.debt_ids[0])
    for query, found in FILTERS.items():
        with subtests.test(query):
            page = browser.get(f"/cases?{query.format(amina=day.amina.user_id)}")
            names = {name for name in FILTERS[""] if f"</span>{name}</label>" in page}
            assert names == found
            assert ("No case matches" in page) == (not found)


def test_a_filter_in_force_can_be_taken_away_alone(day: Day, browser: Browser) -> None:
    day.household("Arkwright")
    page = browser.get("/cases?text=ark&postcode=TH4")
    assert 'href="/cases?postcode=TH4"' in page
    assert 'href="/cases?text=ark"' in page


def test_a_filter_that_cannot_be_read_says_why_and_filters_nothing(
    day: Day, browser: Browser
) -> None:
    day.household("Arkwright")
    page = browser.get(f"/cases?text={'x' * 101}&officer=somebody")
    assert "Arkwright" in page
    assert "Shorten this to 100 characters or fewer" in page


def test_closed_cases_are_listed_when_asked_for(day: Day, browser: Browser) -> None:
    household = day.household("Arkwright")
    day.give(day.caseworker, CloseCase(case_id=household.case_id))
    assert "Arkwright" not in browser.get("/cases")
    page = browser.get("/cases?state=closed")
    assert "Arkwright" in page
    assert "Give or take cases" not in page


def test_the_list_is_sorted_by_what_its_headings_say(day: Day, browser: Browser) -> None:
    for name, pence in (("Ann", 3_00), ("Bea", 1_00), ("Cis", 2_00)):
        day.household(name, debts={"sundry": pence})

    def order(query: str) -> list[str]:
        page = browser.get(f"/cases?{query}")
        return sorted(("Ann", "Bea", "Cis"), key=lambda name: page.index(f"</span>{name}<"))

    assert order("") == ["Cis", "Bea", "Ann"]
    assert order("sort=name") == ["Ann", "Bea", "Cis"]
    assert order("sort=name&order=down") == ["Cis", "Bea", "Ann"]
    assert order("sort=balance") == ["Ann", "Cis", "Bea"]
    assert order("sort=balance&order=up") == ["Bea", "Cis", "Ann"]
    assert order("sort=nothing") == ["Cis", "Bea", "Ann"]


def test_more_than_fifty_are_paged_and_keep_filter_and_order(day: Day, browser: Browser) -> None:
    for number in range(51):
        day.household(f"Person {number}")
    page = browser.get("/cases?text=person&sort=name")
    assert "Showing 1 to 50 of 51" in page
    assert "text=person&amp;sort=name&amp;page=2" in page
    assert "Showing 51 to 51 of 51" in browser.get("/cases?text=person&sort=name&page=2")


def test_a_longer_list_takes_no_more_queries(day: Day, browser: Browser) -> None:
    day.household("One", officers=[day.amina])
    with counted_queries(day.app) as few:
        browser.get("/cases")
    for number in range(6):
        household = day.household(f"Number {number}", officers=[day.amina, day.bryn])
        day.visit(household.case_id, day.amina)
    with counted_queries(day.app) as many:
        browser.get("/cases")
    assert len(many) == len(few)


def test_an_officer_does_not_see_the_list(day: Day) -> None:
    day.browser(day.amina).get("/cases", status=403)


def test_a_caseworker_who_may_not_assign_is_offered_no_boxes(day: Day) -> None:
    day.household("Arkwright")
    onlooker = day.someone("Olive Look", ("worktray.see", "cases.see"))
    page = day.browser(onlooker).get("/cases")
    assert "Arkwright" in page
    assert "case_id" not in page
    day.browser(onlooker).post("/cases", 403)


def test_what_was_listed_is_noted(day: Day, browser: Browser) -> None:
    day.household("Arkwright")
    browser.get("/cases")
    assert day.reads(day.caseworker) == [("cases.list", None, 1)]
