"""Finds rows that are not as they were written: a page of an older copy passes the file's own checks.

Each page of the encrypted file has a MAC, which says that this key wrote it and not when. What such
a page brings back disagrees with the pages that were left: with the indexes, or with a row's hash.
"""

from __future__ import annotations

from field_client.vault.database import DatabaseError
from field_client.vault.records import Connection

RECORDS, OUTBOX = "record", "outbox"


def altered(connection: Connection) -> frozenset[str]:
    """Name the tables that disagree with their own indexes or hashes."""
    found = {table for table in (RECORDS, OUTBOX) if not _agrees(connection, table)}
    return frozenset(found | ({RECORDS} if not _hashes_hold(connection) else set()))


def _agrees(connection: Connection, table: str) -> bool:
    said = connection.execute(f"PRAGMA integrity_check({table})").fetchall()
    return bool(said == [("ok",)])


def _hashes_hold(connection: Connection) -> bool:
    """Hash every body anew; one that cannot even be read does not hold."""
    try:
        wrong = connection.execute(
            "SELECT 1 FROM record NOT INDEXED "
            "WHERE hash <> record_hash(case_id, view, kind, record_id, body) LIMIT 1"
        ).fetchone()
    except DatabaseError:
        return False
    return wrong is None


def write_anew(connection: Connection) -> None:
    """Take the records out and put them back, so that their indexes agree; none where none is read.

    What they say may be old. The office has to be asked for each case that differs.
    """
    try:
        held = connection.execute(
            "SELECT case_id, view, kind, record_id, commit_number, body FROM record NOT INDEXED"
        ).fetchall()
    except DatabaseError:
        held = []
    connection.execute("DELETE FROM record")  # all at once, which asks no index
    connection.executemany(
        "INSERT OR IGNORE INTO record (case_id, view, kind, record_id, commit_number, body, hash) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, record_hash(?1, ?2, ?3, ?4, ?6))",
        held,
    )
