"""Shows the pages of imports as a supervisor uses them, from a file to what came of it."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from server.spine import clock, worker
from tests.server.day import CASEWORKER, SUPERVISOR, Browser, Day, day
from tests.server.interop.taking import SAMPLE

__all__ = ["day"]

LIST = "Account ref,Payer,Balance,Colour\n1,Mrs Ann Marsh,100.00,red\n2,,5.00,blue\n3,Mr Tom Karim,lots,\n"


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.someone("Ines Farrow", (*SUPERVISOR, "imports.run")))


def sent(content: str | bytes, name: str = "list.csv", profile: str = "guess") -> dict[str, Any]:
    data = content.encode() if isinstance(content, str) else content
    return {"file": (io.BytesIO(data), name), "profile": profile}


def chosen(page: str, **changed: str) -> dict[str, str]:
    """Send a page's form back as it stands, but for what is changed."""
    form = page[page.index('<form action="/imports/uploads/') :]
    answers = dict(
        re.findall(r'<input[^>]* name="([^"]+)"[^>]*? value="([^"]*)"(?![^>]*type="radio")', form)
    )
    answers = {
        name: value
        for name, value in answers.items()
        if not re.search(rf'name="{name}"[^>]*type="radio"|type="radio"[^>]*name="{name}"', form)
    }
    for tag in re.findall(r"<input[^>]*type=\"radio\"[^>]*>", form):
        if "checked" in tag:
            answers[_of(tag, "name")] = _of(tag, "value")
    for name, options in re.findall(
        r'<select[^>]* name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        picked = re.search(r'<option value="([^"]*)"[^>]* selected', options)
        answers[name] = picked[1] if picked else ""
    return {**answers, **changed}


def _of(tag: str, name: str) -> str:
    found = re.search(rf'{name}="([^"]*)"', tag)
    return found[1] if found else ""


def work(day: Day) -> None:
    worker.run_worker(day.app, wait=False)


def asked(day: Day, query: str) -> list[Any]:
    with day.session() as session:
        return [tuple(row) for row in session.execute(text(query))]


def test_a_file_goes_from_the_browser_into_the_office(day: Day, browser: Browser) -> None:
    assert "No file has been taken in yet" in browser.get("/imports")
    where = browser.post(
        "/imports/new", 303, **sent(SAMPLE.read_bytes(), "accounts.csv", "sample-accounts")
    )
    page = browser.get(where)
    assert "The first rows, as they would be read" in page
    assert "Tom Karim" in page
    assert "Account reference" in page
    job = browser.post(where, 303, **chosen(page, act="check"))
    work(day)
    assert "Created: 44" in browser.get(job)
    found = browser.get(f"{where}/check")
    assert "Several values stand in the wrong columns" in found
    assert asked(day, "SELECT count(*) FROM import_file") == [(0,)]
    taking = browser.post(f"{where}/take", 303, job_id=_job_id(found))
    assert browser.post(f"{where}/take", 303, job_id=_job_id(found)) == taking
    work(day)
    ended = browser.get(taking)
    (import_id,) = asked(day, "SELECT import_id::text FROM import_file")[0]
    assert f"/imports/{import_id}" in ended
    result = browser.get(f"/imports/{import_id}")
    assert "Rows that were not taken" in result
    assert "Ines Farrow" in result
    assert asked(day, "SELECT count(*) FROM import_upload") == [(0,)]
    rejects = browser.client.get(f"/imports/{import_id}/rejects.csv")
    assert rejects.mimetype == "text/csv"
    assert rejects.get_data(as_text=True).count("\r\n") == 17
    assert "accounts.csv" in browser.get("/imports")
    assert browser.get(f"{where}/check", 303) == "/imports/new"


def _job_id(page: str) -> str:
    found = re.search(r'name="job_id" value="([^"]+)"', page)
    assert found
    return found[1]


def test_what_nothing_tells_is_asked_and_nothing_chosen_is_lost(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    page = browser.get(where)
    assert "Nothing tells which debt type these accounts are" in page
    answers = chosen(page, act="check", service="", declared_rows="three")
    answers["column-3"] = "property_reference"
    wrong = browser.post(where, 422, **answers)
    assert "Enter the service the file is from" in wrong
    assert "Select the kind of debt, or that a column says" in wrong
    assert 'value="three"' in wrong
    assert re.search(
        r'id="column-3".*?<option value="property_reference" selected', wrong, re.DOTALL
    )
    mended = chosen(wrong, act="show", service="Benefits", debt_type="sundry", declared_rows="3")
    shown = browser.follow(where, **mended)
    assert "Ann Marsh" in shown
    assert "Nobody is named: somebody has to find out" in shown
    assert "should be an amount" in shown
    browser.post(where, 303, **chosen(shown, act="check"))
    work(day)
    found = browser.get(f"{where}/check")
    assert "Nobody is named as liable for 1 account" in found
    browser.post(f"{where}/take", 303, job_id=_job_id(found))
    work(day)
    assert asked(
        day,
        "SELECT reference, debt_type, source, property_reference FROM account ORDER BY 1",
    ) == [("1", "sundry", "Benefits", "red"), ("2", "sundry", "Benefits", "blue")]


def test_the_next_file_can_be_read_the_same_way(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    answers = chosen(browser.get(where), act="check", service="Benefits", debt_type="sundry")
    browser.post(where, 303, **answers)
    work(day)
    browser.post(f"{where}/take", 303, job_id=_job_id(browser.get(f"{where}/check")))
    work(day)
    (way,) = re.findall(r'value="(as:[^"]+)"', browser.get("/imports/new"))
    amended = LIST.replace("5.00,blue", "4.00,blue")
    again = browser.post("/imports/new", 303, **sent(amended, "list.csv", way))
    page = browser.get(again)
    assert 'value="Benefits"' in page
    browser.post(again, 303, **chosen(page, act="check"))
    work(day)
    found = browser.get(f"{again}/check")
    assert "This very file" not in found
    assert re.search(r"Changed\s*</dt>\s*<dd[^>]*>\s*1", found)
    same = browser.post("/imports/new", 303, **sent(LIST, "list.csv", way))
    browser.post(same, 303, **chosen(browser.get(same), act="check"))
    work(day)
    assert "This very file was taken in before" in browser.get(f"{same}/check")


def test_a_file_that_is_not_what_it_says_it_holds_cannot_be_taken_in(
    day: Day, browser: Browser
) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    answers = {"service": "Benefits", "debt_type": "sundry", "declared_rows": "9"}
    browser.post(where, 303, **chosen(browser.get(where), act="check", **answers))
    work(day)
    found = browser.get(f"{where}/check")
    assert "The file cannot be taken in" in found
    assert "Take the file in" not in found
    assert browser.post(f"{where}/take", 303).endswith("/check")
    assert asked(day, "SELECT count(*) FROM job") == [(1,)]


@pytest.mark.parametrize(
    ("content", "profile", "sentence"),
    [
        ("", "guess", "Choose a file that is not empty"),
        ("<!doctype html>", "guess", "This is a web page, not a list"),
        ("PK\x03\x04", "guess", "This is a spreadsheet"),
        (LIST, "sample-accounts", "No line has the column names this profile needs"),
        (LIST, "another", "Choose one of the answers"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_beside_its_box(
    browser: Browser, content: str, profile: str, sentence: str
) -> None:
    page = browser.post("/imports/new", 422, **sent(content, "list.csv", profile))
    assert sentence in page
    assert "There is a problem" in page


def test_no_file_at_all_is_asked_for(browser: Browser) -> None:
    assert "Choose a file that is not empty" in browser.post("/imports/new", 422, profile="guess")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"column-0": ""}, "Say which column gives the account reference"),
        ({"debt_type": "by_column"}, "Say which debt type the accounts have, or which column"),
        ({"column-3": "debt_type"}, "Give the debt type once"),
        ({"one_row": "debt"}, "With a row for each debt, say which column tells one debt"),
        ({"column-2": "charged"}, "say which column gives the balance"),
        (
            {"column-3": "payer_reference", "column-1": "payer_reference"},
            "Name one column only for Payer reference",
        ),
    ],
)
def test_a_way_of_reading_that_cannot_be_is_refused_beside_its_box(
    browser: Browser, changed: dict[str, str], sentence: str
) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    answers = {"service": "Benefits", "debt_type": "sundry", **changed}
    page = browser.post(where, 422, **chosen(browser.get(where), act="check", **answers))
    assert sentence in page
    assert "govuk-error-message" in page


def test_a_file_is_kept_for_a_day(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    assert browser.get(f"{where}/check", 303) == where
    with day.session() as session:
        session.execute(
            text("UPDATE import_upload SET uploaded_at = :at"),
            {"at": clock.now() - timedelta(hours=24)},
        )
    for url, get in (
        (where, True),
        (f"{where}/check", True),
        (where, False),
        (f"{where}/take", False),
    ):
        answered = browser.get(url, 303) if get else browser.post(url)
        assert answered == "/imports/new"
    assert "This file is no longer kept" in browser.get("/imports/new")
    browser.post("/imports/new", 303, **sent(LIST))
    assert asked(day, "SELECT count(*) FROM import_upload") == [(1,)]


def test_a_file_not_wanted_is_forgotten(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    assert "The file is not kept any more" in browser.follow(f"{where}/discard")
    assert asked(day, "SELECT count(*) FROM import_upload") == [(0,)]


def test_a_job_whose_file_has_gone_says_so(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    answers = {"service": "Benefits", "debt_type": "sundry"}
    job = browser.post(where, 303, **chosen(browser.get(where), act="check", **answers))
    browser.post(f"{where}/discard")
    work(day)
    assert "This file is no longer kept: choose it again" in browser.get(job)


def test_rows_turned_away_are_erased_after_four_weeks(day: Day, browser: Browser) -> None:
    where = browser.post("/imports/new", 303, **sent(LIST))
    answers = {"service": "Benefits", "debt_type": "sundry"}
    browser.post(where, 303, **chosen(browser.get(where), act="check", **answers))
    work(day)
    browser.post(f"{where}/take", 303, job_id=_job_id(browser.get(f"{where}/check")))
    work(day)
    ((import_id,),) = asked(day, "SELECT import_id::text FROM import_file")
    assert "lots" in browser.get(f"/imports/{import_id}")
    with day.session() as session:
        session.execute(
            text("UPDATE import_file SET begun_at = :at"), {"at": clock.now() - timedelta(days=29)}
        )
    browser.post("/imports/new", 303, **sent(LIST))
    page = browser.get(f"/imports/{import_id}")
    assert "lots" not in page
    assert "should be an amount such as 1,234.50" in page
    assert "The rows that were not taken are not kept any more" in page
    assert asked(day, "SELECT line_number, codes FROM import_reject") == [(4, ["cell.amount"])]


def test_only_one_who_may_sees_imports(day: Day) -> None:
    browser = day.browser(day.someone("Piers Lomax", CASEWORKER))
    for url in ("/imports", "/imports/new"):
        browser.get(url, 403)
    assert "Imports" not in browser.get("/")


def test_an_import_that_is_not_there_is_not_found(browser: Browser) -> None:
    nothing = "00000000-0000-4000-8000-000000000009"
    browser.get(f"/imports/{nothing}", 404)
    browser.get(f"/imports/{nothing}/rejects.csv", 404)


def test_reading_of_personal_data_is_noted(day: Day) -> None:
    who = day.someone("Ines Farrow", (*SUPERVISOR, "imports.run"))
    browser = day.browser(who)
    where = browser.post("/imports/new", 303, **sent(LIST))
    browser.get(where)
    assert day.reads(who) == [("imports.preview", where.rpartition("/")[2], None)]
