"""Watches the rows of a database: which tables were written since one last looked, and what all come to."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType

import psycopg
from psycopg import sql

FAILURES: Mapping[str, str] = {
    "sync_failure": "supervisors see how often a device's syncs were turned away, and why",
    "device_contact": "and for which reason last",
}
"""What the office notes of a call that it turns away, whoever made it."""

COUNTERS: Mapping[str, str] = FAILURES | {
    "nonce": "a signature works once, also where what it signs is then refused",
    "attempt": "wrong codes are counted, so that guessing is slow",
}
"""What the office writes whatever it answers a device that it knows."""

COUNTED: Mapping[str, Mapping[str, str]] = {
    "device": {
        "seen_at": "when a device was last heard of",
        "clock_offset_seconds": "how wrong its clock was",
    }
}
"""Columns of other tables that count the same; a change of nothing else is a COUNT."""

_NOTE = """
CREATE TABLE witnessed (said text NOT NULL);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV::text[] = to_jsonb(NEW) - TG_ARGV::text[] THEN
        IF OLD IS DISTINCT FROM NEW THEN
            INSERT INTO public.witnessed VALUES ('COUNT ' || TG_TABLE_NAME);
        END IF;
        RETURN NULL;
    END IF;
    INSERT INTO public.witnessed VALUES (TG_OP || ' ' || TG_TABLE_NAME);
    RETURN NULL;
END $$
"""

_ROWS = """
CREATE TRIGGER witness_rows AFTER INSERT OR UPDATE OR DELETE ON {}
FOR EACH ROW EXECUTE FUNCTION witness({})
"""

_ALL = """
CREATE TRIGGER witness_all AFTER TRUNCATE ON {}
FOR EACH STATEMENT EXECUTE FUNCTION witness()
"""

Table = tuple[str, str]
"""A table by its schema and its name."""


class Witness:
    """Somebody who sees every row that is written in any table, whoever writes it."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        found = self._connection.execute(
            "SELECT schemaname, tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2"
        )
        self.tables: list[Table] = [(schema, name) for schema, name in found]
        self._connection.execute(_NOTE)
        for schema, name in self.tables:
            table = sql.Identifier(schema, name)
            counted = sql.SQL(", ").join(map(sql.Literal, COUNTED.get(name, ())))
            self._connection.execute(sql.SQL(_ROWS).format(table, counted))
            self._connection.execute(sql.SQL(_ALL).format(table))

    def __enter__(self) -> Witness:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def written(self) -> set[str]:
        """Say which tables were written and how, and begin anew."""
        found = self._connection.execute("DELETE FROM witnessed RETURNING said").fetchall()
        return {str(said) for (said,) in found}

    def rows(self) -> dict[Table, str]:
        """Give a digest of all rows of each table but those where refusals are noted."""
        return {table: self._digest(table) for table in self.tables if table[1] not in FAILURES}

    def _digest(self, table: Table) -> str:
        asked = sql.SQL(
            "SELECT md5(coalesce(string_agg(t::text, '\n' ORDER BY t::text), '')) FROM {} AS t"
        ).format(sql.Identifier(*table))
        row = self._connection.execute(asked).fetchone()
        assert row is not None
        return str(row[0])
