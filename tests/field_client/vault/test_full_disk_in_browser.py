"""Shows in a real Chromium what an officer sees when the drive is full, and that it can be put right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from field_client.vault import outbox
from field_client.vault.store import Store, open_store
from tests.browser import PHONE, PageAt
from tests.field_client.vault.conftest import FarOffice, Served
from tests.field_client.vault.sample import STORE, id_of
from tests.field_client.vault.small_office import SmallOffice
from tests.simulation.disk import Disk

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

MARYAM = id_of("Maryam Castellanos")


@pytest.fixture
def disk() -> Disk:
    return Disk(1)


@pytest.fixture
def store(disk: Disk) -> Iterator[Store]:
    opened = open_store(disk.folder / "vault.db", bytearray(32), drive=disk)
    opened.put("store_id", STORE)
    yield opened
    opened.close()


@pytest.fixture
def phone(served: Served, page_at: PageAt) -> Page:
    page = page_at(PHONE, may_say=("status of 409",))
    page.goto(served.boot())
    page.wait_for_url("**/today")
    return page


def go(page: Page, address: str) -> None:
    page.goto(re.sub(r"(//[^/]+).*", r"\1", page.url) + address)


def test_the_form_stays_as_typed_until_there_is_room(
    phone: Page, full: Store, disk: Disk, tmp_path: Path
) -> None:
    go(phone, f"/cases/{MARYAM}/visit")
    disk.room = 0
    phone.get_by_label("Spoke to someone else").check()
    phone.get_by_label("Notes").fill("Moved in during August. " * 100)
    expect(phone.locator("[data-kept]")).to_contain_text("Not kept")
    phone.get_by_role("button", name="Save visit").click()
    expect(phone.get_by_role("alert")).to_contain_text("This device has no room left")
    phone.screenshot(path=tmp_path / "no-room.png")
    expect(phone.get_by_label("Notes")).to_have_value(re.compile("Moved in during August. Moved"))
    disk.heal()
    phone.get_by_role("button", name="Save visit").click()
    phone.wait_for_url("**/saved/*")
    assert outbox.count(full) == 1


def test_the_page_about_syncing_says_what_to_do(
    phone: Page, full: Store, disk: Disk, office: FarOffice, served: Served, tmp_path: Path
) -> None:
    disk.room = 0
    office.answers = SmallOffice()
    served.desk.syncing.sync_once()
    go(phone, "/sync")
    expect(phone.get_by_text("hardly any room left")).to_be_visible()
    phone.screenshot(path=tmp_path / "no-room-to-sync.png")
