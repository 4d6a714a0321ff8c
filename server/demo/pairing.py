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
    """Enrol a device for an officer; one supervisor gives the code and another approves."""
    giver = signed_in(office, "supervisor")
    giver.open(f"{office}/devices/new")
    shown = giver.press("/devices/new", {"officer_id": officer_id})
    code = _find_code(shown)
    device = Visitor(entrance)
    device.open(entrance)
    device.press(
        "/enrol", {"address": office, "code": code, "device_name": f"Demonstration ({officer})"}
    )
    approver = signed_in(office, "supervisor2")
    approver.open(f"{office}/devices")
    approver.open(_pending_device(approver.page))
    approver.press("/approve")
    device.press("/waiting")
    going_on = device.press("/passphrase", {"passphrase": PASSPHRASE, "again": PASSPHRASE})
    return Paired(process=process, visitor=opened(process), for_a_person=going_on.link("/boot/"))


def unlock(process: Process) -> Visitor:
    """Open a device that is locked."""
    device = Visitor(process.wait_for("locked")["address"])
    device.open(device.base)
    device.press("/unlock", {"passphrase": PASSPHRASE})
    return opened(process)


def opened(process: Process) -> Visitor:
    """Go on to the vault's own pages, once it says where they are."""
    vault = Visitor(process.wait_for("unlocked")["address"])
    vault.open(vault.base)
    return vault


def _find_code(page: Page) -> str:
    found = _CODE.search(page.text)
    if found is None:
        raise LookupError(f"no code is shown on {page.path}: {page.heading}")
    return found.group()


def _pending_device(page: Page) -> str:
    """Find the device that waits for approval; the list shows those first."""
    return next(
        href
        for href, said in page.links
        if re.search(r"/devices/[0-9a-f-]{36}$", href) and said.strip()
    )
