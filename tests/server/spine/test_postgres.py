"""Shows that the embedded PostgreSQL is private, keeps what it is given, and says what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import psycopg
import pytest

from server.spine import postgres
from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import PostgresUnavailable, run_program, server_user
from tests.server.spine.homes import ask, do, left_in, servers_in


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
    assert left_in(home) == []


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
    assert left_in(home) == []
    with EmbeddedPostgres(home, durable=False) as server:
        assert ask(server.url("fieldfare"), "SELECT number FROM visit") == 7


def test_a_url_is_only_given_while_it_runs(home: Path) -> None:
    server = EmbeddedPostgres(home, durable=False)
    with pytest.raises(PostgresUnavailable, match="Start the embedded PostgreSQL"):
        server.url("fieldfare")
    server.start()
    server.stop()
    with pytest.raises(PostgresUnavailable, match="Start the embedded PostgreSQL"):
        server.url("fieldfare")


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


def test_a_server_that_cannot_start_says_why(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EmbeddedPostgres(home, durable=False):
        pass
    monkeypatch.setattr(postgres, "LAUNCH_SECONDS_MAX", 3)
    (home / "postgres/data/PG_VERSION").write_text("9.6\n")
    with pytest.raises(PostgresUnavailable, match="incompatible with server"):
        EmbeddedPostgres(home, durable=False).start()


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
    assert left_in(home) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="Only root has a user to become.")
def test_root_lets_the_server_pass_and_nobody_list(home: Path) -> None:
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "home", durable=False):
        [process] = servers_in(closed / "home")
        assert process.uids().real == server_user().uid != 0
    assert closed.stat().st_mode & 0o777 == 0o701
    assert (closed / "home").stat().st_mode & 0o777 == 0o701
