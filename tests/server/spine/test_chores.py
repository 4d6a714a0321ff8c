"""Work that comes round by itself: done by one worker each time, and a failure is only one time's."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from server.app import house
from server.spine import clock, worker
from server.spine.areas import Chore
from server.spine.tables import SettingRow
from server.visits.tables import BlobUploadRow
from tests.server.day import Day, day, new_id

__all__ = ["day"]

OFTEN = """
import pathlib, sys
from dataclasses import replace
from server import app as office
from server.config import Config
from server.spine import worker

often = [
    replace(area, chores=tuple(replace(chore, cron="* * * * * */2") for chore in area.chores))
    for area in office.AREAS
]
office.AREAS = tuple(often)
app = office.create_app(Config(home=pathlib.Path(sys.argv[2]), database_url=sys.argv[1]), sys.argv[1])
worker.run_worker(app)
"""


def left_alone(day: Day) -> None:
    """Leave an upload that has ended."""
    now = clock.now()
    with day.session() as session:
        session.execute(
            insert(BlobUploadRow).values(
                upload_id=new_id(),
                device_id=new_id(),
                digest="a" * 64,
                size_bytes=10,
                begun_at=now - timedelta(days=9),
                expires_at=now - timedelta(days=2),
            )
        )


def uploads(day: Day) -> int:
    with day.session() as session:
        return session.scalar(select(func.count()).select_from(BlobUploadRow)) or 0


@pytest.mark.enable_socket
def test_uploads_left_alone_are_swept_by_a_worker_without_anybody_asking(
    day: Day, tmp_path: Path
) -> None:
    left_alone(day)
    run = [sys.executable, "-c", OFTEN, day.url, str(tmp_path)]
    with subprocess.Popen(run, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while uploads(day) and time.monotonic() < until:
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert uploads(day) == 0, said


def test_every_chore_has_a_name_of_its_own() -> None:
    names = [chore.name for chore in house().chores]
    assert "visits.sweep_uploads" in names
    assert len(set(names)) == len(names)


def test_a_chore_that_fails_is_undone_and_logged_and_the_worker_goes_on(
    day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session: Session, _now: datetime) -> int:
        session.execute(insert(SettingRow).values(name="half done", value="yes"))
        raise ZeroDivisionError

    with day.app.app_context():
        worker.do_chore(Chore(name="broken", cron="* * * * *", run=fail))
    assert "chore failed" in caplog.text
    with day.session() as session:
        assert session.get(SettingRow, "half done") is None


def test_a_chore_that_had_something_to_do_says_how_much(
    day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="server.spine.worker")
    with day.app.app_context():
        worker.do_chore(Chore(name="idle", cron="* * * * *", run=lambda _session, _now: 0))
        assert "chore done" not in caplog.text
        worker.do_chore(Chore(name="busy", cron="* * * * *", run=lambda _session, _now: 3))
    assert "chore done: 3" in caplog.text
