"""Keeps a copy of all unsent work that only the office can open, where the keeper can send it.

So a device that is locked, or was lost and found, still delivers what was done with it, and one that
is about to be erased can be. The folder follows the outbox: it holds a copy of each group that has no
answer, written before a saved page says so and looked at again after each sync and at each lock, and
nothing else. A copy that cannot be written is made another time: what counts is in the vault.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from field_client import incidents
from field_client.files import make_private_folder, sync_folder, write_private
from field_client.sealed_files import SEALED_COPY
from field_client.vault.box import seal_to
from field_client.vault.store import Store
from shared.schemas import digest
from sync.protocol import Place
from sync.sealed import COPY_BYTES_MAX, SealedCopy, info_of, write_content

_Row = tuple[
    int, str, str, str, int, str
]  # rowid, group or itself, id, lane, number, hash and hand


class SealedCopies:
    """The sealed copies of one vault."""

    def __init__(self, store: Store, folder: Path, key: str) -> None:
        """Take the vault, the folder, and the office's key; without one nothing can be sealed."""
        self._store = store
        self._folder = folder
        self._key = key
        self._turn = threading.Lock()

    def keep_true(self) -> None:
        """Write the copies that are missing and delete those whose commands have their answer."""
        if not self._key:
            return
        try:
            with self._turn:
                self._follow()
        except OSError as fault:
            incidents.note("sealed copies", fault)

    def _follow(self) -> None:
        with self._store.still():
            epoch, store_id = self._store.epoch(), self._store.store_id()
            wanted = {_name(epoch, rows): rows for rows in self._groups()}
        here = {path.name for path in self._folder.glob(f"*{SEALED_COPY}")}
        if not here and not wanted:
            return
        make_private_folder(self._folder)
        for name in sorted(wanted.keys() - here):
            self._write(name, store_id, epoch, wanted[name])
        for name in here - wanted.keys():
            (self._folder / name).unlink(missing_ok=True)
        if here - wanted.keys():
            sync_folder(self._folder)

    def _groups(self) -> list[list[_Row]]:
        """List what has no answer, a group together, in the order it was saved."""
        groups: dict[str, list[_Row]] = {}
        for row in self._store.rows(
            "SELECT rowid, coalesce(group_id, command_id), command_id, lane, seq, "
            "hash || coalesce(signature, '') FROM outbox "
            "WHERE outcome IS NULL AND former_store IS NULL ORDER BY rowid"
        ):
            groups.setdefault(str(row[1]), []).append(row)
        return list(groups.values())

    def _write(self, name: str, store_id: str, epoch: str | None, rows: Sequence[_Row]) -> None:
        """Seal one group as it stands in the outbox; it may have been answered meanwhile."""
        places = [Place(command_id=id_, lane=lane, seq=seq) for _, _, id_, lane, seq, _ in rows]
        held = [
            (bytes(written), signature)
            for place in places
            for written, signature in self._store.rows(
                "SELECT written, signature FROM outbox WHERE command_id = ?", (place.command_id,)
            )
        ]
        if len(held) < len(places):
            return
        envelopes = [written for written, _signature in held]
        signatures = [signature for _written, signature in held]
        content = write_content(envelopes, signatures if all(signatures) else ())
        sealed = seal_to(self._key, content, info_of(store_id, epoch, places))
        copy = SealedCopy(store_id=store_id, epoch=epoch, places=tuple(places), sealed=sealed)
        write_private(self._folder / name, copy.written(), COPY_BYTES_MAX)


def _name(epoch: str | None, rows: Sequence[_Row]) -> str:
    """Name a copy by its turn and by what it holds, so that what was numbered anew is another."""
    content = f"{epoch} {' '.join(row[-1] for row in rows)}"
    return f"{rows[0][0]:012d}-{digest(content.encode())[:16]}{SEALED_COPY}"
