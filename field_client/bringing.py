"""Brings sealed photographs to the office, part by part, by the keeper, while their vault is shut.

Each goes on where the office says that it stands, so that a cut costs one part. The keeper reads
nothing of them but their labels, and takes what the office says for its word only in its own hand.
"""

from __future__ import annotations

from pathlib import Path

from field_client.deliveries import Office, photographs_in, read_sealed
from field_client.files import sync_folder, write_private
from field_client.sealed_files import ANYWAY, BROUGHT
from field_client.vault.keys import is_signed_by
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.attachments import (
    ATTACHMENT_BYTES_MAX,
    COMING,
    SEALED_PART_BYTES,
    SEALED_PHOTOGRAPH_PATH,
    Bringing,
    attachment_statement,
    read_taken,
)
from sync.sealed import SEALED_TYPE
from sync.wire import NotAMessage

ASKINGS_MAX = 2 * (ATTACHMENT_BYTES_MAX // SEALED_PART_BYTES + 2)
"""Requests one photograph may cost in one round before it is left for the next."""

_OK = 200


def bring_photographs(folder: Path, office: Office, *, whatever_it_costs: bool) -> int:
    """Bring the sealed photographs under a folder, and say how many the office took.

    Where sending may cost money they wait, but for those of an officer who had them sent all the same.
    Raises RuleBroken when the office could not be reached, or did not answer in its own hand.
    """
    taken = 0
    for path in photographs_in(folder):
        if whatever_it_costs or (path.parent / ANYWAY).exists():
            taken += _bring(path, office)
    return taken


def _bring(path: Path, office: Office) -> bool:
    """Bring one photograph; False where it is none of ours any more, or gets no further today."""
    sealed = read_sealed(path)
    if sealed is None:
        return False
    written = sealed.written()
    name, start, part = digest(written), 0, b""
    for _asking in range(ASKINGS_MAX):
        bringing = Bringing(
            photograph_id=sealed.photograph_id,
            digest=name,
            size_bytes=len(written),
            start=start,
            part=part,
        )
        state, start = _ask(office, bringing)
        if state != COMING:
            write_private(path.with_suffix(BROUGHT), b"")
            path.unlink(missing_ok=True)
            sync_folder(path.parent)
            return True
        part = written[start : start + SEALED_PART_BYTES]
    return False


def _ask(office: Office, bringing: Bringing) -> tuple[str, int]:
    """Send a part, and give how the office stands; what it did not sign is not its word."""
    answer = office.link.post(SEALED_PHOTOGRAPH_PATH, bringing.written(), SEALED_TYPE)
    if answer.status != _OK:
        raise RuleBroken("office.refused")
    try:
        state, held, seal = read_taken(answer.body)
    except NotAMessage:
        raise RuleBroken("office.not_the_office") from None
    told = attachment_statement(office.device_id, bringing.digest, state, held)
    if not is_signed_by(office.receipt_key, told, seal):
        raise RuleBroken("office.not_the_office")
    return state, held
