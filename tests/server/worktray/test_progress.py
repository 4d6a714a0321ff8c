"""A job's page in a real browser: the bar moves by itself, and the page says how it ended."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, update
from werkzeug.serving import make_server

from server.access.identity import PLAIN_COOKIE
from server.spine import clock
from server.spine.tables import JobRow
from tests.browser import PHONE, PageAt
from tests.server.day import Day, new_id

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def address(day: Day) -> Iterator[str]:
    """Serve the office on a free port of this machine."""
    server = make_server("127.0.0.1", 0, day.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def moved(day: Day, **values: object) -> None:
    with day.session() as session:
        session.execute(update(JobRow).values(**values))


def test_the_bar_moves_and_the_page_says_how_the_job_ended(
    day: Day, address: str, page_at: PageAt
) -> None:
    job_id = new_id()
    with day.session() as session:
        session.execute(
            insert(JobRow).values(
                job_id=job_id,
                name="count",
                title="Give cases to an officer",
                asked_by=day.caseworker.user_id,
                asked_at=clock.now(),
                started_at=clock.now(),
                done=10,
                total=4_000,
                state="running",
            )
        )
    page = page_at(PHONE)
    token = day.token(day.caseworker)
    page.context.add_cookies([{"name": PLAIN_COOKIE, "value": token, "url": address}])
    page.goto(f"{address}/jobs/{job_id}")
    expect(page.get_by_text("10 of 4,000")).to_be_visible()
    moved(day, done=1_250)
    expect(page.get_by_text("1,250 of 4,000")).to_be_visible()
    assert page.locator("progress").evaluate("bar => bar.value") == 1_250
    result = {"lines": [{"text": "Cases given: %(number)s", "values": {"number": 4_000}}]}
    moved(day, done=4_000, state="done", ended_at=clock.now(), result=result)
    expect(page.get_by_text("Cases given: 4000")).to_be_visible()
    expect(page.locator("progress")).to_have_count(0)
