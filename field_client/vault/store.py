"""The encrypted database of one officer on one device; the only file that opens SQLCipher."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import RLock
from typing import Any

from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault.schema import SCHEMA_VERSION, STEPS
from shared.commands import Lane
from sync.protocol import (
    ENVELOPES_MAX,
    GENESIS,
    PURGED_MAX,
    WAITING_BYTES_AIM,
    Page,
    Position,
    Receipt,
    Reply,
)

PRAGMAS = (
    "cipher_memory_security=ON",
    "journal_mode=WAL",
    "synchronous=FULL",
    "temp_store=MEMORY",
    "secure_delete=ON",
    "foreign_keys=ON",
    "trusted_schema=OFF",
    "cell_size_check=ON",
    "mmap_size=0",
)

PLAIN_HEADER = b"SQLite format 3"

WAITS_MAX_SECONDS = 10


class VaultUnreadable(Exception):  # noqa: N818 - it says what the file is
    """The file is not a vault that this key opens, or not encrypted as it must be."""


class Store:
    """The vault's database: confirmed records, the outbox, drafts and photographs."""

    def __init__(self, connection: sqlcipher.Connection) -> None:
        self._connection = connection
        self._lock = RLock()

    @contextmanager
    def transaction(self) -> Iterator[sqlcipher.Connection]:
        """Do several things or none; what is done is on disk before this returns."""
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # some failures have already undone it
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def still(self) -> Iterator[None]:
        """Hold the database still while several things are read that belong together."""
        with self._lock:
            yield

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Read rows."""
        with self._lock:
            return list(self._connection.execute(statement, values))

    def close(self) -> None:
        """Close the database; the process that held it should end as well."""
        with self._lock:
            self._connection.close()

    # What the vault knows of itself

    def get(self, name: str) -> str | None:
        """Read one fact the vault keeps about itself."""
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0][0]) if found else None

    def put(self, name: str, value: str) -> None:
        """Keep one fact about the vault itself."""
        with self.transaction() as connection:
            connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

    def store_id(self) -> str:
        """Name this vault."""
        return str(self.rows("SELECT value FROM meta WHERE name = 'store_id'")[0][0])

    def epoch(self) -> str | None:
        """Name the life of the office's database this copy was read from."""
        return self.get("epoch")

    def cursor(self) -> int:
        """Say how far this copy has read."""
        return int(self.get("cursor") or 0)

    # The outbox

    def lane_head(self, lane: Lane) -> Position:
        """Say where the next command of a lane follows on."""
        found = self.rows(
            "SELECT seq, hash FROM outbox WHERE lane = ? ORDER BY seq DESC LIMIT 1", (lane.value,)
        )
        return Position(seq=found[0][0], head=found[0][1]) if found else Position(head=GENESIS)

    def waiting(self, envelopes_max: int) -> list[bytes]:
        """Give the oldest commands without a receipt, urgent first, never half of a group.

        The first group is given whole even if it alone is more than was asked for.
        """
        found = self.rows(
            "SELECT written, group_id FROM outbox WHERE outcome IS NULL "
            "ORDER BY lane <> 'urgent', seq LIMIT ?",
            (envelopes_max + ENVELOPES_MAX,),
        )
        given: list[bytes] = []
        size = 0
        for _group, together in groupby(enumerate(found), key=_group_or_itself):
            written = [row[0] for _at, row in together]
            size += sum(map(len, written))
            if given and (len(given) + len(written) > envelopes_max or size > WAITING_BYTES_AIM):
                break
            given.extend(written)
        return given

    def purged(self) -> list[str]:
        """Name the cases erased and not yet reported as erased, some of them if there are many."""
        return [
            row[0]
            for row in self.rows(
                "SELECT DISTINCT case_id FROM purge WHERE erased ORDER BY case_id LIMIT ?",
                (PURGED_MAX,),
            )
        ]

    # Taking in what the office says

    def absorb(self, reply: Reply) -> None:
        """Take in a reply, whole or not at all: receipts, records, removals and the cursor.

        A page is taken only where this copy stands, because one that comes late would put older
        records over newer ones; its receipts are true whenever they come.
        """
        with self.transaction() as connection:
            for receipt in reply.receipts:
                self._keep_receipt(connection, receipt)
            connection.executemany(
                "DELETE FROM purge WHERE case_id = ? AND erased AND commit_number <= ?",
                [(case_id, reply.page.start) for case_id in reply.noted],
            )
            if reply.page.start == self.cursor():
                self._take_page(connection, reply.page)
                self.put("cursor", str(max(reply.page.start, reply.page.end)))
                self.put("epoch", reply.epoch)
                if reply.page.end >= reply.page.head:
                    self.put("office_copy_at", reply.server_time)
            self._erase_what_left(connection)

    def _keep_receipt(self, connection: sqlcipher.Connection, receipt: Receipt) -> None:
        connection.execute(
            "UPDATE outbox SET outcome = ?, code = ?, flags = ?, said = ?, commit_number = ?, "
            "received_at = ? WHERE command_id = ? AND outcome IS NULL",
            (
                receipt.outcome.value,
                receipt.code,
                json.dumps(list(receipt.flags)),
                json.dumps(dict(receipt.values)),
                receipt.commit,
                receipt.received_at,
                receipt.command_id,
            ),
        )

    def _take_page(self, connection: sqlcipher.Connection, page: Page) -> None:
        self._forget_what_came_back(connection, page)
        connection.executemany(
            "DELETE FROM record WHERE case_id = ? AND view = ? AND kind = ? AND record_id = ?",
            [(r.case_id, r.view, r.kind, r.record_id) for r in page.records],
        )
        connection.executemany(
            "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?)",
            [
                (r.case_id, r.view, r.kind, r.record_id, r.commit, r.body)
                for r in page.records
                if not r.removed
            ],
        )
        connection.executemany(
            "INSERT INTO purge VALUES (?, ?, ?, ?, 0) ON CONFLICT (case_id, view) DO UPDATE "
            "SET commit_number = excluded.commit_number, reason = excluded.reason, erased = 0",
            [(p.case_id, p.view, p.commit, p.reason) for p in page.purges],
        )

    def _forget_what_came_back(self, connection: sqlcipher.Connection, page: Page) -> None:
        """Make room for a case given back before it could be erased: all of it is on its way.

        What was removed of it in between is not, so nothing held from before may stay.
        """
        moved = {(r.case_id, r.view): r.commit for r in page.records}
        for (case_id, view), commit in moved.items():
            came_back = connection.execute(
                "DELETE FROM purge WHERE case_id = ? AND view = ? AND commit_number < ?",
                (case_id, view, commit),
            ).rowcount
            if came_back:
                connection.execute(
                    "DELETE FROM record WHERE case_id = ? AND view = ?", (case_id, view)
                )

    def _erase_what_left(self, connection: sqlcipher.Connection) -> None:
        """Erase the cases that left this officer's scope once nothing of theirs waits here."""
        for case_id, view in connection.execute(
            "SELECT case_id, view FROM purge WHERE NOT erased AND case_id NOT IN "
            "(SELECT case_id FROM outbox WHERE outcome IS NULL "
            " UNION SELECT case_id FROM draft "
            " UNION SELECT case_id FROM photograph WHERE NOT arrived AND settled_at IS NULL)"
        ).fetchall():
            connection.execute("DELETE FROM record WHERE case_id = ? AND view = ?", (case_id, view))
            connection.execute("DELETE FROM photograph WHERE case_id = ?", (case_id,))
            connection.execute(
                "UPDATE purge SET erased = 1 WHERE case_id = ? AND view = ?", (case_id, view)
            )


def open_store(path: Path, key: bytearray) -> Store:
    """Open the vault's database with its 32-byte key, or make it; nothing is ever left unencrypted.

    Raises VaultUnreadable when the key does not open it.
    """
    connection = sqlcipher.connect(
        str(path), check_same_thread=False, timeout=WAITS_MAX_SECONDS, isolation_level=None
    )
    text = bytearray(b"x'" + key.hex().encode() + b"'")
    try:
        connection.set_key(text)
    finally:
        text[:] = bytes(len(text))
    try:
        version = connection.execute("PRAGMA cipher_version").fetchone()[0]
        ciphered = connection.execute("PRAGMA cipher_status").fetchone()[0]
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _bring_up_to_date(connection)
    except sqlcipher.DatabaseError as error:
        connection.close()
        raise VaultUnreadable(type(error).__name__) from error
    if not version.startswith("4.") or ciphered != "1" or _is_plain(path):
        connection.close()
        raise VaultUnreadable("the database is not encrypted")
    connection.set_authorizer(_authorise)
    return Store(connection)


def _is_plain(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(PLAIN_HEADER)) == PLAIN_HEADER


def _bring_up_to_date(connection: sqlcipher.Connection) -> None:
    """Take the schema, one version a transaction, to the one this program was written for."""
    current = connection.execute("PRAGMA user_version").fetchone()[0]
    if current > SCHEMA_VERSION:
        raise sqlcipher.DatabaseError("this vault was written by a newer program")
    for version in range(current, SCHEMA_VERSION):
        connection.execute("BEGIN IMMEDIATE")
        for statement in STEPS[version]:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")


_REFUSED_PRAGMAS = {"key", "rekey", "temp_store", "temp_store_directory", "journal_mode"}
_REFUSED_FUNCTIONS = {"sqlcipher_export", "load_extension"}


def _authorise(
    action: int, first: str | None, second: str | None, _database: str | None, _source: str | None
) -> int:
    """Refuse, after opening, whatever could carry plain text out of the encrypted file."""
    pragma = action == sqlcipher.SQLITE_PRAGMA and second is not None
    if action in {sqlcipher.SQLITE_ATTACH, sqlcipher.SQLITE_DETACH}:
        return int(sqlcipher.SQLITE_DENY)
    if pragma and (first or "").lower() in _REFUSED_PRAGMAS:
        return int(sqlcipher.SQLITE_DENY)
    if action == sqlcipher.SQLITE_FUNCTION and (second or "").lower() in _REFUSED_FUNCTIONS:
        return int(sqlcipher.SQLITE_DENY)
    return int(sqlcipher.SQLITE_OK)


def _group_or_itself(numbered: tuple[int, tuple[bytes, str | None]]) -> str | int:
    """Name the group a waiting command belongs to, or the command itself."""
    at, (_written, group) = numbered
    return at if group is None else group


def body_of(text: str) -> Mapping[str, Any]:
    """Read a record's body."""
    return dict(json.loads(text))
