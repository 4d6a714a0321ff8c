"""Shows that the embedded PostgreSQL survives what ends without notice: servers, makings, whole homes."""

from __future__ import annotations

import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from server.spine import postgres
from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import server_user
from tests.server.spine.homes import (
    Join,
    answers,
    ask,
    comes_true,
    delete,
    do,
    end,
    joined,
    left_in,
    servers_in,
)


def test_a_crashed_server_is_started_again_where_its_users_find_it(home: Path, join: Join) -> None:
    user = join(home)
    url = joined(user)
    do(url, "CREATE TABLE visit AS SELECT 7 AS number")
    [process] = servers_in(home)
    process.kill()
    with EmbeddedPostgres(home, durable=False):
        assert ask(url, "SELECT number FROM visit") == 7
    end(user)
    assert left_in(home) == []


def test_a_crashed_server_is_kept_up_by_those_who_use_it(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server, server.kept_up():
        url = server.url("fieldfare")
        do(url, "CREATE TABLE visit AS SELECT 7 AS number")
        for _crash in range(2):
            [process] = servers_in(home)
            process.kill()
            assert comes_true(lambda: answers(url))
        assert ask(url, "SELECT number FROM visit") == 7
        assert len(servers_in(home)) == 1
    assert left_in(home) == []


def test_several_who_keep_a_server_up_start_one(home: Path) -> None:
    with ExitStack() as users:
        for _user in range(3):
            server = users.enter_context(EmbeddedPostgres(home, durable=False))
            users.enter_context(server.kept_up())
        url = server.url("fieldfare")
        [process] = servers_in(home)
        process.kill()
        assert comes_true(lambda: answers(url))
        assert len(servers_in(home)) == 1
    assert left_in(home) == []


def test_nobody_keeps_up_a_server_whose_home_was_deleted(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server, server.kept_up():
        delete(home)
        for process in servers_in(home):
            process.kill()
        time.sleep(3 * postgres.LOOK_SECONDS)
        assert not home.exists()
    assert servers_in(home) == []


def test_a_server_that_cannot_come_up_is_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with EmbeddedPostgres(home, durable=False) as server, server.kept_up():
        url = server.url("fieldfare")
        monkeypatch.setattr(postgres, "LAUNCH_SECONDS_MAX", 1)
        version = home / "postgres/data/PG_VERSION"
        was = version.read_text()
        version.write_text("9.6\n")
        [process] = servers_in(home)
        process.kill()
        assert comes_true(lambda: "could not be started again" in caplog.text)
        version.write_text(was)
        assert comes_true(lambda: answers(url))


def test_a_session_still_busy_in_a_crashed_server_is_waited_for(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server, ThreadPoolExecutor(1) as pool:
        url = server.url("fieldfare")
        busy = pool.submit(ask, url, "SELECT count(*) FROM generate_series(1, 4000000)")
        time.sleep(0.2)
        [process] = servers_in(home)
        process.kill()
        with EmbeddedPostgres(home, durable=False) as again:
            assert ask(again.url("fieldfare"), "SELECT 1") == 1
        assert busy.exception() is None or isinstance(busy.exception(), psycopg.OperationalError)


@pytest.mark.parametrize("content", ["", "not a number", "{own}\n/elsewhere\n", "999999999\n"])
def test_a_stale_pid_file_stops_nobody(home: Path, content: str) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        do(server.url("fieldfare"), "CREATE TABLE visit AS SELECT 7 AS number")
    stale = home / "postgres/data/postmaster.pid"
    stale.write_text(content.format(own=os.getpid()))
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT number FROM visit") == 7


def test_a_crash_whose_number_another_program_has_since_got_stops_nobody(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    url = server.start()
    [process] = servers_in(home)
    process.kill()
    assert left_in(home) == []
    socket_folder = next((home / "postgres").glob("fieldfare-*"))
    for name in (home / "postgres/data/postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        lines = name.read_text().splitlines()
        name.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    with EmbeddedPostgres(home, durable=False):
        assert ask(url, "SELECT 1") == 1
    server.stop()
    assert left_in(home) == []


def test_a_making_that_was_cut_short_begins_again(home: Path) -> None:
    half = home / "postgres/data.making"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
    assert not half.exists()


def test_a_copy_of_a_running_home_leaves_the_original_alone(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as original:
        url = original.url("fieldfare")
        do(url, "CHECKPOINT")
        copy = home.with_name("copy")
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("fieldfare-*"))
        for path in [copy / "postgres/data", *(copy / "postgres/data").rglob("*")]:
            os.chown(path, server_user().uid, server_user().gid)
        with EmbeddedPostgres(copy, durable=False) as copied:
            assert copied.url("fieldfare") != url
            do(copied.url("fieldfare"), "CREATE TABLE only_in_the_copy ()")
        assert ask(url, "SELECT to_regclass('only_in_the_copy')") is None


def test_a_home_deleted_while_it_ran_can_be_made_again(home: Path) -> None:
    deleted = EmbeddedPostgres(home, durable=False)
    deleted.start()
    [old] = servers_in(home)
    delete(home)
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
        assert old not in servers_in(home)


def test_stopping_after_the_home_was_deleted_ends_the_server(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    delete(home)
    server.stop()
    assert servers_in(home) == []
    assert not home.exists()
