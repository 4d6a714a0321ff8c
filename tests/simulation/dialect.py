"""Lets the office's statements run on a database in memory: PostgreSQL's words, said in SQLite's."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import types
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler, SQLiteTypeCompiler
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

Processor = Callable[[Any], Any]

WORDS = (
    (re.compile(r"= ANY\s*\(([^()]*)\)"), r"IN (SELECT value FROM json_each(\1))"),
    (re.compile(r"SELECT FROM"), "SELECT 1 FROM"),
    # Nobody is restricted in the simulation, so no case is hidden from an officer.
    (re.compile(r"SELECT public\.hidden_cases\([^()]*\)"), "SELECT NULL WHERE 0"),
    (re.compile(r"\bFOR (NO KEY )?UPDATE( OF \w+)?\s*$"), ""),
    (re.compile(r"::\w+"), ""),
    (
        re.compile(r"\bgenerate_series\(1, (\S+)\)"),
        (
            r"(WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < \1) "
            r"SELECT n FROM n)"
        ),
    ),
)
"""What only PostgreSQL says, and how SQLite is asked the same."""

SIDE_BY_SIDE = re.compile(r"unnest\(([^()]*)\) AS (\w+) \(([^()]*)\)")
"""Arrays that a statement reads side by side as the columns of a table."""

FIRST_OF_EACH = re.compile(
    r"SELECT DISTINCT ON \((?P<each>[^()]*)\)\s+(?P<columns>.*?)\s+(?P<rest>FROM .*?)"
    r"\s+ORDER BY (?P<order>.*)",
    re.DOTALL,
)
"""A statement that keeps the first row of each of something."""

FOR_SEARCHING_ONLY = re.compile(r"\s*INSERT INTO search_term\b")
"""What people are found by; nothing that reaches a device is read from there."""


@lru_cache(maxsize=2_000)
def translate(statement: str) -> str:
    """Say a statement in SQLite's words; its values keep their order."""
    if FOR_SEARCHING_ONLY.match(statement):
        return "SELECT " + ", ".join("?" * statement.count("?"))
    for said, meant in WORDS:
        statement = said.sub(meant, statement)
    if found := FIRST_OF_EACH.fullmatch(statement):
        statement = _first_of_each(**found.groupdict())
    return SIDE_BY_SIDE.sub(_side_by_side, statement)


def _first_of_each(*, each: str, columns: str, rest: str, order: str) -> str:
    names = ", ".join(column.split()[-1].rpartition(".")[2] for column in columns.split(","))
    return (
        f"SELECT {names} FROM (SELECT {columns}, row_number() OVER "  # noqa: S608 - our own words
        f"(PARTITION BY {each} ORDER BY {order}) AS nth {rest}) WHERE nth = 1"
    )


def _side_by_side(found: re.Match[str]) -> str:
    arrays, name, columns = found[1].split(","), found[2], found[3].split(",")
    told = ", ".join(f"a{n}.value AS {c.strip()}" for n, c in enumerate(columns))
    tables = " ".join(
        f"{'JOIN ' if n else ''}json_each({array.strip()}) AS a{n}{' USING (key)' if n else ''}"
        for n, array in enumerate(arrays)
    )
    return f"(SELECT {told} FROM {tables}) AS {name}"  # noqa: S608 - our own words


class _Moment(types.DateTime):
    """An aware moment, written so that later ones sort later."""

    def bind_processor(self, *_told: Any) -> Processor:
        return written_moment

    def result_processor(self, *_told: Any) -> Processor:
        return lambda value: None if value is None else datetime.fromisoformat(value)


def written_moment(value: datetime | None) -> str | None:
    """Write a moment as this database keeps it."""
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")


class _Id(types.Uuid[Any]):
    """An id, kept as the text it is everywhere else."""

    def bind_processor(self, *_told: Any) -> Processor:
        return lambda value: None if value is None else str(value)

    def result_processor(self, *_told: Any) -> None:
        return None


class _List(types.ARRAY[Any]):
    """A list, kept as JSON."""

    def bind_processor(self, *_told: Any) -> Processor:
        return lambda value: None if value is None else json.dumps(list(value))

    def result_processor(self, *_told: Any) -> Processor:
        return lambda value: None if value is None else json.loads(value)


class _Number(types.Numeric[Any]):
    """A number that PostgreSQL keeps exactly; whole ones are exact here too."""

    def bind_processor(self, *_told: Any) -> Processor:
        return lambda value: float(value) if isinstance(value, Decimal) else value

    def result_processor(self, *_told: Any) -> Processor:
        return lambda value: None if value is None else Decimal(str(value))


class _Types(SQLiteTypeCompiler):
    """Names of column types."""

    def visit_ARRAY(self, *_type: Any, **_kw: Any) -> str:  # noqa: N802 - as the compiler is called
        return "JSON"

    def visit_JSONB(self, *_type: Any, **_kw: Any) -> str:  # noqa: N802 - SQLAlchemy's name
        return "JSON"

    def visit_uuid(self, *_type: Any, **_kw: Any) -> str:
        return "CHAR(36)"

    def visit_BIGINT(self, *_type: Any, **_kw: Any) -> str:  # noqa: N802 - a rowid must be INTEGER
        return "INTEGER"


class _Words(SQLiteCompiler):
    """Expressions that SQLite would take for something else."""

    def visit_postgresql_distinct_on(self, element: Any, **kw: Any) -> str:
        each = ", ".join(self.process(column, **kw) for column in element._distinct_on)
        return f"ON ({each})"

    def visit_table_valued_alias(self, element: Any, **kw: Any) -> str:
        """Read rows that came as JSON, column by column."""
        if element.element.name != "jsonb_to_recordset":
            return str(super().visit_table_valued_alias(element, **kw))
        name, (rows,) = self.preparer.format_alias(element), element.element.clauses
        columns = [self.preparer.quote(column.name) for column in element.c]
        told = ", ".join(f"json_extract(value, '$.{column}') AS {column}" for column in columns)
        each = self.process(rows.clause, **kw)
        return f"(SELECT {told} FROM json_each({each})) AS {name}"  # noqa: S608 - our own words

    def visit_cast(self, cast: Any, **kw: Any) -> str:
        if isinstance(cast.type, types.Date):
            return f"date({self.process(cast.clause, **kw)})"
        return str(super().visit_cast(cast, **kw))  # type: ignore[no-untyped-call]  # theirs


class InMemoryDialect(SQLiteDialect_pysqlite):
    """SQLite spoken to by programs that were written for PostgreSQL."""

    supports_statement_cache = True
    supports_native_uuid = False
    type_compiler_cls = _Types
    statement_compiler = _Words
    colspecs = {  # noqa: RUF012 - as in every dialect
        **SQLiteDialect_pysqlite.colspecs,
        types.DateTime: _Moment,
        types.Uuid: _Id,
        types.ARRAY: _List,
        types.Numeric: _Number,
    }

    def get_isolation_level_values(self, _connection: Any) -> list[str]:
        """Know the levels by name: whoever works here has the database alone and sees one state of it."""
        return ["REPEATABLE READ", "SERIALIZABLE"]

    def get_isolation_level(self, _connection: Any) -> str:
        """Say how apart transactions are."""
        return "SERIALIZABLE"

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        """Leave it as it is."""

    def do_begin(self, dbapi_connection: Any) -> None:
        """Begin at once; the driver would wait for the first row written."""
        dbapi_connection.execute("BEGIN")

    def do_execute(
        self, cursor: Any, statement: str, parameters: Any, *_context: Any, **_kw: Any
    ) -> None:
        """Run a statement."""
        cursor.execute(translate(statement), parameters)

    def do_executemany(
        self, cursor: Any, statement: str, parameters: Any, *_context: Any, **_kw: Any
    ) -> None:
        """Run a statement for each of some rows."""
        cursor.executemany(translate(statement), parameters)


NAME = "fieldfare_memory"
"""What an engine for such a database is asked for by."""

registry.register(NAME, __name__, InMemoryDialect.__name__)


class Sequences:
    """Numbers that are given out one after the other, by the name of their sequence."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def __call__(self, name: str) -> int:
        """Give the next number."""
        self._given[name] = self._given.get(name, 0) + 1
        return self._given[name]


class _AnyOf:
    """What PostgreSQL calls bool_or."""

    def __init__(self) -> None:
        self._any = False

    def step(self, value: object) -> None:
        """Take in a row."""
        self._any = self._any or bool(value)

    def finalize(self) -> bool:
        """Answer."""
        return self._any


def prepare(connection: sqlite3.Connection) -> None:
    """Give a connection the functions of PostgreSQL that the office calls."""
    connection.isolation_level = None
    connection.create_function("octet_length", 1, _octets, deterministic=True)
    connection.create_function("timezone", 2, _local, deterministic=True)
    connection.create_function("sha256", 1, _sha256, deterministic=True)
    connection.create_function("pg_current_xact_id", 0, lambda: 1)
    connection.create_aggregate("bool_or", 1, _AnyOf)


def _sha256(value: bytes | None) -> bytes | None:
    return None if value is None else hashlib.sha256(value).digest()


def _octets(value: str | bytes | None) -> int | None:
    if isinstance(value, str):
        return len(value.encode())
    return None if value is None else len(value)


def _local(zone: str, moment: str | None) -> str | None:
    if moment is None:
        return None
    local = datetime.fromisoformat(moment).astimezone(ZoneInfo(zone))
    return local.replace(tzinfo=None).isoformat(sep=" ")
