"""Gives every test the real PostgreSQL: one server a test run, a fresh database a test."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from fasteners import InterProcessLock
from hypothesis import settings
from psycopg import sql
from sqlalchemy import make_url

from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import end_servers
from tests.kept_logs import keep_logs_of

pytest_plugins = ["pytester", "tests.browser", "tests.proofs", "tests.log_witness"]

HOME_VARIABLE = "FIELDFARE_TEST_HOME"
TEMPLATE = "migrated"

MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own in it, for itself alone
ROOM_BYTES = 4 << 30
"""What the databases of a run may come to, four times over."""

_numbers = itertools.count(1)

settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "house"))


def _quickest() -> Path | None:
    """Find a folder in memory with room, where a database of 700 files is made and gone at once."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        return MEMORY
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Make the run's own home before the workers start; they find it in the environment."""
    if not hasattr(config, "workerinput"):
        os.environ[HOME_VARIABLE] = tempfile.mkdtemp(prefix="fieldfare-tests-", dir=_quickest())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the run's home after the last worker has gone."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(HOME_VARIABLE), ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Keep what the run's own PostgreSQL has logged, once no worker needs it."""
    if not hasattr(session.config, "workerinput"):
        keep_logs_of(Path(os.environ[HOME_VARIABLE]))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what drives a browser, so that `-m "not browser"` leaves out all of it."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


def _administer(url: str, statement: str, **names: str) -> None:
    """Run one statement outside of a transaction, with names quoted as PostgreSQL wants them."""
    quoted = {name: sql.Identifier(value) for name, value in names.items()}
    with psycopg.connect(connection_string(url), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(**quoted))


def connection_string(url: str) -> str:
    """Turn a SQLAlchemy URL into what psycopg itself understands."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _migrate(url: str) -> None:
    """Bring a database to the newest tables, once the office has a migration command."""
    if importlib.util.find_spec("server.spine.database") is None:
        return
    from server.spine import database, database_roles  # noqa: PLC0415 - the office may not have it yet

    database.migrate(url)
    database_roles.make(url)
    database_roles.grant(url)


def _keep_the_ends_of_tables(url: str) -> None:
    """Have no autovacuum lock a table to shorten it: some tests wait for no lock at all."""
    with psycopg.connect(connection_string(url), autocommit=True) as connection:
        found = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, table in found:
            statement = sql.SQL("ALTER TABLE {} SET (vacuum_truncate = false)")
            connection.execute(statement.format(sql.Identifier(schema, table)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """Share one PostgreSQL between the workers of this run; it forgets everything afterwards."""
    with EmbeddedPostgres(Path(os.environ[HOME_VARIABLE]), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def database_template(postgres: EmbeddedPostgres) -> str:
    """Migrate one database for every worker to copy; the first to come makes it."""
    office = postgres.url("fieldfare")
    with InterProcessLock(Path(os.environ[HOME_VARIABLE]) / "template.lock"):
        with psycopg.connect(connection_string(office)) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            made = connection.execute(query, (TEMPLATE,)).fetchone() is not None
        if not made:
            _administer(office, "DROP DATABASE IF EXISTS {made} WITH (FORCE)", made="making")
            _administer(office, "CREATE DATABASE {made}", made="making")
            _migrate(postgres.url("making"))
            _keep_the_ends_of_tables(postgres.url("making"))
            _administer(office, "ALTER DATABASE {a} RENAME TO {b}", a="making", b=TEMPLATE)
            _administer(office, "ALTER DATABASE {a} ALLOW_CONNECTIONS false", a=TEMPLATE)
    return TEMPLATE


@pytest.fixture
def database_url(postgres: EmbeddedPostgres, database_template: str) -> Iterator[str]:
    """Give the test a fresh, migrated database of its own, dropped afterwards."""
    office = postgres.url("fieldfare")
    name = f"test_{os.getpid()}_{next(_numbers)}"
    _administer(
        office, "CREATE DATABASE {a} TEMPLATE {b} STRATEGY FILE_COPY", a=name, b=database_template
    )
    try:
        yield postgres.url(name)
    finally:
        _administer(office, "DROP DATABASE {a} WITH (FORCE)", a=name)


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a FIELDFARE_HOME of the test's own, and leave no server in it whatever the test did.

    It is not pytest's own temporary folder, because every other run of pytest closes that one to
    the user root's server runs as.
    """
    folder = Path(tempfile.mkdtemp(prefix="fieldfare-home-", dir=_quickest()))
    yield folder / "home"
    end_servers(folder / "home" / "postgres" / "data")
    keep_logs_of(folder)
    shutil.rmtree(folder)
