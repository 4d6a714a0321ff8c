"""The walks through the office: each role with data, nobody signed in, and an empty office."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from flask import Flask
from playwright.sync_api import expect

from server import interop
from server.config import Config
from server.demo.processes import Process
from server.serving import running_database
from server.spine.permissions import Opening, opening_of
from server.worktray.trays import TRAYS
from tests.e2e.council import RunningCouncil, running_council
from tests.e2e.crawl import Crawl
from tests.e2e.language import words_of
from tests.e2e.mistakes import try_forms_of
from tests.e2e.steps import sign_in
from tests.e2e.stock import Stock
from tests.e2e.stocked import Stocked, add_every_kind, office_beside
from tests.e2e.studio import Routes, Story, Studio, Walk, press
from tests.patterns import serve_patterns
from tests.server.access.conftest import PASSWORD

NOWHERE = "/nowhere"

SAMPLE = Path(interop.__file__ or "").with_name("samples") / "accounts.csv"
"""The invented file that holds each defect files have."""

EXCUSED: dict[str, dict[str, str]] = {
    "": {
        "access.sign_in": "for those who are not signed in: the walk of nobody comes there",
        "entrance.answer": "where people come by council accounts: the walk of accounts comes there",
        "council_account.one_account": "as above",
        "emergency.one_sign_in": "as above",
        "proof.for_errand": "as above",
        "proof.go_on": "as above",
        "published.describe": "what devices may ask, for programs: its own tests read it",
    },
    "officer": {
        "jobs.one_job": "an officer starts no job, and sees only their own",
        "jobs.progress": "as above",
    },
    "caseworker": {
        "jobs.one_job": "a caseworker's one job is giving more than 200 cases at once",
        "jobs.progress": "as above",
    },
    "administrator": {
        "jobs.progress": "asked by the page of a job that runs: those they come to have ended",
    },
}
"""Addresses of the office that a role, or any, need not come to, each with the reason."""


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
        beside = stack.enter_context(office_beside(council))
        stocked = add_every_kind(Stock(council, beside))
        yield Walk(
            "office-nobody",
            council.address,
            studio.page(),
            ("/sign-in", "/", "/cases", NOWHERE),
            statuses={NOWHERE: 404},
            mistakes=True,
        )
        taking_in = _role_walk(studio, council, stocked, "supervisor")
        yield replace(
            taking_in,
            name="office-imports",
            starts=("/imports", "/imports/new"),
            within=("/imports", "/jobs"),
            stories=(take_a_file_in,),
            mistakes=True,
        )
        for role in ("officer", "caseworker", "supervisor", "administrator"):
            walk = _role_walk(studio, council, stocked, role)
            if role == "supervisor":
                walk = replace(walk, routes=taking_in.routes)
            yield replace(walk, words=words_of(beside))


def empty_walks(studio: Studio) -> Iterator[Walk]:
    """Walk through an office in which nobody and nothing is yet, as those who begin it."""
    home = studio.home()
    config = Config(home=home, database_url=None, port=0)
    with ExitStack() as stack:
        url = stack.enter_context(running_database(config))
        office = Process("office", home=home, FIELDFARE_PORT="0")
        stack.callback(office.end)
        address = office.wait_for("ready")["address"]
        beside = stack.enter_context(office_beside(RunningCouncil(home, url, "", address, office)))
        for role in ("administrator", "supervisor", "officer"):
            beside.person(f"first.{role}", role)
            page = studio.page()
            sign_in(page, address, f"first.{role}", PASSWORD)
            trays = tuple(f"/?tray={tray.key}" for tray in TRAYS) if role == "supervisor" else ()
            board = () if role == "officer" else ("/sync-health",)
            yield Walk(f"empty-{role}", address, page, ("/", *trays, *board, "/you", "/jobs"))


def _role_walk(studio: Studio, council: RunningCouncil, stocked: Stocked, role: str) -> Walk:
    page = studio.page()
    sign_in(page, council.address, role)
    routes = routes_of(stocked.app, stocked.permissions[role], role)
    starts = [
        "/",
        "/first-page",
        "/you",
        "/jobs",
        "/backups",
        "/history-seal",
        "/prove",
        "/signed-out",
    ]
    starts += [*_searches(council), *stocked.starts]
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


def routes_of(app: Flask, permissions: frozenset[str], role: str) -> Routes:
    """List the pages somebody with these permissions may open."""
    own = {Opening.EVERYONE, Opening.SIGNED_IN, *permissions}
    endpoints = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and opening_of(app, rule.endpoint) in own
    }
    return Routes(app.url_map, frozenset(endpoints), EXCUSED[""] | EXCUSED.get(role, {}))


def take_a_file_in(crawl: Crawl) -> None:
    """Take a file in: how it would be read, what would come of it, what came of it."""
    page = crawl.page
    crawl.open(f"{crawl.base}/imports/new")
    page.locator("[type=file]").set_input_files(SAMPLE)
    press(crawl, page.get_by_role("button", name="Show how it would be read"), "imports-reading")
    reading = page.url
    try_forms_of(crawl, reading)
    crawl.open(reading)
    for button, name in (
        ("Check the whole file", "imports-checking"),
        ("Take the file in", "imports-taking"),
    ):
        # Told nothing, the page stays as it is for its pictures.
        page.route("**/progress", lambda route: route.fulfill(json={}))
        press(crawl, page.get_by_role("button", name=button), name)
        page.unroute("**/progress")
        job = page.url
        expect(page.locator(".govuk-tag", has_text="Done")).to_be_visible(timeout=180_000)
        crawl.look(job)
        with page.expect_navigation():
            page.locator("main a.govuk-button").first.click()
        crawl.look(page.url)
    crawl.walk(["/imports", "/jobs"])


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
