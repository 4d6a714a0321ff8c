"""A visit with a phone number and a photograph, from the page to the office's own rows and bytes."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from server.demo.pairing import pair
from server.demo.processes import Process
from shared.schemas import digest
from tests.browser import PHONE, PageAt
from tests.e2e.council import RunningCouncil
from tests.e2e.steps import origin_of, read_warnings
from tests.field_client.vault.pictures import written
from tests.pages import assert_page

pytestmark = [pytest.mark.enable_socket, pytest.mark.browser, pytest.mark.timeout(300)]

SYNC_LOOKS = 180
NOTES = "Gave a new number at the door."


def case_with_one_person(council: RunningCouncil) -> str:
    ((case_id,), *_more) = council.ask(
        'SELECT c.case_id FROM case_access a JOIN "case" c USING (case_id) '
        "JOIN person p USING (person_id) WHERE a.officer_id = %s AND a.granted "
        "AND NOT EXISTS (SELECT 1 FROM marker m WHERE m.until IS NULL AND (m.person_id = p.person_id))"
        " ORDER BY c.case_id",
        council.officer_id,
    )
    return str(case_id)


def record(page: Page, origin: str, case_id: str, picture: bytes) -> None:
    page.goto(f"{origin}/cases/{case_id}")
    read_warnings(page)
    assert_page(page.content())
    page.goto(f"{origin}/cases/{case_id}/visit")
    page.get_by_label("Spoke to the person").check()
    page.locator("[name=met_person_ids]").first.check()
    page.get_by_label("Notes").fill(NOTES)
    page.get_by_text("Add a phone number").click()
    page.get_by_label("New phone number").fill("07700 900 982")
    whose = page.locator("[name=number_person_id]")
    if whose.count():
        whose.first.check()
    page.get_by_text("Add a photograph").click()
    page.set_input_files(
        "#photograph", {"name": "door.png", "mimeType": "image/png", "buffer": picture}
    )
    page.get_by_role("button", name="Add this photograph").click()
    expect(page.get_by_role("heading", name="One photograph")).to_be_visible()
    page.get_by_role("button", name="Save visit").click()
    page.wait_for_url("**/saved/*")


def test_a_photograph_arrives_whole_after_its_visit(
    council: RunningCouncil, page_at: PageAt
) -> None:
    with ExitStack() as stack:
        device = Process("field", "--browser", home=council.home)
        stack.callback(device.end)
        entrance = device.wait_for("enrol")["address"]
        paired = pair(council.address, device, entrance, "olive", council.officer_id)
        page = page_at(PHONE)
        stack.callback(page.close)
        page.goto(paired.for_a_person)
        page.wait_for_url("**/today")
        origin = origin_of(page)
        expect(page.locator(".app-status")).to_contain_text("office copy from", timeout=60_000)
        case_id = case_with_one_person(council)
        noise = Image.effect_noise((1_400, 1_000), 90).convert("RGB")
        record(page, origin, case_id, written("PNG", noise))
        for _look in range(SYNC_LOOKS):
            page.goto(f"{origin}/outbox")
            if "nothing waiting" in page.inner_text(".app-status"):
                break
            page.wait_for_timeout(500)
        page.get_by_role("link", name="Visit: Spoke to the person").click()
        expect(page.get_by_text("at the office")).to_be_visible()
        ((name, size),) = council.ask("SELECT photograph_id, size_bytes FROM photograph")
        ((kept, body),) = council.ask("SELECT digest, body FROM blob")
    assert (kept, len(body)) == (name, size)  # type: ignore[arg-type]  # a bytea comes as bytes
    assert digest(body) == name  # type: ignore[arg-type]
    ((source,),) = council.ask("SELECT source FROM contact WHERE value = '07700900982'")
    assert source
    ((count,),) = council.ask("SELECT count(*) FROM visit WHERE notes = %s", NOTES)
    assert count == 1
