"""The floor under a sync: the same bytes over one plain request, the same rows in one statement each.

Nothing here checks, decides or projects anything. The bytes are those of the records that the step
brings, compressed at level 3 for each request. The rows are copies of the very rows that a push has
left, put into tables of the same columns and indexes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import waitress
import zstandard
from psycopg import sql
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool
from sqlalchemy import make_url

LEVEL = 3
THREADS = 16
END_SECONDS_MAX = 5

_OF_COMMANDS: Mapping[str, str] = {
    "command": "SELECT c.* FROM command c WHERE c.command_id = ANY(%s)",
    "detail": """SELECT d.* FROM detail d WHERE d.detail_id IN (
        SELECT detail_id FROM command WHERE command_id = ANY(%s)
        UNION SELECT detail_id FROM change WHERE command_id = ANY(%s))""",
    "change": "SELECT c.* FROM change c WHERE c.command_id = ANY(%s)",
    "visit": """SELECT v.* FROM visit v WHERE v.visit_id::text IN (
        SELECT line->>'visit_id' FROM change WHERE command_id = ANY(%s))""",
    "field_record": """SELECT r.* FROM field_record r WHERE r.kind = 'visit' AND r.record_id IN (
        SELECT line->>'visit_id' FROM change WHERE command_id = ANY(%s))""",
}
"""What a push of visits leaves behind, table by table."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """The rows one push has left in one table."""

    table: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class RowFloor:
    """Puts rows into tables like the office's, each table's in one statement, in one transaction."""

    def __init__(self, url: str) -> None:
        conninfo = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._pool = ConnectionPool(conninfo, min_size=1, max_size=THREADS, open=True)
        with self._pool.connection() as connection:
            for table in _OF_COMMANDS:
                connection.execute(
                    sql.SQL(
                        "CREATE TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING INDEXES)"
                    ).format(sql.Identifier(f"floor_{table}"), sql.Identifier(table))
                )

    def rows_of(self, store_ids: Sequence[str], commands: int) -> dict[str, tuple[Rows, ...]]:
        """Read back what the last so many commands of each of these vaults have left."""
        found: dict[str, tuple[Rows, ...]] = {}
        with self._pool.connection() as connection:
            for store_id in store_ids:
                ids = [
                    row[0]
                    for row in connection.execute(
                        "SELECT command_id FROM command WHERE store_id = %s "
                        "ORDER BY seq DESC LIMIT %s",
                        (store_id, commands),
                    )
                ]
                found[store_id] = tuple(
                    _read(connection, table, query, ids) for table, query in _OF_COMMANDS.items()
                )
        return found

    def put(self, tables: Iterable[Rows]) -> None:
        """Put rows in; this is what is timed."""
        with self._pool.connection() as connection, connection.transaction():
            for each in tables:
                if each.rows:
                    connection.execute(*_insert(each))

    def clear(self) -> None:
        """Take out what was put in."""
        with self._pool.connection() as connection:
            for table in _OF_COMMANDS:
                connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(f"floor_{table}")))

    def close(self) -> None:
        """Let the connections go."""
        self._pool.close()


def _read(connection: psycopg.Connection[Any], table: str, query: str, ids: Sequence[Any]) -> Rows:
    cursor = connection.execute(query, [ids] * query.count("%s"))
    columns = tuple(column.name for column in cursor.description or ())
    rows = tuple(tuple(map(_as_written, row)) for row in cursor)
    return Rows(table=f"floor_{table}", columns=columns, rows=rows)


def _as_written(value: Any) -> Any:  # noqa: ANN401 - any column's value
    return Jsonb(value) if isinstance(value, dict) else value


def _insert(rows: Rows) -> tuple[sql.Composed, list[Any]]:
    one = sql.SQL("({})").format(sql.SQL(", ").join([sql.Placeholder()] * len(rows.columns)))
    statement = sql.SQL("INSERT INTO {} ({}) VALUES {}").format(
        sql.Identifier(rows.table),
        sql.SQL(", ").join(map(sql.Identifier, rows.columns)),
        sql.SQL(", ").join([one] * len(rows.rows)),
    )
    return statement, [value for row in rows.rows for value in row]


class FloorServer:
    """Answers one plain request with the bytes of a step, having put its rows in if it has any."""

    def __init__(self, rows: RowFloor) -> None:
        self._rows = rows
        self._steps: dict[str, tuple[bytes, tuple[Rows, ...]]] = {}
        self._server = waitress.create_server(
            self._answer, host="127.0.0.1", port=0, threads=THREADS, ident=None
        )
        self._running = threading.Thread(target=self._server.run, name="floor", daemon=True)
        self._running.start()

    @property
    def address(self) -> str:
        """Say where it answers."""
        return f"http://127.0.0.1:{self._server.effective_port}"

    def offer(
        self, path: str, records: Sequence[tuple[str, str]], rows: tuple[Rows, ...] = ()
    ) -> None:
        """Have a path answer with these records, after putting these rows in."""
        plain = json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode()
        self._steps[path] = (plain, rows)

    def size_of(self, path: str) -> int:
        """Say how many bytes a path answers with."""
        return len(_packed(self._steps[path][0]))

    def close(self) -> None:
        """Answer nothing more, and let every connection go."""
        self._server.trigger.pull_trigger(self._server.close)
        for channel in list(self._server.active_channels.values()):
            self._server.trigger.pull_trigger(channel.handle_close)
        self._running.join(timeout=END_SECONDS_MAX)
        self._server.task_dispatcher.shutdown(timeout=END_SECONDS_MAX)

    def _answer(
        self, environ: Mapping[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        plain, rows = self._steps[environ["PATH_INFO"]]
        if rows:
            self._rows.put(rows)
        body = _packed(plain)
        start_response(
            "200 OK",
            [("Content-Type", "application/zstd"), ("Content-Length", str(len(body)))],
        )
        return [body]


def _packed(plain: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=LEVEL).compress(plain)
