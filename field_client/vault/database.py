"""Opens the vault's encrypted database and sees that it is one; the only file that knows SQLCipher."""

from __future__ import annotations

from pathlib import Path

from sqlcipher3 import dbapi2 as sqlcipher
from sqlcipher3.dbapi2 import Connection, DatabaseError

from field_client.vault.drive import Drive
from field_client.vault.schema import SCHEMA_VERSION, STEPS
from shared.catalogue import mark
from shared.errors import RuleBroken, register
from sync.scope import body_hash

__all__ = [
    "Connection", "DatabaseError", "VaultUnreadable", "cipher_versions", "is_full", "open_database",
]  # fmt: skip

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

PAGE_BYTES = 4096
"""What the database grows by."""

WAITS_MAX_SECONDS = 10

STATEMENTS_KEPT = 8
"""Statements that stay prepared.

Each holds some of the 123 small pieces of memory that SQLite sets aside for its work on a row. Once
those are gone, every value of every row is asked of the system by itself, which under memory
security locks, unlocks and wipes it: putting a record in its place then takes 60 microseconds
instead of 4.
"""

_RESULT_MASK = 0xFF

register(
    {
        "disk.full": mark(
            "This device has no room left. Nothing is lost: delete files you do not need, then try again"
        ),
        "disk.failed": mark(
            "This device’s disk did not answer. Restart the device, then try again."
            " If this comes again, take it to the office"
        ),
        "vault.newer": mark(
            "A newer Fieldfare has used these records. Update this device, then unlock it:"
            " nothing is lost"
        ),
    }
)


class VaultUnreadable(Exception):  # noqa: N818 - it says what the file is
    """The file is not a vault that this key opens, or not encrypted as it must be."""


def open_database(path: Path, key: bytearray, drive: Drive) -> Connection:
    """Open the vault's database with its 32-byte key, or make it; nothing is ever left unencrypted.

    Raises VaultUnreadable when the key does not open it, and RuleBroken when the drive is full even
    without what is kept back on it, when it failed, or when a newer program wrote the vault.
    """
    try:
        return _open(path, key, drive)
    except DatabaseError as failure:
        if not is_full(failure, drive):
            raise _why_not(failure) from failure
    drive.give_back()
    try:
        return _open(path, key, drive)
    except DatabaseError as failure:
        raise RuleBroken("disk.full") from failure


def cipher_versions() -> tuple[str, str]:
    """Say which SQLCipher encrypts, and which library's cipher it uses."""
    connection = sqlcipher.connect(":memory:")
    try:
        connection.set_key(bytearray(b"x'" + b"00" * 32 + b"'"))
        cipher = connection.execute("PRAGMA cipher_version").fetchone()[0]
        provider = connection.execute("PRAGMA cipher_provider_version").fetchone()[0]
    finally:
        connection.close()
    return str(cipher), str(provider)


def _why_not(failure: DatabaseError) -> Exception:
    """Tell a drive that failed, perhaps for once, from a file that is no vault of ours."""
    result = failure.sqlite_errorcode & _RESULT_MASK
    if result in {sqlcipher.SQLITE_IOERR, sqlcipher.SQLITE_CANTOPEN}:
        return RuleBroken("disk.failed")
    return VaultUnreadable(type(failure).__name__)


def _open(path: Path, key: bytearray, drive: Drive) -> Connection:
    connection = sqlcipher.connect(
        drive.address(path),
        uri=True,
        check_same_thread=False,
        timeout=WAITS_MAX_SECONDS,
        isolation_level=None,
        cached_statements=STATEMENTS_KEPT,
    )
    text = bytearray(b"x'" + key.hex().encode() + b"'")
    try:
        connection.set_key(text)
    finally:
        text[:] = bytes(len(text))
    connection.create_function("record_hash", 5, body_hash, deterministic=True)
    try:
        version = connection.execute("PRAGMA cipher_version").fetchone()[0]
        ciphered = connection.execute("PRAGMA cipher_status").fetchone()[0]
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").fetchall()
        _bring_up_to_date(connection)
    except (DatabaseError, RuleBroken):
        connection.close()
        raise
    is_plain = drive.head(path, len(PLAIN_HEADER)) == PLAIN_HEADER
    if not version.startswith("4.") or ciphered != "1" or is_plain:
        connection.close()
        raise VaultUnreadable("the database is not encrypted")
    connection.set_authorizer(_authorise)
    return connection


def is_full(failure: BaseException, drive: Drive) -> bool:
    """Tell whether something failed for want of room; SQLite has two words for that."""
    code = getattr(failure, "sqlite_errorcode", None)
    if not isinstance(failure, DatabaseError) or code is None:
        return False
    no_page_left = drive.free_bytes() < PAGE_BYTES
    result = code & _RESULT_MASK
    return result == sqlcipher.SQLITE_FULL or (result == sqlcipher.SQLITE_IOERR and no_page_left)


def _bring_up_to_date(connection: Connection) -> None:
    """Take the schema, one version a transaction, to the one this program was written for."""
    current = connection.execute("PRAGMA user_version").fetchone()[0]
    if current > SCHEMA_VERSION:
        raise RuleBroken("vault.newer")
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
