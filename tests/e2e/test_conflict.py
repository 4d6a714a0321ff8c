"""A conflict in a real browser: said on a device, decided in the office's tray, told on the device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing

import pytest
from playwright.sync_api import Page, expect

from server.demo.processes import Process
from tests.browser import DESK, PHONE, PageAt
from tests.e2e.council import RunningCouncil
from tests.e2e.proxy import Proxy, Weather
from tests.e2e.steps import LOOKS, enrol, origin_of, press_sync, read_warnings, sign_in, waits

pytestmark = [pytest.mark.enable_socket, pytest.mark.browser, pytest.mark.timeout(300)]

Look = Callable[[str, Page], None]
"""What is done with each page on the way: nothing, or a picture."""


def case_of_somebody(council: RunningCouncil) -> tuple[str, str]:
    """Find a case of the officer about one individual."""
    ((case_id, person_id),) = council.ask(
        'SELECT "case".case_id, person.person_id FROM case_access '
        'JOIN "case" USING (case_id) JOIN person USING (person_id) '
        "WHERE officer_id = %s AND granted AND person.kind = 'individual' "
        "ORDER BY case_id LIMIT 1",
        council.officer_id,
    )
    return str(case_id), str(person_id)


def correct_on_device(device: Page, case_id: str, look: Look) -> None:
    """Say on the device, without a network, that the person prefers Polish."""
    device.goto(f"{origin_of(device)}/cases/{case_id}")
    read_warnings(device)
    device.get_by_role("link", name="Correct details").click()
    device.get_by_label("Language they prefer").fill("Polish")
    device.get_by_label("An interpreter").check()
    look("device-details", device)
    device.get_by_role("button", name="Save").click()
    device.wait_for_url("**/saved/*")
    device.goto(f"{origin_of(device)}/cases/{case_id}")
    expect(device.locator("main")).to_contain_text("Polish Not sent yet")
    look("device-case-pending", device)


def correct_in_office(office: Page, address: str, person_id: str) -> None:
    """Say in the office that the same person prefers Welsh."""
    office.goto(f"{address}/people/{person_id}/details")
    office.get_by_label("Language they prefer").fill("Welsh")
    office.get_by_role("button", name="Save").click()
    expect(office.locator("main")).to_contain_text("The details have been put right")


def decide(office: Page, address: str, look: Look) -> None:
    """Decide for what the officer says, from the worktray."""
    office.goto(f"{address}/?tray=conflicts")
    look("office-tray", office)
    office.get_by_role("link", name="Language they prefer").click()
    expect(office.locator("main")).to_contain_text("Welsh")
    office.get_by_label("Olive Marsh").check()
    office.get_by_label("What do you want the officer to know?").fill("I rang her: it is Polish.")
    look("office-conflict", office)
    office.get_by_role("button", name="Decide").click()
    expect(office.locator("main")).to_contain_text("Decided. The officer is told")


def told(device: Page, look: Look) -> None:
    """See on the device what was decided, and say that it has been read."""
    for _look in range(LOOKS):
        device.goto(f"{origin_of(device)}/outbox")
        if "Needs you" in device.locator("main").inner_text():
            break
        device.wait_for_timeout(500)
    look("device-outbox-needs-you", device)
    device.get_by_role("link", name="Details put right").click()
    expect(device.locator("main")).to_contain_text("you wrote Polish. The office decided: Polish.")
    expect(device.locator("main")).to_contain_text("I rang her: it is Polish.")
    look("device-decided", device)
    device.get_by_role("button", name="I have read this").click()
    expect(device.locator("body")).not_to_contain_text("needs you")


def tell(council: RunningCouncil, page_at: PageAt, look: Look) -> None:
    """Tell the whole story once."""
    with ExitStack() as stack:
        proxy = stack.enter_context(closing(Proxy(council.port)))
        supervisor, approver, phone = page_at(DESK), page_at(DESK), page_at(PHONE)
        sign_in(supervisor, council.address, "supervisor")
        sign_in(approver, council.address, "supervisor2")
        case_id, person_id = case_of_somebody(council)
        device = Process("field", "--browser", home=council.home)
        stack.callback(device.end)
        stack.callback(phone.close)
        enrol(phone, supervisor, approver, device.wait_for("enrol")["address"], proxy)
        waits(phone, 0)

        proxy.turn(Weather.REFUSE)
        correct_on_device(phone, case_id, look)
        correct_in_office(supervisor, council.address, person_id)
        proxy.turn(Weather.FAIR)
        press_sync(phone)
        waits(phone, 0)
        phone.goto(f"{origin_of(phone)}/cases/{case_id}")
        read_warnings(phone)
        expect(phone.locator("main")).to_contain_text(
            "an officer wrote Polish, the office has Welsh. Somebody there decides."
        )
        look("device-case-differs", phone)
        person = council.ask("SELECT language, needs FROM person WHERE person_id = %s", person_id)
        assert person == [("Welsh", ["interpreter"])]

        decide(supervisor, council.address, look)
        press_sync(phone)
        told(phone, look)
        person = council.ask("SELECT language FROM person WHERE person_id = %s", person_id)
        assert person == [("Polish",)]
        assert council.ask("SELECT open, answer FROM conflict") == [(False, "officer")]
        assert council.ask("SELECT count(*) FROM conflict_claim") == [(1,)]


def test_a_conflict_goes_from_the_device_to_the_tray_and_back(
    council: RunningCouncil, page_at: PageAt
) -> None:
    tell(council, page_at, lambda _name, _page: None)
