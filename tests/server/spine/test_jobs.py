"""Jobs: asked for once, done by a worker, shown as they go, and done again when a worker dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import select, text

from server.app import AREAS
from server.spine import database, jobs, worker
from server.spine.areas import Area, Job, assemble
from server.spine.database import db
from server.spine.jobs import Ending, Work
from server.spine.tables import CommandRow, JobRow
from server.worktray.commands import RaiseTask
from shared.catalogue import Sentence
from shared.errors import RuleBroken
from tests.server.day import Day, day, new_id

__all__ = ["day"]


def ask(day: Day, job: Job, *, job_id: str | None = None, **arguments: object) -> str:
    """Register a function as a job and ask for it."""
    registered = cast("dict[str, Job]", day.app.extensions["fieldfare"]["house"].jobs)
    registered["count"] = job
    asked = job_id or new_id()
    with day.session() as session:
        jobs.ask(
            session,
            day.supervisor.user_id,
            "Count the cases",
            "count",
            job_id=asked,
            arguments=arguments,
        )
    return asked


def row_of(day: Day, job_id: str) -> JobRow:
    with day.session() as session:
        row = session.scalars(select(JobRow).where(JobRow.job_id == job_id)).one()
        session.expunge(row)
        return row


def work(day: Day) -> None:
    worker.run_worker(day.app, wait=False)


def queued(day: Day, statement: str) -> list[Any]:
    with day.session() as session:
        return list(session.scalars(text(statement)))


def test_a_job_is_done_and_says_what_came_of_it(day: Day) -> None:
    def count(work: Work) -> Ending:
        work.reached(1, 2)
        seen.append(row_of(day, work.job_id).state)
        work.reached(2, 2)
        return Ending(
            lines=(Sentence("%(number)s cases were counted", number=work.arguments["number"]),),
            link=("See the cases", "/cases"),
            figures={"counted": 2},
        )

    seen: list[str] = []
    job_id = ask(day, count, number=2)
    assert row_of(day, job_id).state == "waiting"
    work(day)
    row = row_of(day, job_id)
    assert seen == ["running"]
    assert (row.state, row.done, row.total) == ("done", 2, 2)
    assert row.started_at is not None
    assert row.ended_at is not None
    assert row.result == {
        "lines": [{"text": "%(number)s cases were counted", "values": {"number": 2}}],
        "link": ["See the cases", "/cases"],
        "figures": {"counted": 2},
    }


def test_a_job_asked_for_twice_with_one_id_is_done_once(day: Day) -> None:
    def count(_work: Work) -> Ending:
        times.append(1)
        return Ending()

    times: list[int] = []
    job_id = ask(day, count)
    ask(day, count, job_id=job_id)
    work(day)
    assert times == [1]


def test_a_job_that_is_not_committed_is_not_queued(day: Day) -> None:
    with day.session() as session:
        jobs.ask(session, new_id(), "Count", "count", job_id=new_id(), arguments={})
        session.rollback()
    assert queued(day, "SELECT id FROM procrastinate.procrastinate_jobs") == []


@pytest.mark.proves("T04")
def test_a_fault_is_logged_under_an_incident_and_shown_without_its_text(
    day: Day, caplog: pytest.LogCaptureFixture
) -> None:
    def count(_work: Work) -> Ending:
        raise ValueError("Wilfred Arkwright")

    job_id = ask(day, count)
    work(day)
    row = row_of(day, job_id)
    assert row.state == "failed"
    assert row.incident
    assert row.result == {}
    assert row.incident in {getattr(each, "incident", None) for each in caplog.records}


def test_a_refusal_ends_a_job_with_its_sentence(day: Day) -> None:
    def count(_work: Work) -> Ending:
        raise RuleBroken("text.too_long", characters_max=10)

    job_id = ask(day, count)
    work(day)
    row = row_of(day, job_id)
    assert row.state == "refused"
    assert row.result == {"refusal": "text.too_long", "values": {"characters_max": 10}}


def test_an_unknown_job_fails_and_the_next_is_done(day: Day) -> None:
    with day.session() as session:
        lost = new_id()
        jobs.ask(session, new_id(), "Lost", "no_such_job", job_id=lost, arguments={})
    other = ask(day, lambda _work: Ending())
    work(day)
    assert row_of(day, lost).state == "failed"
    assert row_of(day, other).state == "done"


def test_a_job_stopped_before_it_began_is_never_begun(day: Day) -> None:
    job_id = ask(day, lambda _work: pytest.fail("it began"))
    with day.app.app_context():
        assert jobs.stop(job_id)
        assert not jobs.stop(job_id)
    work(day)
    assert row_of(day, job_id).state == "stopped"


def test_a_running_job_stops_where_it_is(day: Day) -> None:
    def count(work: Work) -> Ending:
        work.reached(1, 10)
        assert jobs.stop(work.job_id)
        work.reached(2, 10)
        pytest.fail("it went on")

    job_id = ask(day, count)
    work(day)
    row = row_of(day, job_id)
    assert (row.state, row.done) == ("stopped", 2)


def test_a_worker_going_home_puts_its_job_back_for_the_next(day: Day) -> None:
    def count(work: Work) -> Ending:
        times.append(row_of(day, work.job_id).state)
        if len(times) == 1:
            object.__setattr__(work, "interrupted", lambda: True)
        work.reached(1, 1)
        return Ending()

    times: list[str] = []
    job_id = ask(day, count)
    work(day)
    work(day)
    assert times == ["running", "running"]
    assert row_of(day, job_id).state == "done"


@pytest.fixture
def abandoned(day: Day) -> str:
    """A job that a worker, dead since, had begun."""
    job_id = ask(day, lambda _work: Ending(figures={"done": "again"}))
    with day.session() as session:
        session.execute(text("SET LOCAL search_path TO procrastinate"))
        dead = session.scalar(text("SELECT worker_id FROM procrastinate_register_worker_v1()"))
        session.execute(text("SELECT procrastinate_fetch_job_v2(NULL, :worker)"), {"worker": dead})
        session.execute(
            text("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
        )
        session.execute(text("UPDATE public.job SET state = 'running'"))
    return job_id


def test_a_job_whose_worker_died_is_done_by_the_next(day: Day, abandoned: str) -> None:
    work(day)
    row = row_of(day, abandoned)
    assert row.state == "done"
    assert row.result["figures"] == {"done": "again"}


def test_a_job_that_kills_every_worker_is_given_up(day: Day, abandoned: str) -> None:
    with day.session() as session:
        session.execute(
            text("UPDATE procrastinate.procrastinate_jobs SET attempts = :n"),
            {"n": worker.TRIES_MAX},
        )
    work(day)
    row = row_of(day, abandoned)
    assert row.state == "failed"
    assert row.incident


def test_commands_of_a_job_done_again_are_not_repeated(day: Day) -> None:
    household = day.household("Wilfred Arkwright")

    def count(work: Work) -> Ending:
        command = RaiseTask(
            task_id=task_id, kind="find_liable", account_id=household.account_ids[0]
        )
        results = work.execute_all([work.order(command, "first"), work.order(command, "second")])
        outcomes.append([result.outcome.value for result in results])
        if len(outcomes) == 1:
            object.__setattr__(work, "interrupted", lambda: True)
            work.reached(2, 2)
        return Ending()

    task_id = new_id()
    outcomes: list[list[str]] = []
    ask(day, count)
    work(day)
    work(day)
    assert outcomes == [["applied", "refused"], ["applied", "refused"]]
    with day.session() as session:
        rows = session.scalars(select(CommandRow.name).where(CommandRow.name == "RaiseTask"))
        assert len(list(rows)) == 2


def test_a_job_may_do_only_what_its_asker_may_do_when_it_runs(day: Day) -> None:
    def count(work: Work) -> Ending:
        held.append(work.actor.permissions)
        return Ending()

    held: list[frozenset[str]] = []
    ask(day, count)
    work(day)
    with day.session() as session:
        session.execute(
            text('UPDATE "user" SET active = false WHERE user_id = :id'),
            {"id": day.supervisor.user_id},
        )
    ask(day, count)
    work(day)
    assert held == [frozenset(day.supervisor.permissions), frozenset()]


def test_nothing_of_a_job_but_its_id_is_handed_to_the_queue(day: Day) -> None:
    job_id = ask(day, lambda _work: Ending(), path="/somewhere")
    assert queued(day, "SELECT args FROM procrastinate.procrastinate_jobs") == [{"job_id": job_id}]


def test_two_areas_with_a_job_of_one_name_are_noticed() -> None:
    twice = [Area(name=name, jobs={"count": lambda _work: Ending()}) for name in ("one", "two")]
    with pytest.raises(LookupError, match="count has two areas"):
        assemble([*AREAS, *twice])


SCRIPT = """
import os, pathlib, signal, sys, time
from server.app import create_app
from server.config import Config
from server.spine import worker
from server.spine.jobs import Ending

def count(work):
    marker = pathlib.Path(sys.argv[2])
    first = not marker.exists()
    marker.write_text("begun")
    if first:
        os.kill(os.getpid(), signal.SIGKILL)
    return Ending()

app = create_app(Config(home=pathlib.Path(sys.argv[3]), database_url=sys.argv[1]), sys.argv[1])
app.extensions["fieldfare"]["house"].jobs["count"] = count
worker.STALLED_SECONDS = 0.1
worker.run_worker(app, wait=False)
"""


@pytest.mark.enable_socket
def test_a_job_outlives_the_worker_process_that_was_killed_in_the_middle(
    day: Day, tmp_path: Path
) -> None:
    job_id = ask(day, lambda _work: Ending())
    run = [sys.executable, "-c", SCRIPT, day.url, str(tmp_path / "marker"), str(tmp_path)]
    killed = subprocess.run(run, check=False, timeout=60, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert row_of(day, job_id).state == "running"
    time.sleep(0.2)
    subprocess.run(run, check=True, timeout=60)
    assert row_of(day, job_id).state == "done"


PATIENT = """
import pathlib, sys, time
from server.app import create_app
from server.config import Config
from server.spine import worker
from server.spine.jobs import Ending

def count(work):
    for number in range(600):
        work.reached(number, 600)
        pathlib.Path(sys.argv[2]).touch()
        time.sleep(0.1)
    return Ending()

app = create_app(Config(home=pathlib.Path(sys.argv[3]), database_url=sys.argv[1]), sys.argv[1])
app.extensions["fieldfare"]["house"].jobs["count"] = count
worker.LEAVE_SECONDS = 0.2
worker.run_worker(app)
"""


@pytest.mark.enable_socket
def test_a_worker_told_to_stop_goes_home_and_leaves_its_job_for_the_next(
    day: Day, tmp_path: Path
) -> None:
    job_id = ask(day, lambda _work: Ending())
    marker = tmp_path / "marker"
    run = [sys.executable, "-c", PATIENT, day.url, str(marker), str(tmp_path)]
    with subprocess.Popen(run, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not marker.exists() and time.monotonic() < until:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert marker.exists(), said
    assert process.returncode == 0, said
    assert row_of(day, job_id).state == "waiting"
    work(day)
    assert row_of(day, job_id).state == "done"


def test_the_queue_comes_and_goes_with_its_migration(day: Day) -> None:
    schemas = "SELECT nspname FROM pg_namespace WHERE nspname = 'procrastinate'"
    with day.app.app_context():
        db.engine.dispose()
    assert database.differences(day.url) == []
    database.unmigrate(day.url, "0004")
    assert queued(day, schemas) == []
    database.migrate(day.url)
    assert queued(day, schemas) == ["procrastinate"]
    assert database.differences(day.url) == []
