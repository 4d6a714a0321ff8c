"""Shows that the embedded PostgreSQL is private, shared, and survives what ends without notice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import psycopg
import pytest

from server.spine import postgres
from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import (
    PostgresUnavailable,
    run_program,
    server_user,
)
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


@pytest.fixture
def join() -> Iterator[Join]:
    """Start other processes that use the server of a home until their input ends."""
    with ExitStack() as processes:

        def start(home: Path) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-c", USER_OF_THE_SERVER, str(home)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            processes.callback(end, process, kill=True)
            return process

        yield start


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
    """List the living servers of a home."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        if process.info["status"] != psutil.STATUS_ZOMBIE:
            words = process.info["cmdline"] or []
            found += [process] if words[1:3] == ["-D", str(home / "postgres/data")] else []
    return found


def ask(url: str, question: str) -> object:
    with psycopg.connect(connection_string(url)) as connection:
        row = connection.execute(question.encode()).fetchone()
    return None if row is None else row[0]


def do(url: str, statement: str) -> None:
    with psycopg.connect(connection_string(url)) as connection:
        connection.execute(statement.encode())


def test_it_answers_with_an_empty_database_in_unicode(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        url = server.url("fieldfare")
        assert url.startswith("postgresql+psycopg://fieldfare@/fieldfare?host=")
        assert ask(url, "SHOW server_encoding") == "UTF8"
        assert ask(url, "SELECT upper('ŵŷ') || lower('ÉÎ')") == "ŴŶéî"
        assert (
            ask(url, "SELECT string_agg(n, '' ORDER BY n) FROM regexp_split_to_table('bBaAé','') n")
            == "ABabé"
        )
        assert ask(url, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0


def test_it_has_the_extensions_the_office_searches_with(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        for name in ("pg_trgm", "fuzzystrmatch", "unaccent", "citext", "btree_gist"):
            do(server.url("fieldfare"), f"CREATE EXTENSION {name}")


def test_it_listens_on_no_network_and_its_socket_is_private(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SHOW listen_addresses") == ""
        [process] = servers_in(home)
        assert process.net_connections(kind="inet") == []
        folder = Path(str(ask(server.url("fieldfare"), "SHOW unix_socket_directories")))
        status = folder.stat()
        assert (status.st_mode & 0o777, status.st_uid) == (0o700, server_user().uid)
        assert (folder / ".s.PGSQL.5432").stat().st_mode & 0o777 == 0o700
        assert (home / "postgres/data").stat().st_mode & 0o777 == 0o700


def test_a_run_keeps_its_commits_and_a_test_need_not(home: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(home) as server:
        url = server.url("fieldfare")
        settings = ("fsync", "synchronous_commit", "full_page_writes")
        assert [ask(url, f"SHOW {name}") for name in settings] == ["on", "on", "on"]
        assert ask(url, "SHOW wal_level") == "replica"
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SHOW fsync") == "off"


def test_a_run_refuses_a_server_that_was_started_for_tests(home: Path) -> None:
    with (
        EmbeddedPostgres(home, durable=False),
        pytest.raises(PostgresUnavailable, match="started for tests"),
    ):
        EmbeddedPostgres(home).start()
    assert servers_in(home) == []


def test_its_log_holds_nothing_that_was_typed(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        url = server.url("fieldfare")
        do(url, "CREATE TABLE person (name text PRIMARY KEY, born int)")
        do(url, "INSERT INTO person VALUES ('Mair Pritchard', 1950)")
        with pytest.raises(psycopg.errors.UniqueViolation, match="Mair Pritchard"):
            do(url, "INSERT INTO person VALUES ('Mair Pritchard', 1951)")
        with pytest.raises(psycopg.errors.InvalidTextRepresentation):
            do(url, "SELECT 'Mair Pritchard'::text::int")
    log = (home / "postgres/data/server.log").read_text()
    assert "ready to accept connections" in log
    assert "Pritchard" not in log


def test_what_was_committed_is_there_at_the_next_start(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        do(server.url("fieldfare"), "CREATE TABLE visit AS SELECT 7 AS number")
    assert servers_in(home) == []
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT number FROM visit") == 7


def test_starting_twice_is_starting_once(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    assert server.start() == server.start()
    server.stop()
    server.stop()
    assert servers_in(home) == []


def test_two_parts_of_one_program_share_it(home: Path) -> None:
    first, second = (EmbeddedPostgres(home, durable=False) for _ in range(2))
    assert first.start() == second.start()
    first.stop()
    assert ask(second.url("fieldfare"), "SELECT 1") == 1
    second.stop()
    assert servers_in(home) == []


def test_a_url_is_only_given_while_it_runs(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    with pytest.raises(PostgresUnavailable, match="Start the embedded PostgreSQL"):
        server.url("fieldfare")
    server.start()
    server.stop()
    with pytest.raises(PostgresUnavailable, match="Start the embedded PostgreSQL"):
        server.url("fieldfare")


def test_processes_starting_at_the_same_moment_share_one_server(home: Path, join: Join) -> None:
    processes = [join(home) for _ in range(4)]
    urls = {joined(process) for process in processes}
    assert len(urls) == 1
    assert len(servers_in(home)) == 1
    [url] = urls
    for process in processes:
        assert ask(url, "SELECT 1") == 1
        end(process)
    assert servers_in(home) == []


def test_threads_starting_at_the_same_moment_share_one_server(home: Path) -> None:
    servers = [EmbeddedPostgres(home, durable=False) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(EmbeddedPostgres.start, servers))) == 1
        assert len(servers_in(home)) == 1
        list(pool.map(EmbeddedPostgres.stop, servers))
    assert servers_in(home) == []


def test_the_one_who_started_it_may_leave_first(home: Path, join: Join) -> None:
    starter, other = join(home), join(home)
    joined(starter)
    url = joined(other)
    end(starter)
    assert ask(url, "SELECT 1") == 1
    end(other)
    assert servers_in(home) == []


def test_killed_users_do_not_keep_it_running(home: Path, join: Join) -> None:
    killed, also_killed, last = join(home), join(home), join(home)
    for process in (killed, also_killed, last):
        joined(process)
    end(killed, kill=True)
    end(also_killed, kill=True)
    assert len(servers_in(home)) == 1
    end(last)
    assert servers_in(home) == []


def test_a_server_left_alone_by_killed_users_is_taken_over(home: Path, join: Join) -> None:
    only = join(home)
    url = joined(only)
    end(only, kill=True)
    [left] = servers_in(home)
    with EmbeddedPostgres(home, durable=False) as server:
        assert server.url("fieldfare") == url
        assert servers_in(home) == [left]
    assert servers_in(home) == []


def test_a_program_that_forgets_to_stop_it_stops_it_at_its_end(home: Path) -> None:
    forgetful = USER_OF_THE_SERVER.replace("server.stop()", "")
    subprocess.run([sys.executable, "-c", forgetful, str(home)], check=True, input="", text=True)
    assert (home / "postgres/data").exists()
    assert servers_in(home) == []


def test_a_fork_neither_stops_it_nor_counts_as_a_user(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        child = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", FORK, str(home)], check=True, text=True
        )
        assert child.returncode == 0
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
    assert servers_in(home) == []


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


def test_a_crashed_server_is_started_again_where_its_users_find_it(home: Path, join: Join) -> None:
    user = join(home)
    url = joined(user)
    do(url, "CREATE TABLE visit AS SELECT 7 AS number")
    [process] = servers_in(home)
    process.kill()
    with EmbeddedPostgres(home, durable=False):
        assert ask(url, "SELECT number FROM visit") == 7
    end(user)
    assert servers_in(home) == []


def answers(url: str) -> bool:
    try:
        return ask(url, "SELECT 1") == 1
    except psycopg.OperationalError:
        return False


def comes_true(said: Callable[[], bool], looks: int = 300) -> bool:
    for _look in range(looks):
        if said():
            return True
        time.sleep(0.1)
    return False


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
    assert servers_in(home) == []


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
    assert servers_in(home) == []


def test_nobody_keeps_up_a_server_whose_home_was_deleted(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server, server.kept_up():
        shutil.rmtree(home)
        for process in servers_in(home):
            process.kill()
        time.sleep(3 * postgres.LOOK_SECONDS)
        assert not home.exists()
    assert servers_in(home) == []


def test_a_server_that_cannot_come_up_is_tried_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(postgres, "LAUNCH_SECONDS_MAX", 1)
    with EmbeddedPostgres(home, durable=False) as server, server.kept_up():
        url = server.url("fieldfare")
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
    process.wait(10) if process.parent() == psutil.Process() else time.sleep(0.5)
    socket_folder = next((home / "postgres").glob("fieldfare-*"))
    for name in (home / "postgres/data/postmaster.pid", socket_folder / ".s.PGSQL.5432.lock"):
        lines = name.read_text().splitlines()
        name.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    with EmbeddedPostgres(home, durable=False):
        assert ask(url, "SELECT 1") == 1
    server.stop()
    assert servers_in(home) == []


def test_a_making_that_was_cut_short_begins_again(home: Path) -> None:
    half = home / "postgres/data.making"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
    assert not half.exists()


def test_a_very_long_home_works(home: Path) -> None:
    long = home / ("a folder's name with spaces and 'quotes', " * 2) / ("é" * 100)
    with EmbeddedPostgres(long, durable=False) as server:
        folder = Path(str(ask(server.url("fieldfare"), "SHOW unix_socket_directories")))
        assert long not in folder.parents
        assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o700, server_user().uid)
    assert not folder.exists()


def test_two_homes_never_touch(home: Path, tmp_path: Path) -> None:
    with (
        EmbeddedPostgres(home, durable=False) as one,
        EmbeddedPostgres(home / "inner", durable=False) as two,
    ):
        do(one.url("fieldfare"), "CREATE TABLE only_in_one ()")
        assert one.url("fieldfare") != two.url("fieldfare")
        assert ask(two.url("fieldfare"), "SELECT to_regclass('only_in_one')") is None


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
    shutil.rmtree(home)
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
        assert old not in servers_in(home)


def test_stopping_after_the_home_was_deleted_ends_the_server(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    server.start()
    shutil.rmtree(home)
    server.stop()
    assert servers_in(home) == []
    assert not home.exists()


def test_a_server_that_cannot_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "LAUNCH_SECONDS_MAX", 1)
    with EmbeddedPostgres(home, durable=False):
        pass
    (home / "postgres/data/PG_VERSION").write_text("9.6\n")
    with pytest.raises(PostgresUnavailable, match="incompatible with server"):
        EmbeddedPostgres(home, durable=False).start()


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


def test_a_program_that_fails_says_so_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(PostgresUnavailable, match=r"initdb failed: .*no-such-option"):
        run_program("initdb", "--no-such-option", str(tmp_path))
    with pytest.raises(PostgresUnavailable, match="no_such_program failed"):
        run_program("no_such_program")


def test_settings_meant_for_another_server_do_not_reach_this_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "9999")
    monkeypatch.setenv("PGDATA", "/nowhere")
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SHOW port") == "5432"


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root has a user to become.")
def test_an_ordinary_user_runs_it_as_itself(home: Path) -> None:
    nobody = 65534
    os.chown(home.parent, nobody, nobody)
    child = os.fork()  # and not a new process, because root's Python may be closed to others
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setgid(nobody)
            os.setuid(nobody)
            with EmbeddedPostgres(home, durable=False) as server:
                [process] = servers_in(home)
                answers = ask(server.url("fieldfare"), "SELECT 1") == 1
                status = 0 if answers and process.uids().real == nobody else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert home.stat().st_mode & 0o777 == 0o700
    assert servers_in(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root has a user to become.")
def test_root_lets_the_server_pass_and_nobody_list(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "home", durable=False):
        [process] = servers_in(closed / "home")
        assert process.uids().real == server_user().uid != 0
    assert closed.stat().st_mode & 0o777 == 0o701
    assert (closed / "home").stat().st_mode & 0o777 == 0o701


def test_a_stop_signal_from_the_keyboard_leaves_the_server_to_its_users(home: Path) -> None:
    with EmbeddedPostgres(home, durable=False) as server:
        [process] = servers_in(home)
        assert os.getpgid(process.pid) != os.getpgid(0)
        assert ask(server.url("fieldfare"), "SELECT 1") == 1
