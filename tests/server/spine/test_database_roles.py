"""The office's role in the database adds to the logs, and can neither alter nor empty them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine, make_url
from sqlalchemy.orm import Session

from server.config import Config
from server.serving import owned_database, owner_url, running_database
from server.spine import database
from server.spine.database_roles import (
    ALTERING,
    COLUMNS,
    OFFICE,
    ONLY_ADDED_TO,
    can_alter,
    office_url,
)
from tests.conftest import connection_string

STATEMENTS = {
    "UPDATE": "UPDATE {table} SET {column} = {column}",
    "DELETE": "DELETE FROM {table}",
    "TRUNCATE": "TRUNCATE {table}",
}
ROUND_ABOUT = (
    "ALTER TABLE change DISABLE TRIGGER ALL",
    "DROP TABLE read",
    "DROP TRIGGER only_added_to ON audit_entry",
    "SET ROLE fieldfare",
    "SET session_replication_role = replica",
    "CREATE TABLE mine (number int)",
)
"""Other ways to come at a log: through its triggers, its rights, or another role."""


def refused(connection: psycopg.Connection[object], statement: sql.Composed | str) -> bool:
    """Say whether PostgreSQL itself refuses a statement, and not a trigger that could be taken away."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)  # type: ignore[arg-type]
    except InsufficientPrivilege as error:
        return "is only ever added to" not in str(error)
    return False


def statement(connection: psycopg.Connection[object], what: str, table: str) -> sql.Composed:
    column = connection.execute(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_name = %s AND column_name != ALL(%s) LIMIT 1",
        (table, list(COLUMNS.get(table, ()))),
    ).fetchone()
    assert isinstance(column, tuple)
    return sql.SQL(STATEMENTS[what]).format(
        table=sql.Identifier(table), column=sql.Identifier(column[0])
    )


@pytest.mark.proves("T55")
def test_the_role_the_office_runs_as_is_denied_every_way_to_alter_a_log(
    home: Path, record_property: Callable[[str, object], None]
) -> None:
    with running_database(Config(home=home, database_url=None)) as url:
        with psycopg.connect(connection_string(url)) as connection:
            assert connection.execute("SELECT current_user").fetchone() == (OFFICE,)
            denied = {
                (what, table): refused(connection, statement(connection, what, table))
                for table in ONLY_ADDED_TO
                for what in ALTERING
            }
            assert [each for each, was in denied.items() if not was] == []
            assert [each for each in ROUND_ABOUT if not refused(connection, each)] == []
        record_property("figure", f"permission denied {sum(denied.values())} of {len(denied)}")
        engine = create_engine(url)
        with Session(engine) as session:
            assert can_alter(session) == []
        engine.dispose()


def test_where_a_copy_of_a_checkpoint_went_is_all_that_may_be_altered_in_one(
    database_url: str,
) -> None:
    with psycopg.connect(connection_string(office_url(database_url))) as connection:
        connection.execute("UPDATE audit_checkpoint SET problem = NULL, copied_to = NULL")
        with pytest.raises(InsufficientPrivilege, match="permission denied"):
            connection.execute("UPDATE audit_checkpoint SET head = ''")


def test_a_text_may_be_erased_and_never_reworded(database_url: str) -> None:
    with psycopg.connect(connection_string(office_url(database_url))) as connection:
        connection.execute("INSERT INTO detail (salt, body) VALUES ('salt', 'what was said')")
        connection.commit()
        for change in (
            "UPDATE detail SET body = 'another'",
            "UPDATE detail SET salt = NULL",
            "UPDATE detail SET body = NULL, salt = NULL",
        ):
            with pytest.raises(InsufficientPrivilege, match="is only ever erased"):
                connection.execute(change)
            connection.rollback()
        connection.execute("UPDATE detail SET body = NULL, salt = NULL, erased_at = now()")


def test_the_office_may_read_and_add_to_every_table_but_the_list_of_migrations(
    database_url: str,
) -> None:
    with psycopg.connect(connection_string(office_url(database_url))) as connection:
        found = connection.execute(
            "SELECT tablename, has_table_privilege(format('%I.%I', schemaname, tablename), 'SELECT'), "
            "has_table_privilege(format('%I.%I', schemaname, tablename), 'INSERT') FROM pg_tables "
            "WHERE schemaname IN ('public', 'procrastinate')"
        ).fetchall()
    assert [name for name, reads, _adds in found if not reads] == []
    assert [name for name, _reads, adds in found if not adds] == ["alembic_version"]


@pytest.fixture
def council(database_url: str) -> Iterator[Config]:
    """Give a council's own PostgreSQL, in which two roles were made as the page on it says."""
    name = f"office_{secrets.token_hex(4)}"
    with psycopg.connect(connection_string(database_url), autocommit=True) as connection:
        role = sql.Identifier(name)
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            yield Config(
                home=Path(),
                database_url=office_url(database_url, name),
                owner_database_url=database_url,
            )
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_councils_own_role_is_given_its_rights_by_the_owner_and_then_works_alone(
    council: Config, tmp_path: Path
) -> None:
    settings = replace(council, home=tmp_path)
    assert settings.database_url is not None
    with running_database(settings) as url:
        assert url == settings.database_url
        assert owner_url(settings, url) == settings.owner_database_url
    alone = replace(settings, owner_database_url=None)
    with running_database(alone) as url, psycopg.connect(connection_string(url)) as connection:
        assert connection.execute("SELECT count(*) FROM change").fetchone() == (0,)
        with pytest.raises(InsufficientPrivilege, match="permission denied for table change"):
            connection.execute("DELETE FROM change")


def test_a_role_that_owns_nothing_says_who_has_to_migrate(council: Config, tmp_path: Path) -> None:
    settings = replace(council, home=tmp_path)
    with owned_database(settings) as url:
        database.unmigrate(url, "-1")
    with (
        pytest.raises(SystemExit, match="FIELDFARE_OWNER_DATABASE_URL"),
        running_database(replace(settings, owner_database_url=None)),
    ):
        pass
    with running_database(settings) as url:
        assert database.is_newest(url)


def test_without_a_role_of_its_own_the_office_can_alter_its_logs_and_that_is_found(
    database_url: str, tmp_path: Path
) -> None:
    settings = Config(home=tmp_path, database_url=database_url)
    with running_database(settings) as url:
        assert owner_url(settings, url) == url == database_url
        engine = create_engine(url)
        with Session(engine) as session:
            assert can_alter(session) == list(ONLY_ADDED_TO)
        engine.dispose()


def test_the_owner_of_the_homes_own_database_is_known_by_name(tmp_path: Path) -> None:
    settings = Config(home=tmp_path, database_url=None)
    owner = "postgresql+psycopg://fieldfare@/fieldfare?host=/somewhere"
    assert make_url(owner_url(settings, office_url(owner))) == make_url(owner)
