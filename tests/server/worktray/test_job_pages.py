"""The pages of jobs: whose they are, how far they are, and how they ended in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from server.spine import clock
from server.spine.tables import JobRow
from tests.server.day import Browser, Day, Someone, new_id


def job(day: Day, who: Someone, state: str = "running", **more: Any) -> str:
    job_id = new_id()
    values = {
        "job_id": job_id,
        "name": "count",
        "title": "Give cases to an officer",
        "asked_by": who.user_id,
        "asked_at": clock.now() - timedelta(minutes=5),
        "started_at": clock.now() - timedelta(minutes=4),
        "done": 1_200,
        "total": 4_000,
        "state": state,
        **more,
    }
    with day.session() as session:
        session.execute(insert(JobRow).values(values))
    return job_id


@pytest.fixture
def browser(day: Day) -> Browser:
    return day.browser(day.caseworker)


def test_no_jobs_yet_says_what_they_are(browser: Browser) -> None:
    assert "No jobs yet" in browser.get("/jobs")


def test_everyone_sees_their_own_jobs_and_some_see_all(day: Day, browser: Browser) -> None:
    mine, other = job(day, day.caseworker), job(day, day.supervisor)
    page = browser.get("/jobs")
    assert mine in page
    assert other not in page
    browser.get(f"/jobs/{other}", 404)
    browser.get(f"/jobs/{other}/progress", 404)
    browser.post(f"/jobs/{other}/stop", 404)
    page = day.browser(day.administrator).get("/jobs")
    assert mine in page
    assert other in page


def test_a_running_job_shows_how_far_it_is_and_can_be_left(day: Day, browser: Browser) -> None:
    page = browser.get(f"/jobs/{job(day, day.caseworker)}")
    for words in ("1,200 of 4,000", "4 minutes so far", "Look again", "Stop this job", "<progress"):
        assert words in page
    assert "progress.js" in page


def test_the_script_of_the_page_is_told_how_far_it_is(day: Day, browser: Browser) -> None:
    answer = browser.client.get(f"/jobs/{job(day, day.caseworker)}/progress")
    assert answer.get_json() == {
        "done": 1_200,
        "total": 4_000,
        "text": "1,200 of 4,000",
        "ended": False,
        "state": "Running",
    }
    with browser.client.get("/assets/progress.js") as script:
        assert script.status_code == 200


def test_no_worker_is_said_until_one_is_heard(day: Day, browser: Browser) -> None:
    url = f"/jobs/{job(day, day.caseworker, 'waiting', started_at=None, done=0, total=0)}"
    assert "No worker is running at the moment" in browser.get(url)
    assert "No worker is running at the moment" in browser.get("/jobs")
    with day.session() as session:
        session.execute(text("SET LOCAL search_path TO procrastinate"))
        session.execute(text("SELECT procrastinate_register_worker_v1()"))
    assert "No worker is running at the moment" not in browser.get(url)


@pytest.mark.parametrize(
    ("state", "more", "words"),
    [
        ("failed", {"incident": "ab12cd34"}, "Tell us this number: ab12cd34"),
        ("stopped", {}, "The job was stopped"),
        (
            "refused",
            {"result": {"refusal": "text.too_long", "values": {"characters_max": 9}}},
            "Shorten this to 9 characters or fewer",
        ),
        (
            "done",
            {
                "result": {
                    "lines": [{"text": "Cases given: %(number)s", "values": {"number": 12}}],
                    "link": ["See the cases", "/cases"],
                }
            },
            "Cases given: 12",
        ),
    ],
)
def test_a_job_that_ended_says_how(
    day: Day, browser: Browser, state: str, more: dict[str, Any], words: str
) -> None:
    page = browser.get(f"/jobs/{job(day, day.caseworker, state, ended_at=clock.now(), **more)}")
    assert words in page
    assert "Look again" not in page
    assert "It took" in page


@pytest.mark.parametrize("address", ["/cases", "/cases?officer_id=x", "/no-longer", "/Cases/"])
def test_what_came_of_a_job_is_linked_for_those_who_may_open_it(day: Day, address: str) -> None:
    result = {"lines": [], "link": ["See the cases", address]}
    job_id = job(day, day.caseworker, "done", ended_at=clock.now(), result=result)
    button = f'href="{address}"'
    is_a_page = address.startswith("/cases")
    assert (button in day.browser(day.caseworker).get(f"/jobs/{job_id}")) == is_a_page
    assert button not in day.browser(day.administrator).get(f"/jobs/{job_id}")


def test_a_job_is_stopped_by_who_asked_for_it(day: Day, browser: Browser) -> None:
    job_id = job(day, day.caseworker)
    assert "The job stops at the next step" in browser.follow(f"/jobs/{job_id}/stop")
    with day.session() as session:
        assert session.scalars(select(JobRow.state)).one() == "stopping"
    assert "Stop this job" not in browser.get(f"/jobs/{job_id}")
    assert "The job had already ended" in browser.follow(f"/jobs/{job_id}/stop")


def test_more_than_fifty_jobs_are_paged(day: Day, browser: Browser) -> None:
    for _ in range(51):
        job(day, day.caseworker)
    assert "Showing 1 to 50 of 51" in browser.get("/jobs")
