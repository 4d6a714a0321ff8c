"""Shows that programs and threads share one embedded PostgreSQL, and that the last of them ends it."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from server.spine import postgres
from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import PostgresUnavailable
from tests.server.spine.homes import (
    USER_OF_THE_SERVER,
    Join,
    ask,
    end,
    joined,
    left_in,
    servers_in,
)


def test_starting_twice_is_starting_once(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    assert server.start() == server.start()
    server.stop()
    server.stop()
    assert left_in(home) == []


def test_two_parts_of_one_program_share_it(home: Path) -> None:
    first, second = (EmbeddedPostgres(home, durable=False) for _ in range(2))
    assert first.start() == second.start()
    first.stop()
    assert ask(second.url("fieldfare"), "SELECT 1") == 1
    second.stop()
    assert left_in(home) == []


def test_processes_starting_at_the_same_moment_share_one_server(home: Path, join: Join) -> None:
    processes = [join(home) for _ in range(4)]
    urls = {joined(process) for process in processes}
    assert len(urls) == 1
    assert len(servers_in(home)) == 1
    [url] = urls
    for process in processes:
        assert ask(url, "SELECT 1") == 1
        end(process)
    assert left_in(home) == []


def test_threads_starting_at_the_same_moment_share_one_server(home: Path) -> None:
    servers = [EmbeddedPostgres(home, durable=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(EmbeddedPostgres.start, servers))) == 1
        assert len(servers_in(home)) == 1
        list(pool.map(EmbeddedPostgres.stop, servers))
    assert left_in(home) == []


def test_the_one_who_started_it_may_leave_first(home: Path, join: Join) -> None:
    starter, other = join(home), join(home)
    joined(starter)
    url = joined(other)
    end(starter)
    assert ask(url, "SELECT 1") == 1
    end(other)
    assert left_in(home) == []


def test_killed_users_do_not_keep_it_running(home: Path, join: Join) -> None:
    killed, also_killed, last = join(home), join(home), join(home)
    for process in (killed, also_killed, last):
        joined(process)
    end(killed, kill=True)
    end(also_killed, kill=True)
    assert len(servers_in(home)) == 1
    end(last)
    assert left_in(home) == []


def test_a_server_left_alone_by_killed_users_is_taken_over(home: Path, join: Join) -> None:
    only = join(home)
    url = joined(only)
    end(only, kill=True)
    [left] = servers_in(home)
    with EmbeddedPostgres(home, durable=False) as server:
        assert server.url("fieldfare") == url
        assert servers_in(home) == [left]
    assert left_in(home) == []


def test_a_program_that_forgets_to_stop_it_stops_it_at_its_end(home: Path) -> None:
    forgetful = USER_OF_THE_SERVER.replace("server.stop()", "")
    subprocess.run([sys.executable, "-c", forgetful, str(home)], check=True, input="", text=True)
    assert (home / "postgres/data").exists()
    assert left_in(home) == []


def test_a_fork_neither_stops_it_nor_counts_as_a_user(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORK, str(home)], check=True, text=True
        )
        assert child.returncode == 0
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
    assert left_in(home) == []


FORK = """
import os, sys
from pathlib import Path
from server.spine.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), durable=False)
server.start()
child = os.fork()
if child:
    os.waitpid(child, 0)
    assert EmbeddedPostgres(Path(sys.argv[1]), durable=False).start() == server.url("fieldfare")
server.stop()
"""


def test_a_lock_held_too_long_is_named(
    home: Path, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = join(home)
    joined(user)
    monkeypatch.setattr(postgres, "LOCK_SECONDS_MAX", 0.2)
    path = str(home / "postgres/lock")
    holding = f"import fasteners, sys; lock = fasteners.InterProcessLock({path!r}); lock"
    holder = subprocess.Popen(
        [sys.executable, "-c", f"{holding}.acquire(); print(flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    joined(holder)
    with pytest.raises(PostgresUnavailable, match="end that program and try again"):
        EmbeddedPostgres(home, durable=False).start()
    end(holder)


def test_a_stop_signal_from_the_keyboard_leaves_the_server_to_its_users(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        [process] = servers_in(home)
        assert os.getpgid(process.pid) != os.getpgid(0)
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
