"""Homes with an embedded PostgreSQL in them as tests see it: who uses it, what runs, what it answers."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

from tests.conftest import connection_string

USER_OF_THE_SERVER = """
import sys
from pathlib import Path
from server.spine.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
print(server.start(), flush=True)
sys.stdin.read()
server.stop()
"""

Join = Callable[[Path], subprocess.Popen[str]]


def end(process: subprocess.Popen[str], *, kill: bool = False) -> None:
    """End one of our own processes, by a signal it cannot answer or by closing its input."""
    if process.stdin is None or process.stdin.closed:
        return
    if kill:
        process.kill()
    process.stdin.close()
    process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


def joined(process: subprocess.Popen[str]) -> str:
    """Wait until a process has the server, and return the URL it was given."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def servers_in(home: Path) -> list[psutil.Process]:
    """List the living servers of a home; their children, called as they are at first, are none."""
    found = {}
    for process in psutil.process_iter(["cmdline", "ppid", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE:
            words = process.info["cmdline"] or []
            if words[1:3] == ["-D", str(home / "postgres/data")]:
                found[process.pid] = process
    return [process for process in found.values() if process.info["ppid"] not in found]


def left_in(home: Path) -> list[psutil.Process]:
    """List the servers that go on in a home; one that has said it stopped may still be ending."""
    comes_true(lambda: not servers_in(home), looks=200)
    return servers_in(home)


def delete(home: Path) -> None:
    """Delete a home at one blow, whatever is written into it meanwhile, and then what was in it."""
    gone = home.with_name(f"{home.name}.deleted")
    home.rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def ask(url: str, question: str) -> object:
    """Ask a database one question, and return the first value of the answer."""
    with psycopg.connect(connection_string(url)) as connection:
        row = connection.execute(question.encode()).fetchone()
    return None if row is None else row[0]


def do(url: str, statement: str) -> None:
    """Run one statement and commit it."""
    with psycopg.connect(connection_string(url)) as connection:
        connection.execute(statement.encode())


def answers(url: str) -> bool:
    """Say whether a database answers at all."""
    try:
        return ask(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def comes_true(said: Callable[[], bool], looks: int = 600) -> bool:
    """Look again and again whether something has become true."""
    for _look in range(looks):
        if said():
            return True
        time.sleep(0.1)
    return False
