"""Shows that the crawl finds nothing wrong with the patterns, and does find faults planted for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from werkzeug.routing import Map, Rule

from tests.e2e.crawl import Crawl, Finding
from tests.e2e.language import find_unspoken
from tests.e2e.mistakes import try_forms_of
from tests.e2e.screenshots import WALKS, walk_through
from tests.e2e.studio import Routes, Studio, Walk, summary, take
from tests.patterns import pattern_page, serve_patterns

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.proves("T25", "T26")]

FAULTY = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Faulty</title>
<link rel="icon" href="/assets/icon.svg"><link rel="stylesheet" href="/assets/built/fieldfare.css">
</head><body class="app-device"><main class="govuk-width-container"><h1>Faulty</h1>{body}</main>
</body></html>"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(reduced_motion="reduce")
    yield context.new_page()
    context.close()


def crawl_of(page: Page, body: str, *, device: bool = False) -> list[Finding]:
    with serve_patterns(faulty=FAULTY.replace("{body}", body)) as base:
        return Crawl(page, base, device=device).walk(["/faulty"])


@pytest.mark.parametrize("frame", ["office", "device"])
def test_nothing_is_wrong_with_the_patterns(page: Page, frame: str, tmp_path: Path) -> None:
    with serve_patterns() as base:
        crawl = Crawl(page, base, tmp_path, device=frame == "device", pages_max=3)
        assert crawl.walk([f"/{frame}", f"/{frame}?sent=1", f"/{frame}?outdoors=1"]) == []
    assert len(crawl.visited) == 3
    pictures = {path.name for path in tmp_path.iterdir()}
    wide = 800 if frame == "device" else 1280
    assert {f"{frame}-360.png", f"{frame}-{wide}.png", f"{frame}-sent-1-360.png"} <= pictures


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("<p class='app-quiet'>Grey</p><p>None</p>", "a value of the program is shown"),
        ("<input name='q'>", "axe label"),
        ("<table class='govuk-table'><tr><td>" + "wide" * 90 + "</table>", "scrolls sideways"),
        ("<button type='button'>x</button>", "target button"),
        ("<p class='govuk-body'><small>Small print</small></p>", "text small"),
        ("<img alt='' src='/assets/gone.png'>", "console: Failed to load resource"),
        ("<a class='govuk-link' href='/assets/gone'>Gone</a>", "answers with 404"),
    ],
)
def test_a_planted_fault_is_found(page: Page, body: str, what: str) -> None:
    findings = crawl_of(page, body, device=True)
    assert any(what in finding.what for finding in findings), findings


def test_a_request_to_elsewhere_is_found(page: Page) -> None:
    findings = crawl_of(page, "<img alt='' src='http://elsewhere.invalid/x.png'>")
    assert any("request to elsewhere.invalid" in finding.what for finding in findings)


def test_poor_contrast_is_found(page: Page) -> None:
    body = "<div class='app-header__bar'><p class='govuk-hint'>Grey on slate</p></div>"
    assert any("axe color-contrast" in finding.what for finding in crawl_of(page, body))


def test_an_error_expected_at_an_address_is_none(page: Page) -> None:
    with serve_patterns() as base:
        crawl = Crawl(page, base, statuses={"/assets/gone": 404})
        findings = crawl.walk(["/assets/gone"])
    assert [finding.what for finding in findings if "answers with" in finding.what] == []


def test_pages_alike_are_looked_at_twice_and_files_are_left_alone(page: Page) -> None:
    links = "".join(f"<li><a href='/people/{n}'>Person {n}</a></li>" for n in range(5))
    body = f"<ul>{links}</ul><p>See <a href='/assets/icon.svg'>the picture</a> of it</p>"
    people = {f"people/{n}": FAULTY.replace("{body}", "") for n in range(5)}
    with serve_patterns(start=FAULTY.replace("{body}", body), **people) as base:
        crawl = Crawl(page, base)
        crawl.walk(["/start"])
    visited = [address.removeprefix(base) for address in crawl.visited]
    assert visited == ["/start", "/people/0", "/people/1"]


def test_the_pictures_are_taken_by_one_command(chromium: Browser, tmp_path: Path) -> None:
    with ExitStack() as stack:
        base = stack.enter_context(serve_patterns())
        walk = Walk("office", base, Studio(chromium, stack).page(), ("/office",))
        assert take(walk, tmp_path, lambda _line: None) == []
    assert (tmp_path / "office" / "office-360.png").stat().st_size > 10_000


def test_the_same_finding_on_many_pages_is_told_once() -> None:
    findings = [Finding(f"/{n}", "360 by 640", "text p is 12px") for n in range(3)]
    assert summary(findings) == ["/0 at 360 by 640: text p is 12px (and 2 more)"]


def test_a_sentence_that_never_met_the_catalogue_is_found(page: Page) -> None:
    body = (
        "<p>⟦Owed by ⟦two⟧ people⟧ since May</p><p>Stray</p><img alt='Odd' src='/assets/icon.svg'>"
    )
    with serve_patterns(spoken=FAULTY.replace("{body}", body)) as base:
        crawl = Crawl(page, base)
        crawl.visited.append(f"{base}/spoken")
        find_unspoken(crawl, frozenset({"since", "May", "Faulty"}))
    assert [each.what for each in crawl.findings] == [
        "never met the catalogue: 'Odd'",
        "never met the catalogue: 'Stray'",
    ]


def test_a_form_that_fails_when_it_is_sent_wrong_is_found(page: Page) -> None:
    form = "<form method='post' action='/faulty'><label>Name <input name='n'></label><button>Save"
    with serve_patterns(faulty=FAULTY.replace("{body}", form)) as base:
        crawl = Crawl(page, base)
        try_forms_of(crawl, f"{base}/faulty")
    assert [each.what for each in crawl.findings] == ["answers with 501", "answers with 501"]
    assert "sent blank to /faulty" in crawl.findings[0].address


def test_a_page_nobody_came_to_is_named() -> None:
    rules = [Rule("/cases", endpoint="cases"), Rule("/cases/<uuid:case_id>", endpoint="case")]
    routes = Routes(Map(rules), frozenset({"cases", "case"}))
    routes.note({"/cases", "/nowhere"})
    assert routes.missing() == ["/cases/<uuid:case_id>"]
    routes.note({"/cases/5d0f6f7e-0d43-4f0a-9a3c-2f4b8a7c9d1e"})
    assert routes.missing() == []


@pytest.mark.long
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("name", WALKS)
def test_nothing_is_wrong_with_any_page(chromium: Browser, name: str) -> None:
    with ExitStack() as stack:
        findings = walk_through(Studio(chromium, stack), [name], None)
    assert summary(findings) == []


def test_the_pattern_page_shows_what_was_typed() -> None:
    assert 'value="twelve"' in pattern_page("device.html", sent=True)
