"""The page about backups says how the office stands, and the first page when somebody must look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from server.config import Config
from server.keeping import jobs, queries
from server.keeping.keys import make_key
from server.keeping.records import RESTORED, Told
from server.keeping.tables import BackupRow
from server.spine import clock, worker
from server.spine.settings import FICTIONAL, keep_setting
from server.spine.tables import JobRow, SyncHeadRow
from tests.server.day import Day, Someone, day, new_id
from tests.server.keeping.conftest import Premises
from tests.server.reading import hidden_of, words_of

__all__ = ["day"]


@pytest.fixture
def keeper(day: Day) -> Someone:
    return day.someone("Kit Archer", ("keeping.see", "keeping.run", "jobs.see"))


def set_up(day: Day, folder: Path) -> None:
    fieldfare = day.app.extensions["fieldfare"]
    key = folder / "key"
    make_key(key)
    fieldfare["config"] = replace(
        fieldfare["config"], backup_to=folder / "backups", backup_key=key, backup_hours=24
    )


def backed_up(day: Day, hours_ago: float, state: str = "verified", **more: Any) -> None:
    began_at = clock.now() - timedelta(hours=hours_ago)
    values = {
        "backup_id": new_id(),
        "began_at": began_at,
        "ended_at": began_at + timedelta(seconds=70),
        "state": state,
        "kind": "base",
    }
    if state == "verified":
        values |= {"commit_number": 4_711, "size_bytes": 12_345_678}
    with day.session() as session:
        session.execute(insert(BackupRow).values(**(values | more)))


def test_an_office_without_backups_is_told_so_on_its_first_page(day: Day, keeper: Someone) -> None:
    browser = day.browser(keeper)
    assert "No backups are taken of this office" in words_of(browser.get("/"))
    page = words_of(browser.get("/backups"))
    assert "No backups are taken" in page
    assert "Take a backup now" not in page
    with day.session() as session:
        keep_setting(session, FICTIONAL, "yes")
    assert "No backups are taken of this office" not in words_of(browser.get("/"))


def test_the_page_says_what_the_last_verified_backup_holds(
    day: Day, keeper: Someone, tmp_path: Path
) -> None:
    set_up(day, tmp_path)
    backed_up(day, 3)
    backed_up(day, 2, "failed", code="backup.no_room", values={"folder": "/backups"})
    with day.session() as session:
        session.execute(update(SyncHeadRow).values(durable_commit_number=4_711))
    browser = day.browser(keeper)
    page = words_of(browser.get("/backups"))
    for words in (
        "everything up to commit 4,711",
        "12.3 MB",
        "what commits up to 4,711 hold",
        "every 24 hours",
        "There is no room left in /backups",
        "Take a backup now",
    ):
        assert words in page
    assert "No verified backup is recent" not in page
    assert "last verified backup" not in words_of(browser.get("/"))


def test_a_restored_office_says_so_and_what_is_lacking(day: Day, keeper: Someone) -> None:
    now = clock.now()
    why = Told(at=now, stands_at=now - timedelta(days=1), backup_id=new_id(), before=new_id())
    with day.session() as session:
        keep_setting(session, RESTORED, why.written())
    page = words_of(day.browser(keeper).get("/backups"))
    assert "This office was restored on" in page
    assert "has to be entered again" in page


def test_a_late_backup_is_an_alarm_for_those_who_can_see_to_it(
    day: Day, keeper: Someone, tmp_path: Path
) -> None:
    set_up(day, tmp_path)
    assert "No backup of this office has been verified yet" in words_of(
        day.browser(keeper).get("/")
    )
    backed_up(day, 31)
    assert "The last verified backup is of" in words_of(day.browser(keeper).get("/"))
    assert "No verified backup is recent" in words_of(day.browser(keeper).get("/backups"))
    assert "last verified backup" not in words_of(day.browser(day.supervisor).get("/"))
    backed_up(day, 29)
    assert "last verified backup" not in words_of(day.browser(keeper).get("/"))


def test_only_an_administrator_takes_a_backup_and_pressing_twice_is_one(
    day: Day, keeper: Someone, tmp_path: Path
) -> None:
    set_up(day, tmp_path)
    browser = day.browser(keeper)
    fields = hidden_of(browser.get("/backups"))
    assert browser.post("/backups", **fields) == browser.post("/backups", **fields)
    assert jobs_asked(day) == [jobs.JOB]
    watcher = day.someone("Wes Moss", ("keeping.see",))
    assert "Take a backup now" not in words_of(day.browser(watcher).get("/backups"))
    day.browser(watcher).post("/backups", 403)
    day.browser(day.amina).get("/backups", 403)


def jobs_asked(day: Day) -> list[str]:
    with day.session() as session:
        return list(session.scalars(select(JobRow.name)))


def look(day: Day, now: datetime) -> int:
    with day.session() as session:
        return jobs.look(session, now)


def test_a_backup_is_asked_for_once_a_turn_and_again_an_hour_after_a_failure(
    day: Day, tmp_path: Path
) -> None:
    now = clock.now()
    assert look(day, now) == 0
    set_up(day, tmp_path)
    assert look(day, now) == 1
    look(day, now)
    assert jobs_asked(day) == [jobs.JOB]
    backed_up(day, 0.5, "failed", code="backup.no_room", values={"folder": "x"})
    assert look(day, now) == 0
    assert look(day, now + timedelta(hours=1)) == 1
    backed_up(day, 0)
    assert look(day, now + timedelta(hours=23)) == 0
    assert look(day, now + timedelta(hours=24, minutes=1)) == 1
    backed_up(day, -25, "running", ended_at=None)
    assert look(day, now + timedelta(hours=27)) == 0
    assert look(day, now + timedelta(hours=60)) == 1


@contextmanager
def opened(premises: Premises, config: Config) -> Iterator[Day]:
    from server.app import create_app  # noqa: PLC0415 - a second office of this test
    from server.spine.database import db  # noqa: PLC0415 - read in where it is used

    app = create_app(config, premises.url)
    app.testing = True
    yield Day(app, premises.url)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_worker_takes_the_backup_that_is_due(premises: Premises) -> None:
    premises.case()
    with opened(premises, premises.config) as day:
        assert look(day, clock.now()) == 1
        worker.run_worker(day.app, wait=False)
        with day.session() as session:
            job = session.scalars(select(JobRow)).one()
            assert (job.state, job.done, job.total) == ("done", 99, 100) or job.done == 100
            assert job.result["figures"]["commit_number"] == premises.head().durable_commit_number
            standing = queries.standing(session, premises.config, clock.now())
        assert not standing.is_due(clock.now())
        assert premises.head().durable_commit_number == premises.head().commit_number > 0
        refused = replace(premises.config, backup_key=premises.root / "nowhere")
    with opened(premises, refused) as day:
        with day.session() as session:
            jobs.jobs.ask(
                session, jobs.THE_OFFICE, jobs.TITLE, jobs.JOB, job_id=new_id(), arguments={}
            )
        worker.run_worker(day.app, wait=False)
        with day.session() as session:
            states = session.execute(select(JobRow.state, JobRow.result)).all()
        assert ("refused", "backup.no_key") in [(s, r.get("refusal")) for s, r in states]
