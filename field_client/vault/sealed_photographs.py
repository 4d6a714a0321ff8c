"""Keeps a copy of each photograph that only the office can open, where the keeper can send it.

The folder follows the photographs of saved visits that the office has not got: one file each, written
before a saved page says so, gone once the office has the picture. The vault keeps its own all the same.
What the keeper has brought leaves an empty file of its name, so that it is not sealed again meanwhile.
A drive without room seals nothing more, and the outbox says so: what counts is in the vault.
"""

from __future__ import annotations

import threading
from pathlib import Path

from field_client import incidents
from field_client.files import make_private_folder, sync_folder, write_private
from field_client.sealed_files import ANYWAY, BROUGHT, SEALED_PHOTOGRAPH
from field_client.vault import photographs, uploads
from field_client.vault.box import seal_photograph
from field_client.vault.drive import RESERVE_BYTES, ROOM_BYTES_MIN, Folder
from field_client.vault.store import Store
from sync.attachments import ATTACHMENT_BYTES_MAX

SEALED_BYTES_MAX = 512 * 1024 * 1024
"""Bytes of sealed photographs a tablet keeps for one officer: some weeks of visits."""


class SealedPhotographs:
    """The sealed photographs of one vault."""

    def __init__(self, store: Store, folder: Path, key: str) -> None:
        """Take the vault, the folder, and the office's key; without one nothing can be sealed."""
        self.unsealed = 0
        self._store = store
        self._folder = folder
        self._key = key
        self._turn = threading.Lock()

    def keep_true(self) -> None:
        """Seal what is missing and delete what the office has; a full drive leaves some unsealed."""
        if not self._key:
            return
        with self._turn:
            try:
                self._follow()
            except OSError as fault:
                incidents.note("sealed photographs", fault)

    def _follow(self) -> None:
        wanted = {
            f"{turn:012d}-{photograph_id}": photograph_id
            for turn, photograph_id in photographs.unarrived(self._store)
        }
        here = {path.stem: path for path in self._folder.glob("*-*") if path.suffix in _OURS}
        missing = sorted(wanted.keys() - here.keys())
        self.unsealed = len(missing)
        if not here and not wanted:
            return
        make_private_folder(self._folder)
        self._follow_rule()
        for cut_off in self._folder.glob(f".*{SEALED_PHOTOGRAPH}.*"):
            cut_off.unlink(missing_ok=True)  # a lock or the power ended its writing
        for name in here.keys() - wanted.keys():
            here[name].unlink(missing_ok=True)
            sync_folder(self._folder)
        for name in missing:
            path = self._folder / f"{name}{SEALED_PHOTOGRAPH}"
            self.unsealed -= self._seal(path, wanted[name])

    def _follow_rule(self) -> None:
        """Say to the keeper, which cannot ask the vault, whether photographs wait for Wi-Fi."""
        path = self._folder / ANYWAY
        if uploads.is_wifi_only(self._store):
            path.unlink(missing_ok=True)
        elif not path.exists():
            write_private(path, b"")

    def _seal(self, path: Path, photograph_id: str) -> bool:
        """Seal one photograph; False where there is no room for it, and room that is kept back stays."""
        body = photographs.body(self._store, photograph_id)
        if body is None:
            return True  # it has left the vault since it was listed
        written = seal_photograph(self._key, photograph_id, body)
        used = sum(each.stat().st_size for each in self._folder.glob(f"*{SEALED_PHOTOGRAPH}"))
        free = Folder(self._folder).free_bytes()
        if used + len(written) > SEALED_BYTES_MAX or free < len(written) + _LEFT_BYTES_MIN:
            return False
        try:
            write_private(path, written, ATTACHMENT_BYTES_MAX)
        except OSError as fault:
            incidents.note("sealed photographs", fault)
            return False
        return True


_OURS = frozenset({SEALED_PHOTOGRAPH, BROUGHT})
_LEFT_BYTES_MIN = RESERVE_BYTES + ROOM_BYTES_MIN  # what is typed next must fit still
