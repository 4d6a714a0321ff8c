"""The office's database on PostgreSQL, as offices have it; a transaction of it can be held half-way."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus
from sqlalchemy import create_engine, event, make_url

import server.app  # noqa: F401 - with the areas come their tables
from server.spine.database import Row

LOCK_TIMEOUT = "4ms"
"""Whoever holds a lock here is held too, so waiting longer for it would change nothing."""

WATCH_LOCK_TIMEOUT = "10s"
"""What looks on waits for nobody for ever: a day that would stand still breaks off and says so."""


class OnPostgres:
    """One migrated database that only this process uses."""

    def __init__(self, url: str, *, holds_inside: bool = True) -> None:
        self.holds_inside = holds_inside
        self.office = create_engine(
            url,
            pool_size=8,
            connect_args={"options": f"-c lock_timeout={LOCK_TIMEOUT} -c synchronous_commit=off"},
        )
        self._lines: set[psycopg.Connection] = set()
        event.listen(self.office, "connect", lambda line, _record: self._lines.add(line))
        self.watch = create_engine(
            url,
            isolation_level="AUTOCOMMIT",
            connect_args={"options": f"-c lock_timeout={WATCH_LOCK_TIMEOUT}"},
        )
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._keeper = psycopg.connect(plain, autocommit=True)
        # what was taken is put back as it was, so nothing of it is looked at again
        self._keeper.execute("SET session_replication_role = replica")

    @property
    def in_use(self) -> bool:
        """Tell whether somebody in the office holds a connection."""
        return any(
            line.info.transaction_status != TransactionStatus.IDLE
            for line in self._lines
            if not line.closed
        )

    def cut(self) -> None:
        """Lose the office's connections, and whatever has not been committed on them."""
        for line in self._lines:
            if not line.closed:
                line.rollback()
                line.close()
        self._lines.clear()
        self.office.dispose()

    def clear(self) -> None:
        """Forget everything, whoever was at work here before."""
        self.put_back({})
        self._keeper.execute("INSERT INTO sync_head VALUES (1, 0, gen_random_uuid())")
        self._keeper.execute("ALTER SEQUENCE case_reference RESTART")

    def taken(self) -> dict[str, bytes]:
        """Take everything as it stands."""
        found: dict[str, bytes] = {}
        for name in Row.metadata.tables:
            with self._keeper.cursor().copy(_copy("COPY {} TO STDOUT", name)) as rows:
                found[name] = b"".join(bytes(row) for row in rows)
        return {name: rows for name, rows in found.items() if rows}

    def put_back(self, taken: Any) -> None:
        """Make everything as it stood when that was taken."""
        names = sql.SQL(", ").join(sql.Identifier(name) for name in Row.metadata.tables)
        with self._keeper.transaction():
            self._keeper.execute(sql.SQL("TRUNCATE {}").format(names))
            for name, rows in taken.items():
                with self._keeper.cursor().copy(_copy("COPY {} FROM STDIN", name)) as copy:
                    copy.write(rows)

    def dispose(self) -> None:
        """Close every connection."""
        self._keeper.close()
        self.office.dispose()
        self.watch.dispose()


def _copy(statement: str, name: str) -> sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(name))
