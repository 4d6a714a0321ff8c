"""Shows that a page that complains, or reaches beyond this machine, is noticed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import browser as browser_module
from tests.browser import DESK, PHONE, Complaints, PageAt, find_chromium


@pytest.fixture
def page(chromium: Browser) -> Page:
    return chromium.new_page()


def test_a_quiet_page_is_of_the_size_asked_for(page_at: PageAt) -> None:
    for size in (PHONE, DESK):
        page = page_at(size)
        page.set_content("<title>Today</title>")
        assert page.evaluate("[innerWidth, innerHeight]") == list(size)
        assert page.title() == "Today"


def test_an_error_on_the_console_is_noticed(page: Page) -> None:
    complaints = Complaints(page)
    with page.expect_console_message(lambda message: message.type == "log"):
        page.evaluate("console.error('It went wrong')")
        page.evaluate("console.log('All is well')")
    assert len(complaints.found) == 1
    assert "It went wrong" in complaints.found[0]


def test_an_error_the_test_provokes_is_let_by(page: Page) -> None:
    complaints = Complaints(page, may_say=("status of 404",))
    with page.expect_console_message():
        page.evaluate("console.error('the server responded with a status of 404')")
    assert complaints.found == []


def test_an_error_in_a_script_is_noticed(page: Page) -> None:
    complaints = Complaints(page)
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { throw new Error('Not caught') })")
    assert any("Not caught" in complaint for complaint in complaints.found)


@pytest.mark.proves("T26")
def test_a_request_to_another_machine_is_noticed_and_reaches_nobody(page: Page) -> None:
    complaints = Complaints(page)
    with page.expect_console_message():
        page.set_content("<img src='http://fieldfare.invalid/picture.png'>")
    assert any("request to fieldfare.invalid" in complaint for complaint in complaints.found)
    assert any("ERR_NAME_NOT_RESOLVED" in complaint for complaint in complaints.found)


@pytest.fixture
def other_run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    return pytester


def test_a_page_that_complains_fails_its_test(other_run: pytest.Pytester) -> None:
    other_run.makeconftest('pytest_plugins = ["tests.browser"]')
    other_run.makepyfile("""
        def test_complains(page_at):
            page_at().evaluate("console.error('It went wrong')")
    """)
    result = other_run.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["console: It went wrong*"])


def test_a_missing_browser_fails_and_says_what_to_do(other_run: pytest.Pytester) -> None:
    other_run.makeconftest("""
        import tests.browser
        tests.browser.PLACES = tests.browser.NAMES = ()
        pytest_plugins = ["tests.browser"]
    """)
    other_run.makepyfile("def test_looks(page_at): page_at()")
    result = other_run.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*No Chromium was found: run `make setup`*"])


def test_a_browser_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(browser_module, "PLACES", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_chromium() is None
    shutil.copy("/bin/sh", tmp_path / "google-chrome")
    assert find_chromium() == str(tmp_path / "google-chrome")
