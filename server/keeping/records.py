"""What the office's own database is told of a backup: that it was begun, how it ended, what it holds."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine, func, insert, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from server.keeping.manifests import Manifest
from server.keeping.refusals import CUT, FAULT
from server.keeping.tables import BackupRow
from server.spine.jobs import PutBack, Stopped
from server.spine.tables import SyncHeadRow
from shared.errors import RuleBroken

logger = logging.getLogger(__name__)

RUNNING, VERIFIED, FAILED = "running", "verified", "failed"

RESTORED = "restored"
"""The setting that says of an office where it was restored from."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What an office says of its own restoring, for whoever asks why its epoch is another."""

    at: datetime
    stands_at: datetime
    backup_id: str
    before: str
    """The epoch until then."""

    def written(self) -> str:
        """Write it as a setting holds it."""
        return f"{self.at.isoformat()} {self.stands_at.isoformat()} {self.backup_id} {self.before}"


def told(written: str) -> Told:
    """Read it back."""
    at, stands_at, backup_id, before = written.split(" ")
    return Told(
        at=datetime.fromisoformat(at),
        stands_at=datetime.fromisoformat(stands_at),
        backup_id=backup_id,
        before=before,
    )


class Record:
    """One backup's row, and the watermark that it may move when it is verified."""

    def __init__(self, url: str, backup_id: str, clock: Callable[[], datetime]) -> None:
        self.backup_id = backup_id
        self._clock = clock
        self._engine: Engine = create_engine(url, poolclass=NullPool, hide_parameters=True)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Write that it was begun, and how it ended however that was."""
        self._begin()
        try:
            yield
        except RuleBroken as refusal:
            self._set(state=FAILED, code=refusal.code, values=_plain(refusal.values))
            raise
        except (Stopped, PutBack):
            self._set(state=FAILED, code=CUT)
            raise
        except Exception as fault:
            incident = secrets.token_hex(4)
            logger.exception("backup failed", extra={"incident": incident})
            self._set(state=FAILED, code=FAULT, values={"incident": incident}, incident=incident)
            raise RuleBroken(FAULT, incident=incident) from fault
        finally:
            self._engine.dispose()

    def _begin(self) -> None:
        """Write the row; one that is still running belongs to a process that has died."""
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(BackupRow)
                .where(BackupRow.state == RUNNING)
                .values(state=FAILED, code=CUT, ended_at=self._clock())
            )
            session.execute(
                insert(BackupRow).values(
                    backup_id=self.backup_id, began_at=self._clock(), state=RUNNING
                )
            )

    def _set(self, **values: Any) -> None:  # noqa: ANN401 - columns
        if "state" in values:
            values["ended_at"] = self._clock()
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(BackupRow).where(BackupRow.backup_id == self.backup_id).values(**values)
            )

    def is_of_kind(self, kind: str) -> None:
        """Say whether it is a base or goes on from one."""
        self._set(kind=kind)

    def last_code(self) -> str | None:
        """Say what was wrong with the backup before this one, if anything was."""
        with Session(self._engine) as session:
            return session.scalar(
                select(BackupRow.code)
                .where(BackupRow.backup_id != self.backup_id)
                .order_by(BackupRow.began_at.desc())
                .limit(1)
            )

    def moment(self) -> tuple[datetime, int, str]:
        """Mark the moment up to which the backup will hold: when, and which commit was the last.

        The mark is a commit after that moment, so that PostgreSQL can be asked to stop before it.
        """
        taken_at = self._clock()
        with Session(self._engine) as session:
            head = session.execute(select(SyncHeadRow.commit_number, SyncHeadRow.epoch)).one()
        self._set(values={})
        return taken_at, head.commit_number, head.epoch

    def verified(self, manifest: Manifest, *, settled_at: datetime) -> None:
        """Publish the watermark, and how the backup ended, together; it never goes back."""
        with Session(self._engine) as session, session.begin():
            session.execute(
                update(SyncHeadRow)
                .where(SyncHeadRow.epoch == manifest.epoch)
                .values(
                    durable_commit_number=func.greatest(
                        SyncHeadRow.durable_commit_number, manifest.commit_number
                    ),
                    durable_at=func.greatest(SyncHeadRow.durable_at, settled_at),
                )
            )
            session.execute(
                update(BackupRow)
                .where(BackupRow.backup_id == self.backup_id)
                .values(
                    state=VERIFIED,
                    ended_at=self._clock(),
                    commit_number=manifest.commit_number,
                    epoch=manifest.epoch,
                    size_bytes=manifest.size_bytes,
                )
            )


def _plain(values: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
