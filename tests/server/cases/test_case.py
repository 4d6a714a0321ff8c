"""The page of one case, and what is done there: open, give, take, close."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from server.access.tables import DeviceRow, DeviceStoreRow, ErasureRow
from server.cases.commands import CloseCase, UnassignCase
from server.cases.tables import CaseDebtRow, CaseRow
from server.people.tables import ContactRow, MarkerRow
from server.spine import clock
from server.spine.tables import CaseAccessRow
from server.visits.tables import PlannedVisitRow
from shared.presentation import moment
from tests.server.day import Browser, Day, Household, counted_queries, new_id


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.supervisor)


@pytest.fixture
def household(day: Day) -> Household:
    return day.household("Wilfred Arkwright", debts={"council_tax": 1_000_00, "sundry": 5_00})


def page_of(browser: Browser, household: Household) -> str:
    return browser.get(f"/cases/{household.case_id}")


def test_a_case_shows_what_it_is_about(day: Day, browser: Browser, household: Household) -> None:
    with day.session() as session:
        session.execute(
            insert(ContactRow).values(
                contact_id=new_id(),
                person_id=household.person_id,
                kind="phone",
                value="07700900123",
                source="office",
                recorded_at=clock.now(),
            )
        )
        session.execute(
            insert(MarkerRow).values(
                marker_id=new_id(),
                person_id=household.person_id,
                kind="dangerous_dog",
                from_on=clock.today(),
                review_on=clock.today() + timedelta(days=90),
            )
        )
    day.hold(household.debt_ids[0])
    day.assign(household.case_id, day.amina)
    day.plan(household.case_id, day.amina)
    day.visit(household.case_id, day.amina, "no_answer")
    page = page_of(browser, household)
    for words in (
        "Wilfred Arkwright",
        "C000001",
        "14 Saltmarsh Terrace",
        "Council Tax",
        "£1,000.00",
        "£1,005.00",
        "Breathing space",
        "Dangerous dog",
        "There is a risk to people who visit",
        "07700 900123",
        "Amina Osei",
        "Ask about work",
        "Call it off",
        "No answer",
        "Waiting for review",
    ):
        assert words in page, words


def test_a_case_with_nothing_on_it_yet_says_so(
    day: Day, browser: Browser, household: Household
) -> None:
    page = page_of(browser, household)
    for words in ("Nobody has this case.", "No visit is planned.", "Nobody has visited yet."):
        assert words in page


def test_what_happened_on_a_case_is_told_in_order(
    day: Day, browser: Browser, household: Household
) -> None:
    day.assign(household.case_id, day.amina)
    day.visit(household.case_id, day.amina, "no_answer", notes="Curtains drawn")
    page = browser.get(f"/cases/{household.case_id}/history")
    for words in (
        "Case about Wilfred Arkwright opened",
        "Case given to an officer",
        "Visit: No answer",
        "Curtains drawn",
    ):
        assert words in page
    assert ("cases.history", household.case_id, None) in day.reads(day.supervisor)


def test_joint_debtors_stand_on_each_others_case(day: Day, browser: Browser) -> None:
    first = day.household("Ann Joint")
    second = day.household("Bob Joint")
    with day.session() as session:
        from server.accounts.tables import LiablePartyRow  # noqa: PLC0415 - read in where it is used

        session.execute(
            insert(LiablePartyRow).values(debt_id=first.debt_ids[0], person_id=second.person_id)
        )
    page = page_of(browser, first)
    assert "Bob Joint" in page
    assert f'href="/cases/{second.case_id}">C000002' in page


def test_an_address_to_trace_names_its_case(day: Day, browser: Browser) -> None:
    household = day.household("Nobody In Particular")
    with day.session() as session:
        case_id = new_id()
        session.execute(
            insert(CaseRow).values(
                case_id=case_id,
                reference="C999999",
                address_id=household.address_id,
                opened_at=clock.now(),
            )
        )
    page = browser.get(f"/cases/{case_id}")
    assert "14 Saltmarsh Terrace, Thornholme" in page
    assert "No debt is on this case." in page


def test_a_case_is_given_and_taken(day: Day, browser: Browser, household: Household) -> None:
    url = f"/cases/{household.case_id}"
    assert "Choose an officer" in browser.get(f"{url}/assign")
    page = browser.follow(f"{url}/assign", officer_id=day.amina.user_id)
    assert "The case has been given to the officer" in page
    assert "Take it from Amina Osei" in page
    assert "These officers have it already and keep it: Amina Osei." in browser.get(f"{url}/assign")
    page = browser.follow(f"{url}/unassign", officer_id=day.amina.user_id)
    assert "Nobody has this case." in page
    browser.post(f"{url}/unassign", 409, officer_id=day.amina.user_id)
    browser.post(f"{url}/unassign", 400, officer_id="nobody")


def test_giving_a_case_to_nobody_or_when_closed_says_why(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/cases/{household.case_id}/assign"
    assert "Select an officer" in browser.post(url, 422)
    day.give(day.caseworker, CloseCase(case_id=household.case_id))
    page = browser.post(url, 422, officer_id=day.amina.user_id)
    assert "This case is closed: open it again first" in page


def test_a_case_still_on_a_device_says_so_until_it_is_erased(
    day: Day, browser: Browser, household: Household
) -> None:
    store_id = new_id()
    device_id = new_id()
    with day.session() as session:
        session.execute(
            insert(DeviceRow).values(
                device_id=device_id,
                officer_id=day.amina.user_id,
                public_key=b"k" * 32,
                name="Tablet 7",
                words="",
                state="active",
                enrolled_at=clock.now(),
            )
        )
        session.execute(
            insert(DeviceStoreRow).values(
                store_id=store_id, device_id=device_id, first_seen_at=clock.now()
            )
        )
    day.assign(household.case_id, day.amina)
    assert "still on" not in page_of(browser, household)
    day.give(day.supervisor, UnassignCase(case_id=household.case_id, officer_id=day.amina.user_id))
    with day.session() as session:
        taken_at = session.scalars(select(CaseAccessRow.revoked_at)).one()
    assert taken_at is not None
    assert f"but it is still on Tablet 7 since {moment(taken_at)}" in page_of(browser, household)
    with day.session() as session:
        session.execute(
            insert(ErasureRow).values(
                store_id=store_id, case_id=household.case_id, erased_at=clock.now()
            )
        )
    assert "still on" not in page_of(browser, household)


def test_closing_a_case_calls_off_its_visits_and_takes_it_back(
    day: Day, browser: Browser, household: Household
) -> None:
    day.assign(household.case_id, day.amina)
    day.plan(household.case_id, day.amina)
    url = f"/cases/{household.case_id}/close"
    page = browser.get(url)
    assert "Amina Osei no longer has it" in page
    assert "The visit Amina Osei was to make is called off" in page
    closed = browser.follow(url)
    assert "The case has been closed" in closed
    assert "Plan a visit" not in closed
    with day.session() as session:
        assert session.scalars(select(PlannedVisitRow.state)).all() == ["withdrawn"]
    assert "This case has already been closed." in browser.get(url)
    browser.post(url, 409)


def test_a_case_is_opened_from_what_a_person_owes(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/people/{household.person_id}/case"
    page = browser.get(url)
    assert "A case about this person is open already" in page
    assert "Council Tax" in page
    assert " checked" not in page  # both debts are in the open case
    case_id = new_id()
    there = browser.post(url, case_id=case_id, debt_ids=[household.debt_ids[1]])
    assert there == f"/cases/{case_id}"
    assert browser.post(url, case_id=case_id, debt_ids=[household.debt_ids[1]]) == there
    with day.session() as session:
        debts = session.scalars(select(CaseDebtRow.debt_id).where(CaseDebtRow.case_id == case_id))
        assert list(debts) == [household.debt_ids[1]]


def test_a_case_about_no_debt_or_another_persons_is_refused(
    day: Day, browser: Browser, household: Household
) -> None:
    url = f"/people/{household.person_id}/case"
    assert "Select the debts the case is about" in browser.post(url, 422, case_id=new_id())
    other = day.household("Somebody Else")
    page = browser.post(url, 422, case_id=new_id(), debt_ids=[other.debt_ids[0]])
    assert "Select from the debts shown" in page
    taken = browser.post(url, 422, case_id=household.case_id, debt_ids=[household.debt_ids[0]])
    assert "This case has already been opened" in taken


def test_somebody_who_owes_nothing_has_nothing_to_open_a_case_about(
    day: Day, browser: Browser
) -> None:
    from server.people.tables import PersonRow  # noqa: PLC0415 - read in where it is used

    person_id = new_id()
    with day.session() as session:
        session.execute(
            insert(PersonRow).values(
                person_id=person_id, kind="individual", name="No Debts", recorded_at=clock.now()
            )
        )
    assert "Nothing to open a case about" in browser.get(f"/people/{person_id}/case")


def test_what_is_not_there_is_not_found(browser: Browser) -> None:
    nowhere = new_id()
    browser.get(f"/cases/{nowhere}", 404)
    browser.get(f"/cases/{nowhere}/assign", 404)
    browser.get(f"/cases/{nowhere}/close", 404)
    browser.get(f"/people/{nowhere}/case", 404)
    browser.get("/cases/nonsense", 404)


def test_an_officer_opens_no_page_about_cases(day: Day, household: Household) -> None:
    officer = day.browser(day.amina)
    url = f"/cases/{household.case_id}"
    for page in (url, f"{url}/assign", f"{url}/close", f"/people/{household.person_id}/case"):
        officer.get(page, 403)
    for action in ("assign", "unassign", "close"):
        officer.post(f"{url}/{action}", 403)


def test_links_lead_only_where_one_may_go(day: Day, household: Household) -> None:
    onlooker = day.browser(day.someone("Olive Look", ("cases.see",)))
    page = onlooker.get(f"/cases/{household.case_id}")
    assert "Wilfred Arkwright" in page
    assert "/people/" not in page
    assert "/accounts/" not in page
    assert "Plan a visit" not in page


def test_a_fuller_case_takes_no_more_queries(
    day: Day, browser: Browser, household: Household
) -> None:
    day.assign(household.case_id, day.amina)
    day.plan(household.case_id, day.amina)
    day.visit(household.case_id, day.amina)
    with counted_queries(day.app) as few:
        page_of(browser, household)
    day.assign(household.case_id, day.bryn)
    for number in range(4):
        day.plan(household.case_id, day.bryn, clock.today() + timedelta(days=number))
        day.visit(household.case_id, day.bryn)
    for debt_id in household.debt_ids:
        day.hold(debt_id)
    with counted_queries(day.app) as many:
        page_of(browser, household)
    assert len(many) == len(few)


def test_who_opened_a_case_is_noted(day: Day, browser: Browser, household: Household) -> None:
    page_of(browser, household)
    assert day.reads(day.supervisor) == [("cases.case", household.case_id, None)]
