"""Brings the sealed copies of unsent work to the office, by the keeper, while no vault is open.

The keeper reads nothing of them but their labels. A copy goes once the office has said, in its own
hand, that its commands are answered; one that has to wait there for what is before it stays here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from field_client.files import read_private, sync_folder
from field_client.office_link import OfficeLink
from field_client.sealed_files import SEALED_COPY, SEALED_PHOTOGRAPH
from field_client.vault.keys import is_signed_by
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.attachments import ATTACHMENT_BYTES_MAX, SealedPhotograph, Tampered, read_photograph
from sync.sealed import (
    COPIES_BYTES_AIM,
    COPIES_MAX,
    COPY_BYTES_MAX,
    HELD,
    SEALED_PATH,
    SEALED_TYPE,
    TAKEN,
    answer_statement,
    framed,
    read_answers,
    read_copy,
)
from sync.wire import NotAMessage

_OK = 200


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What became of one delivery: copies the office took, copies that wait there, photographs it took."""

    taken: int = 0
    held: int = 0
    photographs: int = 0


@dataclass(frozen=True, kw_only=True)
class Office:
    """Which office copies are brought to, as which device; `receipt_key` is what it signs with."""

    link: OfficeLink
    device_id: str
    receipt_key: str


def copies_in(folder: Path) -> list[Path]:
    """List the copies under a folder, each officer's in the order they were saved."""
    return sorted(folder.glob(f"*/*{SEALED_COPY}"))


def photographs_in(folder: Path) -> list[Path]:
    """List the sealed photographs under a folder, each officer's in the order they were taken."""
    return sorted(folder.glob(f"*/*{SEALED_PHOTOGRAPH}"))


def read_sealed(path: Path) -> SealedPhotograph | None:
    """Read the label of a sealed photograph; none where there is none, or it is not as we wrote it."""
    try:
        return read_photograph(read_private(path, ATTACHMENT_BYTES_MAX))
    except (FileNotFoundError, Tampered):
        return None


def deliver(folder: Path, office: Office) -> Delivered:
    """Bring every copy under a folder to the office, and delete those it took.

    Raises RuleBroken when the office could not be reached, or did not answer in its own hand.
    """
    taken = held = 0
    for batch in _batches(copies_in(folder)):
        answers = _ask(office, [written for _path, written in batch])
        for path, written in batch:
            said = answers.get(digest(written))
            if said == TAKEN:
                path.unlink(missing_ok=True)
                sync_folder(path.parent)
                taken += 1
            held += said == HELD
    return Delivered(taken=taken, held=held)


def unreadable(folder: Path) -> list[Path]:
    """List the files under a folder that are no copies or photographs of ours any more."""
    copies = [path for path in copies_in(folder) if _read(path) is None]
    return copies + [path for path in photographs_in(folder) if read_sealed(path) is None]


def readable(folder: Path) -> list[bytes]:
    """Give every copy under a folder, in the order they were saved."""
    read = (_read(path) for path in copies_in(folder))
    return [written for written in read if written is not None]


def _batches(paths: Sequence[Path]) -> Iterator[list[tuple[Path, bytes]]]:
    """Put copies into as few requests as they fit into; what is no copy of ours is left where it is."""
    batch: list[tuple[Path, bytes]] = []
    size = 0
    for path in paths:
        written = _read(path)
        if written is None:
            continue
        if batch and (len(batch) == COPIES_MAX or size + len(written) > COPIES_BYTES_AIM):
            yield batch
            batch, size = [], 0
        batch.append((path, written))
        size += len(written)
    if batch:
        yield batch


def _read(path: Path) -> bytes | None:
    try:
        written = read_private(path, COPY_BYTES_MAX)
        read_copy(written)
    except (FileNotFoundError, NotAMessage):
        return None
    return written


def _ask(office: Office, copies: Sequence[bytes]) -> dict[str, str]:
    """Send copies and give what the office says of each; what it did not sign is not its word."""
    answer = office.link.post(SEALED_PATH, framed(copies), SEALED_TYPE)
    if answer.status != _OK:
        raise RuleBroken("office.refused")
    try:
        answers, seal = read_answers(answer.body)
    except NotAMessage:
        raise RuleBroken("office.not_the_office") from None
    told = answer_statement(office.device_id, answers)
    if not is_signed_by(office.receipt_key, told, seal):
        raise RuleBroken("office.not_the_office")
    return answers
