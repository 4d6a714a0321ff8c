"""An office rebuilt from a backup: unpacked, brought up by PostgreSQL itself, and examined."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import zstandard
from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from server.accounts.ledger import check_ledger
from server.keeping.manifests import BASE, SECRETS, KeptFile, Manifest, Store, pieces_of
from server.keeping.refusals import NO_ROOM, room_in
from server.keeping.sealing import Tell
from server.spine.areas import House
from server.spine.postgres import DATABASE, EmbeddedPostgres
from server.spine.postgres_programs import (
    PostgresUnavailable,
    grant_passage,
    hand_over,
    run_program,
)
from server.spine.projections import check_all
from server.spine.tables import SyncHeadRow
from shared.errors import RuleBroken

REPLAY_SECONDS_MAX = 3600
"""How long PostgreSQL may take to bring what was unpacked up to its last moment."""

SPARE = 1.2
"""Times the backup's own size that must be free where it is unpacked."""

TRUSTED = "local all all trust\nlocal replication all trust\n"
"""Who may connect to a rebuilt server: whoever may enter its socket's folder, as in any home."""


@dataclass(frozen=True, kw_only=True)
class Examined:
    """What a rebuilt office holds, every check passed."""

    commit_number: int
    epoch: str
    cases: int
    transactions: int


def unpack(store: Store, manifest: Manifest, home: Path, tell: Tell) -> None:
    """Write a backup's files into an empty home, each checked before and opened on the way."""
    store.verify(manifest)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    if shutil.disk_usage(home).free < manifest.clear_bytes * SPARE:
        raise RuleBroken(NO_ROOM, folder=str(home))
    data = home / "postgres" / "data"
    data.mkdir(parents=True, mode=0o700)
    with room_in(home):
        for file in manifest.files:
            name = file.name.rpartition("/")[2]
            if name == BASE:
                _untar(store, file, data, tell)
                _verify(manifest, data)
            elif name.startswith(SECRETS):
                (home / "secrets").mkdir(mode=0o700)
                _untar(store, file, home, tell)
        for file in manifest.files:
            name = file.name.rpartition("/")[2]
            if name != BASE and not name.startswith(SECRETS):
                with _clear(store, file, tell) as clear, (data / "pg_wal" / name).open("wb") as log:
                    shutil.copyfileobj(clear, log)


@contextmanager
def _clear(store: Store, file: KeptFile, tell: Tell) -> Iterator[BinaryIO]:
    with store.opener(file, tell) as opened:
        reader = zstandard.ZstdDecompressor().stream_reader(cast("BinaryIO", opened))
        with reader:
            yield cast("BinaryIO", reader)


def _untar(store: Store, file: KeptFile, into: Path, tell: Tell) -> None:
    with _clear(store, file, tell) as clear:
        with tarfile.open(fileobj=clear, mode="r|") as archive:
            archive.extractall(into, filter="data")
        for _ in pieces_of(clear):  # to the end, whose tag is the proof that nothing is missing
            pass


def _verify(manifest: Manifest, data: Path) -> None:
    """Let PostgreSQL compare each file with the digest it took itself."""
    _hand_over(data)
    try:
        run_program("pg_verifybackup", "--no-parse-wal", "--quiet", str(data))
    except PostgresUnavailable as error:
        raise RuleBroken(
            "backup.incomplete", name=manifest.backup_id[:8], what="pg_verifybackup"
        ) from error


def _hand_over(data: Path) -> None:
    """Give everything to the user PostgreSQL runs as."""
    for path in [data, *data.rglob("*")]:
        if not path.is_symlink():
            hand_over(path)
    grant_passage(data)


def prepare(home: Path, at: datetime | None) -> None:
    """Tell PostgreSQL to replay the log that lies beside it: all of it, or up to a moment."""
    data = home / "postgres" / "data"
    target = (
        f"recovery_target_time = '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f+00}'\n" if at else ""
    )
    written = {
        "recovery.signal": "",
        "postgresql.auto.conf": "restore_command = 'false'\nhot_standby = 'off'\n"
        f"recovery_target_action = 'promote'\n{target}",
        "pg_hba.conf": TRUSTED,
    }
    for name, content in written.items():
        (data / name).write_text(content)
    for name in ("backup_manifest", "server.log", "postmaster.pid", "postmaster.opts"):
        (data / name).unlink(missing_ok=True)
    _hand_over(data)


@contextmanager
def standing(home: Path, manifest: Manifest, *, durable: bool) -> Iterator[str]:
    """Run the rebuilt server until the block ends; gives the address of its database."""
    server = EmbeddedPostgres(home, durable=durable, answer_seconds_max=REPLAY_SECONDS_MAX)
    try:
        server.start()
    except PostgresUnavailable as error:
        raise RuleBroken("backup.incomplete", name=manifest.backup_id[:8], what="replay") from error
    try:
        # The settings that made it replay have done their work, and are no part of an office.
        (home / "postgres" / "data" / "postgresql.auto.conf").write_text("")
        yield server.url(DATABASE)
    finally:
        server.stop()


@contextmanager
def engine_of(url: str | URL) -> Iterator[Engine]:
    """Open a database for a moment."""
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        yield engine
    finally:
        engine.dispose()


def revision_of(url: str) -> str:
    """Say which revision of the schema a database has."""
    with engine_of(url) as engine, Session(engine) as session:
        return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def examine(url: str, house: House, manifest: Manifest) -> Examined:
    """Check a rebuilt office as its own commands would; the first thing amiss is refused."""

    def fault(what: str) -> RuleBroken:
        return RuleBroken("backup.incomplete", name=manifest.backup_id[:8], what=what)

    try:
        with engine_of(url) as engine, Session(engine) as session:
            _check_pages(url, session, fault)
            ledger = check_ledger(session)
            if not ledger.clean:
                raise fault("check ledger")
            cases, stale = check_all(session, house)
            if stale:
                raise fault("check records")
            head = session.query(SyncHeadRow).one()
            return Examined(
                commit_number=head.commit_number,
                epoch=head.epoch,
                cases=cases,
                transactions=ledger.transactions,
            )
    except DBAPIError as error:
        raise fault("PostgreSQL") from error


def _check_pages(url: str, session: Session, fault: Callable[[str], RuleBroken]) -> None:
    """Let PostgreSQL look at every page of every table and index of the office.

    As the server's first role, which may; the office's own may not where it came from elsewhere.
    """
    first = session.scalar(text("SELECT rolname FROM pg_roles WHERE oid = 10"))
    with engine_of(make_url(url).set(username=first)) as engine, Session(engine) as checking:
        checking.execute(text("CREATE EXTENSION IF NOT EXISTS amcheck"))
        damaged = checking.scalar(text(_HEAPS))
        checking.execute(text(_TREES))
        checking.rollback()
    if damaged:
        raise fault("amcheck")


_OURS = "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public'"
_HEAPS = f"SELECT count(*) FROM (SELECT c.oid {_OURS} AND relkind = 'r') t, verify_heapam(t.oid)"  # noqa: S608 - no value
_TREES = (
    f"SELECT bt_index_check(t.oid, true) FROM (SELECT c.oid {_OURS} AND relkind = 'i' "  # noqa: S608 - no value
    "AND relam = (SELECT oid FROM pg_am WHERE amname = 'btree')) t"
)
