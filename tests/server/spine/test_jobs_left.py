"""A job whose end the queue could not be told is not left in the worker's hands for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from server.spine.jobs import Ending
from tests.server.day import Day, day
from tests.server.spine.test_jobs import ask, queued, row_of

__all__ = ["day"]

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]

WAIT_SECONDS = 100
"""How long a worker may take to come up and to do what it has to, on the busiest machine."""

CUT_ONCE = """
CREATE SEQUENCE ends;
GRANT ALL ON SEQUENCE ends TO PUBLIC;
CREATE FUNCTION cut_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('public.ends') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN COALESCE(new, old); END $$;
CREATE TRIGGER cut BEFORE UPDATE OR DELETE ON procrastinate.procrastinate_jobs FOR EACH ROW
    WHEN (old.status = 'doing' AND old.task_name = '{task}') EXECUTE FUNCTION cut_once();
"""
"""Breaks the connection over which the queue is told, for the first time, that something has ended."""

ENDS = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.ends"
"""How often the queue was told, or about to be told, that it has ended."""

WORKER = """
import pathlib, sys
from dataclasses import replace
from server import app as office
from server.config import Config
from server.spine import worker
from server.spine.jobs import Ending

office.AREAS = tuple(
    replace(area, chores=tuple(replace(chore, cron="* * * * * */1") for chore in area.chores))
    for area in office.AREAS
)
app = office.create_app(Config(home=pathlib.Path(sys.argv[2]), database_url=sys.argv[1]), sys.argv[1])
app.extensions["fieldfare"]["house"].jobs["count"] = lambda work: Ending()
worker.HEARTBEAT_SECONDS = 0.5
worker.run_worker(app)
"""


@contextmanager
def working(day: Day, home: Path) -> Iterator[None]:
    """Have a worker work, whose chores come round each second."""
    run = [sys.executable, "-c", WORKER, day.url, str(home)]
    with (home / "worker.log").open("wb") as log, subprocess.Popen(run, stderr=log) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def cut(day: Day, task: str) -> None:
    with day.behind_its_back() as session:
        session.execute(text(CUT_ONCE.format(task=task)))


def comes_true(told: Callable[[], object]) -> bool:
    until = time.monotonic() + WAIT_SECONDS
    while not told() and time.monotonic() < until:
        time.sleep(0.2)
    return bool(told())


def test_a_job_whose_last_word_to_the_queue_was_cut_off_is_taken_out_of_it(
    day: Day, tmp_path: Path
) -> None:
    cut(day, "work")
    job_id = ask(day, lambda _work: Ending())
    left = "SELECT status::text FROM procrastinate.procrastinate_jobs WHERE task_name = 'work'"
    with working(day, tmp_path):
        assert comes_true(lambda: row_of(day, job_id).state == "done")
        assert comes_true(lambda: queued(day, ENDS)[0] >= 1), "the word was cut off"
        assert comes_true(lambda: queued(day, left) == []), (tmp_path / "worker.log").read_text()


def test_a_chore_whose_last_word_to_the_queue_was_cut_off_comes_round_again(
    day: Day, tmp_path: Path
) -> None:
    cut(day, "visits.sweep_uploads")
    with working(day, tmp_path):
        assert comes_true(lambda: queued(day, ENDS)[0] >= 4), (tmp_path / "worker.log").read_text()
