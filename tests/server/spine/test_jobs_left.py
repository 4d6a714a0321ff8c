"""A job whose end the queue could not be told is not left in the worker's hands for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from server.spine.jobs import Ending
from tests.server.day import Day, day
from tests.server.spine.test_jobs import ask, queued, row_of

__all__ = ["day"]

CUT_ONCE = """
CREATE FUNCTION cut_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('public.cuts') = 1 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
    RETURN COALESCE(new, old); END $$;
CREATE SEQUENCE cuts;
CREATE TRIGGER cut BEFORE UPDATE OR DELETE ON procrastinate.procrastinate_jobs FOR EACH ROW
    WHEN (old.status = 'doing') EXECUTE FUNCTION cut_once();
"""
"""Breaks the connection over which the queue is told, for the first time, that something has ended."""

WORKER = """
import pathlib, sys
from server.app import create_app
from server.config import Config
from server.spine import worker
from server.spine.jobs import Ending

app = create_app(Config(home=pathlib.Path(sys.argv[2]), database_url=sys.argv[1]), sys.argv[1])
app.extensions["fieldfare"]["house"].jobs["count"] = lambda work: Ending()
worker.HEARTBEAT_SECONDS = 0.5
worker.run_worker(app)
"""


@pytest.mark.enable_socket
def test_a_job_whose_last_word_to_the_queue_was_cut_off_is_taken_out_of_it(
    day: Day, tmp_path: Path
) -> None:
    with day.session() as session:
        session.execute(text(CUT_ONCE))
        session.commit()
    job_id = ask(day, lambda _work: Ending())
    run = [sys.executable, "-c", WORKER, day.url, str(tmp_path)]
    waiting = "SELECT status::text FROM procrastinate.procrastinate_jobs WHERE task_name = 'work'"
    with subprocess.Popen(run, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 20
        while (queued(day, waiting) or row_of(day, job_id).state != "done") and (
            time.monotonic() < until
        ):
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert queued(day, "SELECT last_value FROM public.cuts")[0] >= 1, said
    assert row_of(day, job_id).state == "done", said
    assert queued(day, waiting) == [], said.decode()[-2_000:]
