"""A backup from end to end: taken, sealed, restored to scratch, examined, and only then published.

Nothing counts before the last step: a backup that was cut short or failed leaves the watermark where
it was, and what it wrote is removed by the next one.
"""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import zstandard
from fasteners import InterProcessLock

from server.keeping.manifests import (
    BASE,
    READ_BYTES,
    SECRETS,
    KeptFile,
    Manifest,
    Store,
    pieces_of,
)
from server.keeping.rebuilding import examine, prepare, revision_of, standing, unpack
from server.keeping.records import Record
from server.keeping.refusals import DAMAGED, room_in
from server.keeping.source import Source, connected
from server.spine.areas import House
from server.spine.database import newest_revision
from server.spine.postgres import EmbeddedPostgres
from shared.errors import RuleBroken

BASE_DAYS_MAX = 7
"""How old a base may get before the next backup takes a new one: the log since is replayed whole."""

SETTLED = timedelta(minutes=10)
"""How long before a backup a command was received for it to be certainly in it or nowhere: longer
than any request lasts."""

NOT_KEPT = frozenset({"cookies", "sign-in"})
"""Secrets that a start makes anew: without the key of their cookies, everybody signs in again."""

COMPRESSION_LEVEL = 3

Tell = Callable[[int, int], None]
"""Told how much is done, and of how much."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is asked of a backup."""

    home: Path
    store: Store
    kept: int
    house: House
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    fresh: bool = False
    """Take a new base although the log would do."""
    tell: Tell = lambda _done, _total: None


@dataclass
class _Progress:
    """How much is done: what is written is the first half, what is proved the second."""

    tell: Tell
    total: int
    half: int
    done: int = 0

    def more(self, size: int) -> None:
        self.done += size
        part = min(self.done, self.total)
        self.tell(self.half * self.total + part, 2 * self.total)


@dataclass
class _Written:
    """What a backup has written so far."""

    chain_id: str
    base_at: datetime
    clear_bytes: int
    files: list[KeptFile] = field(default_factory=list)


def take(wanted: Wanted, database_url: str) -> Manifest:
    """Take a backup and prove it; answers its manifest, published, or raises with nothing published."""
    with _alone(wanted.home), connected(database_url) as source:
        record = Record(database_url, wanted.new_id(), wanted.clock)
        with record.ending():
            wanted.store.prepare()
            held = wanted.store.claim(source.server.system)
            wanted.store.sweep(held)
            began_at = wanted.clock()
            manifest = _write(wanted, source, record, held)
            proven = _prove(wanted, manifest)
            wanted.store.publish(proven)
            record.verified(proven, settled_at=began_at - SETTLED)
        source.let_go(proven.end)
        _empty(_spool(wanted.home))
        wanted.store.forget(wanted.kept)
        return proven


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Be the only backup of this home."""
    folder = home / "keeping"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = InterProcessLock(folder / "lock")
    if not lock.acquire(blocking=False):
        lock.lockfile.close()
        raise RuleBroken("backup.running")
    try:
        for left in (folder / "scratch").glob("*"):
            EmbeddedPostgres(left).abandon()
        _empty(folder / "scratch")
        yield
    finally:
        lock.release()


def _spool(home: Path) -> Path:
    return home / "keeping" / "log"


def _empty(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)


def _write(wanted: Wanted, source: Source, record: Record, held: list[Manifest]) -> Manifest:
    """Write what is new since the last backup, or everything."""
    before = held[-1] if held else None
    goes_on = before is not None and not wanted.fresh and _goes_on(before, source, record, wanted)
    progress = _Progress(wanted.tell, total=source.size_bytes(), half=0)
    if before is None or not goes_on:
        record.is_of_kind("base")
        written = _base(wanted, source, record, progress)
    else:
        record.is_of_kind("log")
        log = [file for file in before.files if not file.name.startswith(SECRETS)]
        written = _Written(before.chain_id, before.base_at, before.clear_bytes, log)
    taken_at, commit_number, epoch = record.moment()
    end = source.close_segment()
    _log(wanted, source, written, end, progress)
    written.files.append(_secrets(wanted, record.backup_id, progress))
    return Manifest(
        backup_id=record.backup_id,
        chain_id=written.chain_id,
        base_at=written.base_at,
        taken_at=taken_at,
        verified_at=taken_at,
        commit_number=commit_number,
        epoch=epoch,
        migration=newest_revision(),
        system=source.server.system,
        timeline=source.server.timeline,
        end=end,
        clear_bytes=written.clear_bytes,
        files=tuple(written.files),
    )


def _goes_on(before: Manifest, source: Source, record: Record, wanted: Wanted) -> bool:
    """Tell whether the log since the last backup is still there, and a new base not due."""
    kept_from = source.kept_from()
    return (
        kept_from is not None
        and kept_from <= before.end
        and before.timeline == source.server.timeline
        and wanted.clock() - before.base_at < timedelta(days=BASE_DAYS_MAX)
        and record.last_code() != DAMAGED
    )


def _base(wanted: Wanted, source: Source, record: Record, progress: _Progress) -> _Written:
    """Copy everything, and from then on keep the log."""
    _empty(_spool(wanted.home))
    source.keep_from_now()
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in source.base():
            size += len(piece)
            yield piece
            progress.more(len(piece))

    name = f"{record.backup_id}/{BASE}"
    base = wanted.store.seal(name, _packed(counted()), lambda _: None)
    return _Written(record.backup_id, wanted.clock(), size, [base])


def _packed(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Compress."""
    packer = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compressobj()
    for piece in pieces:
        if packed := packer.compress(piece):
            yield packed
    yield packer.flush()


def _log(wanted: Wanted, source: Source, written: _Written, end: int, progress: _Progress) -> None:
    """Seal each file of the log that is not held yet; each is whole, and never changes again."""
    spool = _spool(wanted.home)
    start = source.kept_from()
    with room_in(spool):
        spool.mkdir(exist_ok=True, mode=0o700)
    if start is None:
        raise RuleBroken(DAMAGED, file="log")
    source.fetch_log(end, spool)
    held = {file.name.rpartition("/")[2] for file in written.files}
    for name in source.server.segments(start, end):
        if name in held:
            continue
        with (spool / name).open("rb") as file:
            sealed = wanted.store.seal(
                f"{written.chain_id}/{name}", _packed(pieces_of(file)), lambda _: None
            )
        written.files.append(sealed)
        written.clear_bytes += source.server.segment_bytes
        progress.more(source.server.segment_bytes)


def _secrets(wanted: Wanted, backup_id: str, progress: _Progress) -> KeptFile:
    """Keep the office's own keys, without which devices would not know it again."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted((wanted.home / "secrets").glob("*")):
            if path.is_file() and path.name not in NOT_KEPT:
                archive.add(path, arcname=f"secrets/{path.name}")
    packed.seek(0)
    pieces = iter(lambda: packed.read(READ_BYTES), b"")
    return wanted.store.seal(f"{SECRETS}-{backup_id}", _packed(pieces), progress.more)


def _prove(wanted: Wanted, manifest: Manifest) -> Manifest:
    """Restore the backup to scratch and examine it; answers what it was found to hold."""
    folder = wanted.home / "keeping" / "scratch"
    folder.mkdir(mode=0o700)
    scratch = Path(tempfile.mkdtemp(dir=folder))
    progress = _Progress(wanted.tell, total=manifest.size_bytes, half=1)
    try:
        unpack(wanted.store, manifest, scratch, progress.more)
        prepare(scratch, None)
        with standing(scratch, manifest, durable=False) as url:
            found = examine(url, wanted.house, manifest)
            whole = revision_of(url) == manifest.migration
        if not whole or found.epoch != manifest.epoch:
            raise _incomplete(manifest, "migrations")
        if found.commit_number < manifest.commit_number:
            raise _incomplete(manifest, "commit number")
    finally:
        _empty(folder)
    # Commits between reading the number and closing the log are in the log, and so in the backup.
    return replace(manifest, commit_number=found.commit_number, verified_at=wanted.clock())


def _incomplete(manifest: Manifest, what: str) -> RuleBroken:
    return RuleBroken("backup.incomplete", name=manifest.backup_id[:8], what=what)
