"""The keeper's hold on the native window: open it at an address, know when it is gone, end it."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from field_client import children
from field_client.files import make_private_folder
from shared.schemas import canonical

OPENED = b"o"
"""Told to the window when the vault behind it has been opened."""

LEFT = 4
"""How the window's process ends when an open vault was left for another program."""


class WindowProcess:
    """One window with its own short-lived profile; each lock ends one and opens another."""

    def __init__(
        self,
        address: str,
        storage: Path,
        closed: Callable[[WindowProcess, int], None],
        *,
        minimised: bool = False,
    ) -> None:
        self._storage = storage
        shutil.rmtree(storage, ignore_errors=True)
        make_private_folder(storage)
        self._process = children.start("field_client.window", answers=False)
        # Over stdin, because every user of the machine can read a command line.
        said = {"address": address, "minimised": minimised, "storage": str(storage)}
        self._write(canonical(said) + b"\n")
        threading.Thread(target=self._watch, args=(closed,), name="window", daemon=True).start()

    def vault_opened(self) -> None:
        """Say that there is something to see now, so that a window left alone goes by itself."""
        self._write(OPENED)

    def end(self) -> None:
        """Take the window off the screen with every process that drew it, and delete its files."""
        children.end(self._process)
        shutil.rmtree(self._storage, ignore_errors=True)

    def _watch(self, closed: Callable[[WindowProcess, int], None]) -> None:
        closed(self, self._process.wait())

    def _write(self, line: bytes) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it has ended, which is told by itself
                self._process.stdin.write(line)
