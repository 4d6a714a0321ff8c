"""The whole day in a real browser: planned, made without a network through two restarts, reviewed."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import date, datetime

import pytest
from playwright.sync_api import Page, expect

from server.demo.pairing import PASSPHRASE
from server.demo.processes import Process
from server.spine.clock import LOCAL
from tests.browser import DESK, PHONE, PageAt
from tests.e2e.council import RunningCouncil
from tests.e2e.proxy import Proxy, Weather
from tests.e2e.steps import LOOKS, enrol, origin_of, press_sync, read_warnings, sign_in, waits

pytestmark = [pytest.mark.enable_socket, pytest.mark.browser, pytest.mark.timeout(300)]


def plan_visits(page: Page, council: RunningCouncil) -> list[str]:
    """Plan three visits for the officer on the office's own pages."""
    cases = [
        str(case_id)
        for (case_id,) in council.ask(
            "SELECT case_id FROM case_access WHERE officer_id = %s AND granted "
            "ORDER BY case_id LIMIT 3",
            council.officer_id,
        )
    ]
    for case_id in cases:
        page.goto(f"{council.address}/cases/{case_id}/visits/new")
        page.get_by_label("Olive Marsh").check()
        page.get_by_label("Talk about what is owed").check()
        page.get_by_label("What to achieve").fill("Ask about instalments.")
        fill_day(page, "planned_on", datetime.now(LOCAL).date())
        page.get_by_role("button", name="Plan this visit").click()
        page.wait_for_url(f"**/cases/{case_id}")
    return cases


def fill_day(page: Page, name: str, day: date) -> None:
    for part, value in (("day", day.day), ("month", day.month), ("year", day.year)):
        page.locator(f"[name='{name}-{part}']").fill(str(value))


def record_visit(device: Page, case_id: str, note: str) -> None:
    origin = origin_of(device)
    device.goto(f"{origin}/cases/{case_id}")
    read_warnings(device)
    device.goto(f"{origin}/cases/{case_id}/visit")
    device.get_by_label("No answer").check()
    device.get_by_label("Notes").fill(note)
    device.get_by_role("button", name="Save visit").click()
    device.wait_for_url("**/saved/*")


def test_three_visits_made_without_a_network_are_reviewed_in_the_office(
    council: RunningCouncil, page_at: PageAt
) -> None:
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        supervisor, approver, phone = page_at(DESK), page_at(DESK), page_at(PHONE)
        sign_in(supervisor, council.address, "supervisor")
        sign_in(approver, council.address, "supervisor2")
        cases = plan_visits(supervisor, council)
        device = Process("field", "--browser", home=council.home)
        stack.callback(device.end)
        enrol(phone, supervisor, approver, device.wait_for("enrol")["address"], proxy)
        waits(phone, 0)
        notes = [f"Visit {weather.value} of the day" for weather in list(Weather)[1:]]
        for case_id, weather, note in zip(cases, list(Weather)[1:], notes, strict=True):
            proxy.turn(weather)
            record_visit(phone, case_id, note)
            press_sync(phone)
        waits(phone, 3)

        phone.goto("about:blank")
        device.kill()
        again = Process("field", "--browser", home=council.home)
        stack.callback(again.end)
        stack.callback(phone.close)
        phone.goto(again.wait_for("locked")["address"])
        phone.get_by_label("Passphrase").fill(PASSPHRASE)
        phone.get_by_role("button", name="Unlock").click()
        phone.wait_for_url("**/today")
        waits(phone, 3)

        proxy.turn(Weather.FAIR)
        press_sync(phone)
        waits(phone, 0)
        stored = council.ask("SELECT notes, count(*) FROM visit GROUP BY notes")
        assert {note: n for note, n in stored if note in notes} == dict.fromkeys(notes, 1)

        review(supervisor, council, notes)
        press_sync(phone)
        origin = origin_of(phone)
        expect_comment(phone, origin, cases)


def review(page: Page, council: RunningCouncil, notes: list[str]) -> None:
    """Return the first visit with a comment and approve the others."""
    for number, note in enumerate(notes):
        (visit_id,) = council.ask("SELECT visit_id FROM visit WHERE notes = %s", note)[0]
        page.goto(f"{council.address}/visits/{visit_id}")
        expect(page.locator("main")).to_contain_text(note)
        if number == 0:
            page.locator("main form[action$='/return'] [name=about][value=notes]").check()
            page.locator("main form[action$='/return'] textarea").fill("Which card did you leave?")
            button = page.locator("main form[action$='/return'] button[type=submit]")
        else:
            button = page.locator("main form[action$='/approve'] button")
        with page.expect_navigation():
            button.click()
        expect(page.locator("main")).not_to_contain_text("There is a problem")
    reviews = council.ask("SELECT review FROM visit WHERE notes = ANY(%s) ORDER BY 1", notes)
    assert reviews == [("approved",), ("approved",), ("returned",)]


def expect_comment(phone: Page, origin: str, cases: list[str]) -> None:
    """See the supervisor's comment come back to the device."""
    for _look in range(LOOKS):
        phone.goto(f"{origin}/cases/{cases[0]}")
        if "Which card did you leave?" in phone.locator("body").inner_text():
            return
        phone.wait_for_timeout(500)
    raise AssertionError("the supervisor's comment never reached the device")
