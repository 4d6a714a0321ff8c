"""What people do in a browser, step by step: sign in, enrol a device, read warnings, sync, wait."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from server.demo.council import USERS
from server.demo.pairing import PASSPHRASE
from tests.e2e.proxy import Proxy

PASSWORDS = {user.sign_in: user.password for user in USERS}

LOOKS = 180
"""How often a page is looked at, twice a second, for what is sure to come."""

CODE = re.compile(r"\b[0-9A-Z]{4} ?[0-9A-Z]{4}\b")
"""A code to enrol a device, as the office shows it once."""


def origin_of(page: Page) -> str:
    """Give the part of a page's address that all pages of its server share."""
    return "/".join(page.url.split("/")[:3])


def sign_in(page: Page, office: str, who: str, password: str = "") -> None:
    """Sign somebody in to the office; those of the fictional council need no password here."""
    page.goto(f"{office}/sign-in")
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password", exact=True).fill(password or PASSWORDS[who])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def enrol(device: Page, office: Page, approver: Page, address: str, proxy: Proxy) -> None:
    """Enrol a device: a code from one supervisor, the words compared and approved by another."""
    address_of_the_office = origin_of(office)
    office.goto(f"{address_of_the_office}/devices/new")
    office.get_by_label("Officer").select_option(label="Olive Marsh")
    office.get_by_role("button", name="Make a code").click()
    expect(office.locator("main")).to_contain_text(CODE)
    found = CODE.search(office.locator("main").inner_text())
    assert found
    device.goto(address)
    device.get_by_label("Address of your office").fill(proxy.address)
    device.get_by_label("Code from your office").fill(found.group())
    device.get_by_label("Name for this device").fill("Blue tablet 4")
    device.locator("main form[action='/enrol'] button[type=submit]").click()
    expect(device.get_by_role("heading", level=1)).to_have_text("Waiting for approval")
    words = device.locator(".govuk-inset-text").inner_text().split()
    approver.goto(f"{address_of_the_office}/devices")
    approver.get_by_role("link", name="Blue tablet 4").click()
    expect(approver.locator("ol.app-words li")).to_have_text(words, use_inner_text=True)
    approver.get_by_label("Yes").check()
    approver.locator("main form[action$='/approve'] button").click()
    expect(approver.locator("main form[action$='/approve']")).to_have_count(0)
    device.get_by_role("button", name="Check again").click()
    device.get_by_label("Passphrase", exact=True).fill(PASSPHRASE)
    device.get_by_label("The same passphrase again").fill(PASSPHRASE)
    device.locator("main form[action='/passphrase'] button[type=submit]").click()
    device.wait_for_url("**/today")


def read_warnings(device: Page) -> None:
    """Say that the warnings of a case have been read, where there are any."""
    read = device.get_by_role("button", name="I have read this")
    if read.count():
        with device.expect_navigation():
            read.click()


def press_sync(device: Page) -> None:
    """Ask a device to sync now."""
    device.goto(f"{origin_of(device)}/sync")
    device.get_by_role("button", name=re.compile("Sync now|Try again")).first.click()


def waits(device: Page, count: int) -> None:
    """See on the strip that stands on every page how many items wait."""
    said = f"{count} waiting" if count else "nothing waiting"
    for _look in range(LOOKS):
        device.goto(f"{origin_of(device)}/today")
        if said in device.locator("body").inner_text():
            return
        device.wait_for_timeout(500)
    raise AssertionError(f"the device never said {said!r}")
