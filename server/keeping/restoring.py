"""A restore: a backup's office in a new home, examined, and with a new epoch that devices notice."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.access.tables import DeviceRow, SessionRow
from server.keeping.manifests import Manifest, Store
from server.keeping.rebuilding import (
    Examined,
    engine_of,
    examine,
    prepare,
    revision_of,
    standing,
    unpack,
)
from server.keeping.records import FAILED, RESTORED, RUNNING, Told
from server.keeping.refusals import CUT
from server.keeping.tables import BackupRow
from server.spine.areas import House
from server.spine.database import is_known, migrate
from server.spine.postgres import EmbeddedPostgres
from server.spine.settings import keep_setting
from server.spine.tables import SyncHeadRow
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class Restored:
    """Where a restored office stands."""

    backup_id: str
    home: str
    taken_at: str
    stands_at: str
    commit_number: int
    epoch: str
    epoch_before: str
    cases: int
    transactions: int
    devices_active: int
    promised: int
    """The highest commit number any backup here was verified for: devices may have let go of it."""


def choose(store: Store, at: datetime | None) -> Manifest:
    """Find the backup that holds a moment; without one, the newest."""
    held = store.manifests()
    if not held:
        raise RuleBroken("restore.nothing", folder=str(store.folder))
    if at is None:
        return held[-1]
    if at > held[-1].taken_at:
        raise RuleBroken("restore.too_late", last=_said(held[-1].taken_at), at=_said(at))
    after = next(manifest for manifest in held if manifest.taken_at >= at)
    if after.base_at > at:
        before = [manifest.taken_at for manifest in held if manifest.taken_at < at]
        if not before:
            raise RuleBroken("restore.too_early", at=_said(at), first=_said(after.base_at))
        raise RuleBroken("restore.between", before=_said(before[-1]), after=_said(after.base_at))
    return after


def _said(at: datetime) -> str:
    return at.isoformat(timespec="seconds")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked of a restore."""

    home: Path
    house: House
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    at: datetime | None = None
    tell: Callable[[int, int], None] = lambda _done, _total: None


def restore(store: Store, asked: Asked) -> Restored:
    """Restore into an empty home; until its last step there is nothing where the home will be."""
    if asked.home.exists() and any(asked.home.iterdir()):
        raise RuleBroken("restore.not_empty", folder=str(asked.home))
    manifest = choose(store, asked.at)
    making = asked.home.with_name(f"{asked.home.name}.restoring")
    if making.exists():  # a restore before this one was killed
        EmbeddedPostgres(making).abandon()
        shutil.rmtree(making)
    try:
        restored = _rebuild(store, asked, manifest, making)
        if asked.home.exists():
            asked.home.rmdir()
        making.rename(asked.home)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    return restored


def _rebuild(store: Store, asked: Asked, manifest: Manifest, making: Path) -> Restored:
    done = 0

    def more(size: int) -> None:
        nonlocal done
        done += size
        asked.tell(min(done, manifest.size_bytes), manifest.size_bytes)

    unpack(store, manifest, making, more)
    prepare(making, asked.at)
    with standing(making, manifest, durable=True) as url:
        if not is_known(revision_of(url)):
            raise RuleBroken("restore.newer")
        migrate(url)
        found = examine(url, asked.house, manifest)
        exact = asked.at is None and found.commit_number == manifest.commit_number
        earlier = asked.at is not None and found.commit_number <= manifest.commit_number
        if found.epoch != manifest.epoch or not (exact or earlier):
            raise RuleBroken("backup.incomplete", name=manifest.backup_id[:8], what="commit number")
        return _open(url, asked, manifest, found, max(m.commit_number for m in store.manifests()))


def _open(url: str, asked: Asked, manifest: Manifest, found: Examined, promised: int) -> Restored:
    """Mint the epoch, end what must not live on, and write down where this office comes from."""
    now, epoch = asked.clock(), asked.new_id()
    stands_at = asked.at or manifest.taken_at
    with engine_of(url) as engine, Session(engine) as session, session.begin():
        session.execute(update(SyncHeadRow).values(epoch=epoch))
        session.execute(
            update(SessionRow).where(SessionRow.ended_at.is_(None)).values(ended_at=now)
        )
        session.execute(
            update(BackupRow)
            .where(BackupRow.state == RUNNING)
            .values(state=FAILED, code=CUT, ended_at=now)
        )
        told = Told(at=now, stands_at=stands_at, backup_id=manifest.backup_id, before=found.epoch)
        keep_setting(session, RESTORED, told.written())
        active = session.scalar(
            select(func.count()).select_from(DeviceRow).where(DeviceRow.state == "active")
        )
    return Restored(
        backup_id=manifest.backup_id,
        home=str(asked.home),
        taken_at=_said(manifest.taken_at),
        stands_at=_said(stands_at),
        commit_number=found.commit_number,
        epoch=epoch,
        epoch_before=found.epoch,
        cases=found.cases,
        transactions=found.transactions,
        devices_active=active or 0,
        promised=promised,
    )
