"""The role the office works as: it adds to its logs, and can neither alter nor empty them.

Whoever owns a table can do anything to it, its triggers included. So the tables are the owner's, and
the office connects as another role, which is given what its statements need and no more. What it may
is written out here and given anew after each migration, so that no table is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from server.spine.jobs import QUEUE_SCHEMA

OFFICE = "fieldfare_office"
"""What the role is called in the office's own PostgreSQL."""

ONLY_ADDED_TO = (
    "audit_checkpoint",
    "audit_entry",
    "change",
    "command",
    "detail",
    "officer_key",
    "read",
    "transaction",
)
"""The logs: what was done, changed and read, what is sealed of it, what was posted, and whose hand
signs on which device."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "audit_checkpoint": ("copied_at", "copied_to", "problem"),
    "detail": ("body", "erased_at", "salt"),
}
"""What the office may alter in a log all the same: where the copy of a checkpoint went, and a text, which
a trigger lets it erase and nothing else."""

ONLY_READ = ("alembic_version",)

SIGHT_SCHEMA = "visible"
"""Where the views are that a reader's session finds under the tables' names; nothing is written there."""

ALTERING = ("UPDATE", "DELETE", "TRUNCATE")

_TURN = 3_155_022
"""The number of the lock under which roles are given their rights, one process at a time."""


def office_url(owner_url: str, role: str = OFFICE) -> str:
    """Name the same database for the office's role."""
    return make_url(owner_url).set(username=role).render_as_string(hide_password=False)


def make(owner_url: str) -> None:
    """Make the office's role in its own PostgreSQL, unless it is there."""
    with _connected(owner_url) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = %s", (OFFICE,)
        ).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(OFFICE)))


def grant(owner_url: str, role: str = OFFICE) -> None:
    """Give the office's role what its statements need, and take from it whatever else it had."""
    with _connected(owner_url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', %s)",
            (QUEUE_SCHEMA,),
        ).fetchall()
        for schema in ("public", QUEUE_SCHEMA):
            for statement in (
                "GRANT USAGE ON SCHEMA {schema} TO {role}",
                "REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
                "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
            ):
                names = {"schema": sql.Identifier(schema), "role": sql.Identifier(role)}
                connection.execute(sql.SQL(statement).format(**names))
        for statement in (
            "GRANT USAGE ON SCHEMA {schema} TO {role}",
            "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
        ):
            names = {"schema": sql.Identifier(SIGHT_SCHEMA), "role": sql.Identifier(role)}
            connection.execute(sql.SQL(statement).format(**names))
        for schema, table in tables:
            for given in _given(schema, table):
                connection.execute(
                    sql.SQL("GRANT {given} ON {table} TO {role}").format(
                        given=given, table=sql.Identifier(schema, table), role=sql.Identifier(role)
                    )
                )


def _given(schema: str, table: str) -> list[sql.Composable]:
    """Say what the office may do to a table beside reading it."""
    if schema != "public":
        return [sql.SQL("INSERT, UPDATE, DELETE")]
    if table in ONLY_READ:
        return []
    if table not in ONLY_ADDED_TO:
        return [sql.SQL("INSERT, UPDATE, DELETE")]
    columns = sql.SQL(", ").join(map(sql.Identifier, COLUMNS.get(table, ())))
    altered = [sql.SQL("UPDATE ({})").format(columns)] if table in COLUMNS else []
    return [sql.SQL("INSERT"), *altered]


def _connected(owner_url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect as the owner, alone for as long as the transaction lasts."""
    plain = make_url(owner_url).set(drivername="postgresql")
    connection = psycopg.connect(plain.render_as_string(hide_password=False))
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_TURN,))
    return connection


def can_alter(session: Session) -> list[str]:
    """Say which logs whoever asks could alter or empty: none, for the office's own role."""
    found = []
    for table in ONLY_ADDED_TO:
        asked = text("SELECT has_table_privilege(:table, :what)")
        quoted = f'public."{table}"'
        if any(session.scalar(asked, {"table": quoted, "what": what}) for what in ALTERING):
            found.append(table)
    return found
