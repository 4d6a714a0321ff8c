"""Checkpoints: how long the history was at a moment and how it ended, signed, and kept elsewhere.

The key is not in the database, so that whoever owns that can write the history anew but not the
checkpoint it would need. A copy goes to a folder that others run; a file there is never written over.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from server.audit.sealing import log_id_of, newest
from server.audit.tables import AuditCheckpointRow
from server.spine.office_seal import OfficeSeal
from shared.errors import RuleBroken
from shared.schemas import canonical
from sync.checkpoints import FORMAT
from sync.checkpoints import Checkpoint as ToldCheckpoint

EVERY = timedelta(hours=1)
ENTRIES_MAX = 1_000
"""A checkpoint is signed after so long, or after so many entries, whichever comes first."""

FILE_BYTES_MAX = 10_000

UNWRITABLE = "audit.folder_unwritable"
DIFFERS = "audit.file_differs"

logger = logging.getLogger(__name__)


class Checkpoint(ToldCheckpoint):
    """One checkpoint as the office keeps it, in files too."""

    @property
    def content(self) -> bytes:
        """Write the file."""
        return canonical({"fieldfare": FORMAT, **asdict(self)}) + b"\n"

    @property
    def file_name(self) -> str:
        """Name the file, so that a history's checkpoints stand in their order."""
        return f"checkpoint-{self.log_id}-{self.entries:012d}-{self.epoch}.json"

    @property
    def is_signed(self) -> bool:
        """Tell whether it bears the signature of the key it names."""
        try:
            key = base64.b64decode(self.public_key + "=", altchars=b"-_", validate=True)
            signature = base64.b64decode(self.signature, validate=True)
            Ed25519PublicKey.from_public_bytes(key).verify(signature, self.statement)
        except (InvalidSignature, ValueError, binascii.Error):
            return False
        return True


def read(path: Path) -> Checkpoint:
    """Read a checkpoint's file; refused when it is none."""
    try:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise RuleBroken("audit.no_file", file=str(path)) from error
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        told = None
    kinds = {name: type(value) for name, value in told.items()} if isinstance(told, dict) else {}
    if kinds != _KINDS or told.pop("fieldfare") != FORMAT:
        raise RuleBroken("audit.not_checkpoint", file=str(path))
    return Checkpoint(**told)


_KINDS = {"fieldfare": str} | {
    each.name: int if each.name == "entries" else str for each in fields(Checkpoint)
}
"""What a checkpoint's file holds, and of which kind each is."""


def sign(
    session: Session, seal: OfficeSeal, now: datetime, *, at_once: bool = False
) -> Checkpoint | None:
    """Sign a checkpoint over what is sealed, if one is due or is wanted at once and says anything new."""
    head, log_id, last = newest(session), log_id_of(session), session.scalars(NEWEST).one_or_none()
    if head is None or log_id is None:
        return None
    if last is not None and last.entries >= head.seq:
        return None
    due = last is None or now - last.signed_at >= EVERY or head.seq - last.entries >= ENTRIES_MAX
    if not due and not at_once:
        return None
    unsigned = Checkpoint(
        log_id=log_id,
        epoch=head.epoch,
        entries=head.seq,
        head=head.hash,
        at=now.astimezone(UTC).isoformat(timespec="microseconds"),
        public_key=seal.public_text,
    )
    signed = Checkpoint(**{**asdict(unsigned), "signature": seal.sign(unsigned.statement)})
    session.execute(
        insert(AuditCheckpointRow).values(
            entries=signed.entries,
            head=signed.head,
            epoch=signed.epoch,
            signed_at=now,
            public_key=signed.public_key,
            signature=signed.signature,
        )
    )
    return signed


NEWEST = select(AuditCheckpointRow).order_by(AuditCheckpointRow.entries.desc()).limit(1)
"""The newest checkpoint."""


def of_row(row: AuditCheckpointRow, log_id: str) -> Checkpoint:
    """Read a checkpoint as the office's own table holds it."""
    return Checkpoint(
        log_id=log_id,
        epoch=row.epoch,
        entries=row.entries,
        head=row.head,
        at=row.signed_at.astimezone(UTC).isoformat(timespec="microseconds"),
        public_key=row.public_key,
        signature=row.signature,
    )


def copy_all(session: Session, folder: Path, now: datetime) -> int:
    """Put every checkpoint that is not there yet into a folder; answers how many were put there.

    They must have been committed: a file is never written over, so it may not speak of what could
    still come to nothing. What could not be written is tried again the next time, and is said on
    the page and in the log.
    """
    log_id = str(log_id_of(session))
    row = AuditCheckpointRow
    waiting = session.scalars(
        select(row).where(row.copied_to.is_distinct_from(str(folder))).order_by(row.entries)
    ).all()
    put = 0
    for each in waiting:
        problem = _put(folder, of_row(each, log_id))
        told = {"problem": problem} if problem else {"copied_at": now, "copied_to": str(folder)}
        session.execute(
            update(row).where(row.entries == each.entries).values(**({"problem": None} | told))
        )
        put += problem is None
        if problem == UNWRITABLE:  # nor could the next
            break
    return put


def _put(folder: Path, checkpoint: Checkpoint) -> str | None:
    """Write one file whole or not at all; answers the code of what stood in the way."""
    path = folder / checkpoint.file_name
    making = folder / f".{path.name}.{secrets.token_hex(4)}"
    try:
        if path.exists():
            same = path.read_bytes() == checkpoint.content
            if not same:
                logger.error("another checkpoint of this name", extra={"code": DIFFERS})
            return None if same else DIFFERS
        with making.open("xb") as file:
            file.write(checkpoint.content)
            file.flush()
            os.fsync(file.fileno())
        making.replace(path)
    except OSError:
        logger.exception("the folder for checkpoints", extra={"code": UNWRITABLE})
        with suppress(OSError):
            making.unlink(missing_ok=True)
        return UNWRITABLE
    return None


def in_folder(folder: Path, log_id: str) -> list[Checkpoint]:
    """Read every checkpoint of one history in a folder, in their order."""
    try:
        paths: Iterable[Path] = sorted(folder.glob(f"checkpoint-{log_id}-*.json"))
        if not folder.is_dir():
            raise RuleBroken("audit.folder_unreadable", folder=str(folder))
    except OSError as error:
        raise RuleBroken("audit.folder_unreadable", folder=str(folder)) from error
    return [read(path) for path in paths]
