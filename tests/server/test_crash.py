"""Shows that the office goes on by itself after its PostgreSQL was killed, its worker too."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest

from server.config import Config
from server.demo import processes
from server.demo.processes import Process
from server.demo.visitor import Visitor
from server.serving import running_database
from server.spine import jobs
from server.spine.postgres_programs import server_of
from tests.conftest import connection_string
from tests.server.office import new_id

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(600)]

LOOKS = 900
OK = 200


@pytest.fixture
def running(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Process, Process]]:
    """Run an empty office and its worker, each a process; nobody else uses their database."""
    monkeypatch.setattr(processes, "END_SECONDS_MAX", 100)
    with running_database(Config(home=home, database_url=None, port=0)) as url:
        pass
    with ExitStack() as stack:
        office = Process("office", home=home, FIELDFARE_PORT="0")
        stack.callback(office.end)
        address = str(office.wait_for("ready")["address"])
        worker = Process("worker", home=home)
        stack.callback(worker.end)
        assert comes_true(lambda: worker_is_at_work(url_of(home, url)))
        yield address, office, worker


def url_of(home: Path, url: str) -> str:
    """Name the database at the socket it has now."""
    folder = (home / "postgres/socket").read_text().split("\n")[0]
    return connection_string(url.partition("?")[0] + f"?host={folder}&port=5432")


def kill_the_server(home: Path) -> None:
    data = home / "postgres/data"
    pid = int((data / "postmaster.pid").read_text().split()[0])
    server = server_of(data, pid)
    assert isinstance(server, psutil.Process)
    server.kill()


def comes_true(said: Callable[[], bool]) -> bool:
    for _look in range(LOOKS):
        try:
            if said():
                return True
        except (OSError, psycopg.OperationalError):
            pass
        time.sleep(0.1)
    return False


def worker_is_at_work(url: str) -> bool:
    query = "SELECT count(*) FROM procrastinate.procrastinate_workers"
    with psycopg.connect(url) as connection:
        return connection.execute(query).fetchone() != (0,)


def ask_for_a_job(url: str) -> str:
    """Ask for the smallest job there is: no cases, given to nobody."""
    job_id = new_id()
    arguments = {"case_ids": [], "officer_id": new_id(), "what": "give"}
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO job (job_id, name, title, arguments, asked_by, asked_at, state) "
            "VALUES (%s, 'cases.assign', '', %s, %s, now(), 'waiting')",
            (job_id, json.dumps(arguments), new_id()),
        )
        connection.execute(f"SET LOCAL search_path TO {jobs.QUEUE_SCHEMA}, public".encode())
        jobs._asking.configure_task(jobs.QUEUE_TASK, connection=connection, lock=job_id).defer(
            job_id=job_id
        )
    return job_id


def state_of(url: str, job_id: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT state FROM job WHERE job_id = %s", (job_id,)).fetchone()
    return row[0] if row else None


def test_the_office_and_its_worker_go_on_after_their_server_was_killed(
    home: Path, running: tuple[str, Process, Process]
) -> None:
    address, office, worker = running
    url = url_of(home, "postgresql://fieldfare@/fieldfare")
    for _crash in range(3):
        kill_the_server(home)
        assert comes_true(lambda: Visitor(address).open(f"{address}/sign-in").status == OK)
        assert comes_true(lambda: state_of(url, new_id()) is None)
        job_id = ask_for_a_job(url)
        ended = comes_true(lambda job_id=job_id: state_of(url, job_id) == "done")
        assert ended, f"{state_of(url, job_id)}: {worker.log.read_text()[-6_000:]}"
    assert office.is_running()
    assert worker.is_running()


def test_a_worker_that_waits_for_its_server_still_ends_when_told(
    home: Path, running: tuple[str, Process, Process]
) -> None:
    _address, office, worker = running
    office.kill()
    kill_the_server(home)
    worker.end()
    assert worker.ended_with == 0
