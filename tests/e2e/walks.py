"""The walks through the office: each role with data, nobody signed in, and an empty office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Flask
from playwright.sync_api import Page, expect

from server.app import create_app
from server.config import Config
from server.demo.council import USERS
from server.demo.processes import Process
from server.serving import running_database
from server.spine.permissions import Opening, opening_of
from server.worktray.trays import TRAYS
from tests.e2e.council import RunningCouncil, running_council
from tests.e2e.crawl import Crawl
from tests.e2e.stocked import Stock, Stocked, office_beside
from tests.e2e.studio import Routes, Story, Studio, Walk, press
from tests.patterns import serve_patterns
from tests.server.access.conftest import PASSWORD

PASSWORDS = {user.sign_in: user.password for user in USERS}

NOWHERE = "/nowhere"

EXCUSED: dict[str, str] = {
    "static": "the shared look: asked for by every page, under names of its own",
}
"""Addresses of the office nobody needs to come to, each with the reason."""


def pattern_walks(studio: Studio) -> Iterator[Walk]:
    """Walk over the pattern page on both frames: plain, with errors, and outdoors."""
    base = studio.stack.enter_context(serve_patterns())
    looks = ("", "?sent=1", "?outdoors=1", "?language=pseudo")
    for frame in ("office", "device"):
        starts = tuple(f"/{frame}{look}" for look in looks)
        yield Walk(f"patterns-{frame}", base, studio.page(), starts, device=frame == "device")


def office_walks(studio: Studio) -> Iterator[Walk]:
    """Walk through a stocked office as each role, and as somebody who has not signed in."""
    with ExitStack() as stack:
        council = stack.enter_context(running_council(studio.home()))
        worker = Process("worker", home=council.home)
        stack.callback(worker.end)
        stocked = Stock(council, stack.enter_context(office_beside(council))).fill()
        yield Walk(
            "office-nobody",
            council.address,
            studio.page(),
            ("/sign-in", "/", "/cases", NOWHERE),
            statuses={NOWHERE: 404},
            mistakes=True,
        )
        for role in ("officer", "administrator", "caseworker", "supervisor"):
            yield _role_walk(studio, council, stocked, role)


def empty_walks(studio: Studio) -> Iterator[Walk]:
    """Walk through an office in which nobody and nothing is yet, as those who begin it."""
    home = studio.home()
    config = Config(home=home, database_url=None, port=0)
    with ExitStack() as stack:
        url = stack.enter_context(running_database(config))
        create_app(config, url)
        office = Process("office", home=home, FIELDFARE_PORT="0")
        stack.callback(office.end)
        address = office.wait_for("ready")["address"]
        beside = stack.enter_context(office_beside(RunningCouncil(home, url, "", address, office)))
        for role in ("administrator", "supervisor", "officer"):
            beside.person(f"first.{role}", role)
            page = studio.page()
            sign_in(page, address, f"first.{role}", PASSWORD)
            trays = tuple(f"/?tray={tray.key}" for tray in TRAYS) if role == "supervisor" else ()
            yield Walk(f"empty-{role}", address, page, ("/", *trays, "/you", "/jobs"))


def sign_in(page: Page, office: str, who: str, password: str) -> None:
    """Sign somebody in to the office."""
    page.goto(f"{office}/sign-in")
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def _role_walk(studio: Studio, council: RunningCouncil, stocked: Stocked, role: str) -> Walk:
    page = studio.page()
    sign_in(page, council.address, role, PASSWORDS[role])
    routes = routes_of(stocked.app, stocked.permissions[role])
    starts = ["/", "/you", "/jobs", *_searches(council), *stocked.starts]
    starts += [f"/?tray={tray.key}" for tray in TRAYS if tray.needs in stocked.permissions[role]]
    own = [start for start in starts if routes.has(start)]
    refused = next(start for start in [*stocked.starts, "/users"] if not routes.has(start))
    return Walk(
        f"office-{role}",
        council.address,
        page,
        (*own, refused, NOWHERE),
        statuses={refused: 403, NOWHERE: 404},
        stories=STORIES.get(role, ()),
        mistakes=role in {"administrator", "supervisor"},
        routes=routes,
    )


def _searches(council: RunningCouncil) -> list[str]:
    """Search for many, for one, misspelt, and for nobody."""
    ((name,),) = council.ask("SELECT name FROM person WHERE kind = 'individual' ORDER BY 1 LIMIT 1")
    surname = str(name).rpartition(" ")[2]
    ((reference,),) = council.ask("SELECT reference FROM account ORDER BY 1 LIMIT 1")
    asked = ("", surname, surname[:-1] + "q", str(reference), "QZ1", "Harrowmere", "zzyzx")
    return ["/search", *(f"/search?q={text}" for text in asked)]


def routes_of(app: Flask, permissions: frozenset[str]) -> Routes:
    """List the pages somebody with these permissions may open."""
    own = {Opening.EVERYONE, Opening.SIGNED_IN, *permissions}
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and opening_of(app, rule.endpoint) in own
    }
    return Routes(app.url_map, frozenset(endpoints), EXCUSED)


def give_many(crawl: Crawl) -> None:
    """Give every case of the list to an officer, and take them again, through the pages in between."""
    for button, name in (("Give to this officer", "give"), ("Take from this officer", "take")):
        crawl.open(f"{crawl.base}/cases")
        page = crawl.page
        for box in page.locator("[name=case_id]").all()[:5]:
            box.check()
        page.get_by_label("Officer", exact=True).last.select_option(label="Tom Reeve")
        press(crawl, page.get_by_role("button", name=button), f"cases-{name}-preview")
        press(crawl, page.locator("main form[method=post] button").first, f"cases-{name}-done")


def give_all_as_a_job(crawl: Crawl) -> None:
    """Give all cases at once, which a worker does, and look at the job."""
    crawl.open(f"{crawl.base}/cases")
    page = crawl.page
    page.locator("[name=scope]").last.check()
    page.get_by_label("Officer", exact=True).last.select_option(label="Tom Reeve")
    press(crawl, page.get_by_role("button", name="Give to this officer"), "cases-all-preview")
    press(crawl, page.locator("main form[method=post] button").first, "cases-all-done")


def make_a_code(crawl: Crawl) -> None:
    """Make a code for a device, which is shown once."""
    crawl.open(f"{crawl.base}/devices/new")
    crawl.page.get_by_label("Officer", exact=True).select_option(label="Tom Reeve")
    press(crawl, crawl.page.get_by_role("button", name="Make a code"), "devices-code-once")


def make_a_password(crawl: Crawl) -> None:
    """Make a password for somebody, which is shown once."""
    crawl.open(f"{crawl.base}/users")
    with crawl.page.expect_navigation():
        crawl.page.get_by_role("link", name="Tom Reeve").click()
    button = crawl.page.get_by_role("button", name="Make a password for their next sign-in")
    press(crawl, button, "users-password-once")


STORIES: dict[str, tuple[Story, ...]] = {
    "supervisor": (give_many, give_all_as_a_job, make_a_code),
    "administrator": (make_a_password,),
}
"""What is done by each role besides following links."""
