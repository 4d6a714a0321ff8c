"""A device paired as people pair one: a code, six words compared, a second person, a passphrase."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.demo.council import USERS, DemoUser
from server.demo.processes import Process
from server.demo.visitor import Page, Visitor

PASSPHRASE = "lantern-orchard-ferry-heron"  # noqa: S105 - of a device full of fictional people
"""What opens the demonstration's device; printed, because there is nothing real behind it."""

_CODE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}[ -]?[0-9A-HJKMNP-TV-Z]{4}\b")

_DEVICE = re.compile(r"/devices/[0-9a-f-]{36}$")


def user(sign_in: str) -> DemoUser:
    """Find a user of the demonstration."""
    return next(one for one in USERS if one.sign_in == sign_in)


def signed_in(office: str, sign_in: str) -> Visitor:
    """Sign somebody in to the office."""
    visitor = Visitor(office)
    visitor.open(f"{office}/sign-in")
    who = user(sign_in)
    page = visitor.press("/sign-in", {"user_name": who.sign_in, "password": who.password})
    if page.status != 200 or page.path == "/sign-in":
        raise LookupError(f"{sign_in} could not sign in: {page.heading}")
    return visitor


@dataclass
class Paired:
    """A device that is enrolled and open, with the browser that shows it."""

    process: Process
    visitor: Visitor
    for_a_person: str
    """An address that opens the device's first page once, for somebody to click."""


def pair(office: str, process: Process, entrance: str, officer: str, officer_id: str) -> Paired:
    """Enrol a new device for an officer, from its first page."""
    return pair_on(office, process, entered(entrance), officer, officer_id)


def pair_on(
    office: str, process: Process, device: Visitor, officer: str, officer_id: str
) -> Paired:
    """Enrol a device that shows where to; one supervisor gives the code and another approves."""
    giver = signed_in(office, "supervisor")
    giver.open(f"{office}/devices/new")
    shown = giver.press("/devices/new", {"officer_id": officer_id})
    code = _find_code(shown)
    device.press(
        "/enrol", {"address": office, "code": code, "device_name": f"Demonstration ({officer})"}
    )
    _approve(office, device.page)
    going_on = device.press("/waiting")
    device.open(going_on.link("/boot/"))
    device.open("/")
    device.press("/passphrase", {"passphrase": PASSPHRASE, "again": PASSPHRASE})
    address = process.wait_for("unlocked")["address"]
    return Paired(process=process, visitor=device, for_a_person=address)


def unlock(process: Process) -> Visitor:
    """Open a device that is locked."""
    device = entered(process.wait_for("locked")["address"])
    device.press("/unlock", {"passphrase": PASSPHRASE})
    process.wait_for("unlocked")
    return device


def entered(address: str) -> Visitor:
    """Go in by an address that works once, and on to the first page behind it."""
    device = Visitor(address)
    device.open(address)
    device.open("/")
    return device


def _find_code(page: Page) -> str:
    found = _CODE.search(page.text)
    if found is None:
        raise LookupError(f"no code is shown on {page.path}: {page.heading}")
    return found.group()


def _approve(office: str, waiting: Page) -> None:
    """Compare the six words of each device that waits with those shown here, and approve the same."""
    approver = signed_in(office, "supervisor2")
    listed = approver.open(f"{office}/devices")
    for href in [href for href, _said in listed.links if _DEVICE.search(href)]:
        page = approver.open(f"{office}{href}")
        words = " ".join(re.findall(r"<li>([a-z]+)</li>", page.body))
        if words and words in waiting.text:
            approver.press("/approve", {"words_match": "yes"})
            return
    raise LookupError(f"no device at the office shows the words of this one: {waiting.heading}")
