"""The schema goes up, comes down, and is what the code says it is."""

from __future__ import annotations

from importlib import resources

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from server import all_tables
from server.spine import database


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(resources.files("server.spine") / "migrations"))


REVISIONS = [script.revision for script in reversed(list(scripts().walk_revisions()))]


def test_a_migrated_database_is_what_the_tables_say(database_url: str) -> None:
    assert all_tables.ALL
    assert database.differences(database_url) == []


def test_migrations_stand_in_one_line() -> None:
    assert len(scripts().get_heads()) == 1
    assert sorted(REVISIONS) == REVISIONS


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_migration_comes_down_again_and_goes_back_up(
    database_url: str, revision: str
) -> None:
    below = scripts().get_revision(revision)
    database.unmigrate(database_url, str(below.down_revision or "base"))
    database.migrate(database_url)
    assert database.differences(database_url) == []


def test_nothing_is_left_at_the_bottom(database_url: str) -> None:
    database.unmigrate(database_url)
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        left = set(inspect(connection).get_table_names()) - {"alembic_version"}
        functions = connection.execute(
            text(
                "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace "
                "WHERE n.nspname = 'public' AND NOT EXISTS (SELECT FROM pg_depend "
                "WHERE objid = pg_proc.oid AND deptype = 'e')"
            )
        ).all()
    assert not left
    assert not functions
