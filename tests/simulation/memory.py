"""The office's database in memory: the same tables and the same statements, without a server between."""

from __future__ import annotations

import importlib
import sqlite3

from sqlalchemy import ARRAY, Boolean, DefaultClause, MetaData, Table, create_engine, event, text
from sqlalchemy.pool import StaticPool

import server.app  # noqa: F401 - with the areas come their tables
from server.spine.database import Row
from tests.simulation import dialect
from tests.simulation.broken import Broken

MIGRATIONS = "server.spine.migrations.versions"

VIEWS = (("0002_promises", "GOES_OUT"), ("0004_ledger_and_search", "SUBJECTS", "PLACES"))
"""Where the views are written that the office reads."""

PROMISES = """
CREATE TRIGGER forget_number AFTER UPDATE ON field_record
WHEN new.body IS NOT old.body AND new.commit_number IS old.commit_number
BEGIN
    UPDATE field_record SET commit_number = NULL WHERE rowid = new.rowid;
END;
"""
"""What PostgreSQL is told by the migrations to hold to, as far as an office at work meets it."""

UNNUMBERED = """
SELECT 1 FROM field_record WHERE commit_number IS NULL
UNION ALL SELECT 1 FROM case_access WHERE commit_number IS NULL LIMIT 1
"""


class InMemory:
    """One database in memory; it has one connection, so nobody is at work inside a held transaction."""

    holds_inside = False
    in_use = False

    def __init__(self) -> None:
        self._line = sqlite3.connect(":memory:", check_same_thread=False, cached_statements=2_000)
        dialect.prepare(self._line)
        self.office = create_engine(
            f"{dialect.NAME}://",
            creator=lambda: self._line,
            poolclass=StaticPool,
            query_cache_size=5_000,
        )
        self.watch = self.office
        event.listen(self.office, "begin", self._check_idle)
        event.listen(self.office, "commit", self._check_numbers)
        tables = MetaData()
        for table in Row.metadata.sorted_tables:
            _as_here(table.to_metadata(tables))
        tables.create_all(self.office)
        for module, *names in VIEWS:
            views = importlib.import_module(f"{MIGRATIONS}.{module}")
            told = "".join(getattr(views, name) for name in names)
            self._line.execute(told.replace("OR REPLACE ", ""))
        self._line.executescript(PROMISES)
        self._line.execute(
            "INSERT INTO sync_head (head_id, commit_number, epoch) VALUES (1, 0, '')"
        )
        self._empty = self.taken()

    def _check_idle(self, _connection: object = None) -> None:
        """Break off if somebody has answered, or asks for more, with a transaction still open."""
        if self._line.in_transaction:
            raise Broken("P1", "the office goes on before it has committed what it answered")

    def _check_numbers(self, _connection: object) -> None:
        """Refuse to commit what has no number, as the migrations have PostgreSQL do."""
        if self._line.execute(UNNUMBERED).fetchone():
            raise sqlite3.IntegrityError("something was changed without a commit number")

    def cut(self) -> None:
        """Lose whatever has not been committed."""
        if self._line.in_transaction:
            self._line.rollback()

    def clear(self) -> None:
        """Forget everything."""
        self.put_back(self._empty)
        self._line.create_function("nextval", 1, dialect.Sequences())

    def taken(self) -> sqlite3.Connection:
        """Take everything as it stands."""
        self._check_idle()
        copy = sqlite3.connect(":memory:", check_same_thread=False)
        self._line.backup(copy)
        return copy

    def put_back(self, taken: sqlite3.Connection) -> None:
        """Make everything as it stood when that was taken."""
        taken.backup(self._line)

    def dispose(self) -> None:
        """Close the connection, and with it the database."""
        self._line.close()


def _as_here(table: Table) -> None:
    """Leave out what only PostgreSQL can do, and what only makes reading faster."""
    for index in list(table.indexes):
        if index.unique:
            index.dialect_options["sqlite"]["where"] = index.dialect_options["postgresql"]["where"]
        else:
            table.indexes.discard(index)
    for column in table.columns:
        default = column.server_default
        if default is not None and isinstance(column.type, ARRAY):
            column.server_default = DefaultClause(text("'[]'"))
        elif isinstance(default, DefaultClause) and isinstance(column.type, Boolean):
            column.server_default = DefaultClause(text(str(int(str(default.arg) == "true"))))
