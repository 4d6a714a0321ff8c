"""Shows in a real Chromium what a thumb does: three taps, typing, a photograph, a crash in between."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from field_client.vault import drafts, outbox, photographs
from field_client.vault.store import Store
from tests.browser import PHONE, PageAt
from tests.e2e import crawl
from tests.e2e.crawl import TABLET, Crawl
from tests.field_client.full_office import FullOffice
from tests.field_client.running import PASSPHRASE, RunningDevice, enrol, until
from tests.field_client.vault.conftest import Served
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import a_day, id_of
from tests.field_client.vault.saving import save_visit

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

MARYAM = id_of("Maryam Castellanos")


@pytest.fixture
def phone(served: Served, page_at: PageAt) -> Page:
    page = page_at(PHONE, permissions=["camera"])
    page.goto(served.boot())
    page.wait_for_url("**/today")
    return page


def test_no_answer_is_three_taps_from_today(phone: Page, full: Store) -> None:
    phone.get_by_role("link", name="Maryam Castellanos").click()
    phone.get_by_role("button", name="No answer").click()
    phone.get_by_role("button", name="Save", exact=True).click()
    phone.wait_for_url("**/saved/*")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Saved on this device")
    assert outbox.count(full) == 1
    phone.goto(phone.url.split("/saved/")[0] + "/today")
    expect(phone.get_by_text("Not sent yet")).to_be_visible()
    expect(phone.locator(".app-status")).to_contain_text("1 waiting")


def test_both_buttons_stand_on_the_first_screen_of_a_case(phone: Page) -> None:
    phone.get_by_role("link", name="Maryam Castellanos").click()
    bar = phone.locator(".app-thumb").bounding_box()
    for name in ("No answer", "Record a visit"):
        box = phone.get_by_role("button", name=name).bounding_box()
        assert box is not None
        assert bar is not None
        assert box["y"] + box["height"] <= bar["y"]


def test_saving_is_on_the_first_screen_of_no_answer(phone: Page) -> None:
    phone.get_by_role("link", name="Maryam Castellanos").click()
    phone.get_by_role("button", name="No answer").click()
    box, bar = (phone.get_by_role("button", name="Save", exact=True).bounding_box(),
                phone.locator(".app-thumb").bounding_box())  # fmt: skip
    assert box is not None
    assert bar is not None
    assert box["y"] + box["height"] <= bar["y"]


def notes_kept(store: Store) -> list[str]:
    """Give the notes of every draft that is kept."""
    return [each.typed["notes"][0] for each in drafts.every(store)]


def write_a_visit(page: Page, notes: str) -> None:
    page.goto(re.sub(r"(//[^/]+).*", r"\1", page.url) + f"/cases/{MARYAM}/visit")
    page.get_by_label("Spoke to someone else").check()
    page.get_by_label("Notes").press_sequentially(notes)


def test_what_was_on_screen_for_a_second_is_kept(phone: Page, full: Store) -> None:
    write_a_visit(phone, "He said that he moved in du")
    assert until(lambda: notes_kept(full) == ["He said that he moved in du"]), notes_kept(full)
    expect(phone.locator("#draft-said")).to_have_text("Kept on this device")
    (kept,) = drafts.every(full)
    assert kept.typed["notes"] == ("He said that he moved in du",)
    assert kept.typed["outcome"] == ("spoke_to_someone_else",)


def test_leaving_the_page_keeps_the_last_letter(phone: Page, full: Store) -> None:
    write_a_visit(phone, "Written fast")
    phone.goto(phone.url.split("/cases/")[0] + "/today")
    assert until(lambda: notes_kept(full) == ["Written fast"]), notes_kept(full)
    phone.reload()  # what was sent on leaving may come after this page was asked for
    expect(phone.get_by_text("Unfinished visit")).to_be_visible()
    phone.get_by_role("link", name="Maryam Castellanos").first.click()
    expect(phone.get_by_label("Notes")).to_have_value("Written fast")
    expect(phone.get_by_label("Spoke to someone else")).to_be_checked()


def test_locking_keeps_the_last_letter(served: Served, phone: Page, full: Store) -> None:
    write_a_visit(phone, "Then I locked it")
    phone.get_by_role("button", name="Lock").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("Fieldfare is locked")
    assert until(lambda: notes_kept(full) == ["Then I locked it"]), notes_kept(full)


def test_saving_leaves_no_draft_behind(phone: Page, full: Store) -> None:
    write_a_visit(phone, "All of it")
    phone.get_by_role("button", name="Save visit").click()
    phone.wait_for_url("**/saved/*")
    phone.wait_for_timeout(600)
    assert drafts.every(full) == []


def test_enter_in_a_box_neither_saves_nor_removes(phone: Page, full: Store) -> None:
    write_a_visit(phone, "Still writing")
    phone.get_by_label("Anyone else you met").fill("A neighbour")
    phone.get_by_label("Anyone else you met").press("Enter")
    expect(phone.get_by_label("Anyone else you met")).to_have_value("A neighbour")
    assert until(lambda: len(drafts.every(full)) == 1)
    assert outbox.count(full) == 0


def test_a_photograph_is_taken_in_the_page_itself(phone: Page, full: Store) -> None:
    write_a_visit(phone, "Curtains drawn")
    phone.get_by_text("Add a photograph").click()
    phone.get_by_role("button", name="Open the camera").click()
    phone.get_by_role("button", name="Take the photograph").click()
    expect(phone.get_by_role("heading", name="One photograph")).to_be_visible()
    (draft,) = drafts.every(full)
    (kept,) = photographs.of_visit(full, draft.draft_id)
    assert not kept.recorded
    expect(phone.get_by_label("Notes")).to_have_value("Curtains drawn")
    shown = phone.locator(".app-pictures__picture")
    assert until(lambda: shown.evaluate("picture => picture.naturalWidth") > 100)


def test_a_window_without_a_camera_says_so(served: Served, page_at: PageAt) -> None:
    page = page_at(PHONE)
    page.goto(served.boot())
    page.wait_for_url("**/today")
    write_a_visit(page, "No camera here")
    page.get_by_text("Add a photograph").click()
    page.get_by_role("button", name="Open the camera").click()
    expect(page.get_by_text("This window may not use the camera")).to_be_visible()
    expect(page.get_by_label("Photograph from the camera app or a file")).to_be_visible()


def test_searching_shows_what_is_found_while_one_types(phone: Page) -> None:
    phone.get_by_role("link", name="Search").click()
    phone.get_by_label("Name, address, postcode").press_sequentially("castelan")
    expect(phone.get_by_role("link", name="Maryam Castellanos")).to_be_visible()
    phone.get_by_label("Name, address, postcode").fill("xyzzyq")
    expect(phone.get_by_text("Nothing found on this device")).to_be_visible()


def test_a_page_of_progress_goes_on_by_itself(served: Served, phone: Page) -> None:
    phone.get_by_role("link", name="Outbox").click()
    phone.get_by_role("button", name="Sync now").click()
    phone.wait_for_url("**/sync")
    expect(phone.get_by_text("Could not reach the office")).to_be_visible()


def test_nothing_is_wrong_with_any_page(
    served: Served, phone: Page, full: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crawl every page with axe, target sizes and widths, at the sizes of phones and tablets."""
    monkeypatch.setattr(crawl, "DESK", TABLET)
    save_visit(full, "Tom O'Leary", number="07700900777", picture=jpeg())
    write_a_visit(phone, "Unfinished")
    phone.get_by_role("button", name="Keep this and come back").click()
    walk = Crawl(phone, served.base, device=True, alike_max=1)
    starts = ["/today", f"/cases/{MARYAM}", f"/cases/{id_of('Wilfred Arkwright-Oyelaran')}",
              f"/cases/{id_of('Zofia Nowak')}", f"/cases/{id_of('Zofia Nowak')}/visit",
              f"/saved/{id_of('a visit')}", "/sync", "/search?q=quern", "/search?q=nobody",
              f"/cases/{id_of('Idris Vaughan')}/visits/{id_of('idris')}"]  # fmt: skip
    assert walk.walk(starts) == []
    assert len(walk.visited) >= 15


def test_the_look_for_bright_light_keeps_the_rules_too(served: Served, phone: Page) -> None:
    served.desk.store.put("outdoors", "yes")
    walk = Crawl(phone, served.base, device=True, pages_max=3)
    assert walk.walk(["/today", f"/cases/{MARYAM}", f"/cases/{MARYAM}/no-answer"]) == []


# With the real processes


@pytest.fixture
def office_with_cases() -> Iterator[FullOffice]:
    made = FullOffice(a_day(datetime.now(UTC)))
    yield made
    made.stop()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], RunningDevice]]:
    environment = {**os.environ, "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    started: list[RunningDevice] = []

    def start_device() -> RunningDevice:
        started.append(RunningDevice(tmp_path / "home", environment=environment))
        return started[-1]

    yield start_device
    for device in started:
        device.stop()


def vault_of(device: RunningDevice) -> psutil.Process:
    (vault,) = [p for p in device.processes() if "field_client.vault" in " ".join(p.cmdline())]
    return vault


def is_kept_to_the_last(sent: str | None) -> bool:
    return "in+the+middle+of+a+sen" in (sent or "")


def test_a_draft_outlives_a_vault_that_was_killed(
    start: Callable[[], RunningDevice], office_with_cases: FullOffice, page_at: PageAt
) -> None:
    device = start()
    enrol(device, office_with_cases)
    page = page_at(PHONE, may_say=("Failed to load resource", "ERR_CONNECTION"))
    page.goto(device.next_address("unlocked").address)
    page.wait_for_url("**/today")
    expect(page.get_by_role("link", name="Maryam Castellanos")).to_be_visible()
    with page.expect_response(lambda said: is_kept_to_the_last(said.request.post_data)):
        write_a_visit(page, "Then the battery died in the middle of a sen")
    vault_of(device).kill()
    page.goto(device.next_address("locked").address)
    page.get_by_label("Passphrase").fill(PASSPHRASE)
    page.get_by_role("button", name="Unlock").click()
    page.wait_for_url("**/today")
    expect(page.get_by_text("Unfinished visit")).to_be_visible()
    page.get_by_role("link", name="Maryam Castellanos").first.click()
    expect(page.get_by_label("Notes")).to_have_value("Then the battery died in the middle of a sen")
    page.get_by_role("button", name="Save visit").click()
    page.wait_for_url("**/saved/*")
