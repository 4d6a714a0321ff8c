"""The drive a vault lies on, and the room kept back on it so that what is typed fits when it is full."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

RESERVE_BYTES = 8 * 1024 * 1024
"""Room kept back: hundreds of visits, or a day's photographs."""

ROOM_BYTES_MIN = 4 * 1024 * 1024
"""With less than this left, the room kept back is given up for what is typed, and nothing is fetched."""

RESERVE_FILE = "kept-back"
"""What the file that keeps room is called in the vault's folder; it holds nothing."""

_BLOCK_BYTES = 256 * 1024


class Drive(Protocol):
    """Where a vault's files are, and how much room there is beside them."""

    def address(self, path: Path) -> str:
        """Say how SQLite finds a file, as a URI."""

    def head(self, path: Path, length: int) -> bytes:
        """Read the first bytes of a file."""

    def free_bytes(self) -> int:
        """Say how much room there is, beside what is kept back."""

    def kept_bytes(self) -> int:
        """Say how much room is kept back."""

    def keep_back(self, size: int) -> bool:
        """Keep that much room back; False when there is not as much."""

    def give_back(self) -> None:
        """Give up what is kept back."""


@dataclass(frozen=True)
class Folder:
    """A drive as the system gives it: the folder of one vault."""

    folder: Path

    def address(self, path: Path) -> str:
        """Say how SQLite finds a file, as a URI."""
        return path.absolute().as_uri()

    def head(self, path: Path, length: int) -> bytes:
        """Read the first bytes of a file."""
        with path.open("rb") as file:
            return file.read(length)

    def free_bytes(self) -> int:
        """Say how much room there is, beside what is kept back."""
        return shutil.disk_usage(self.folder).free

    def kept_bytes(self) -> int:
        """Say how much room is kept back."""
        with suppress(OSError):
            return self._reserve.stat().st_size
        return 0

    def keep_back(self, size: int) -> bool:
        """Keep that much room back; False when there is not as much.

        It is filled with chance, because a drive may keep nothing for zeros.
        """
        block = os.urandom(_BLOCK_BYTES)
        try:
            with self._reserve.open("wb") as file:
                for start in range(0, size, _BLOCK_BYTES):
                    file.write(block[: size - start])
        except OSError:
            self.give_back()
            return False
        return True

    def give_back(self) -> None:
        """Give up what is kept back."""
        with suppress(OSError):
            self._reserve.unlink()

    @property
    def _reserve(self) -> Path:
        return self.folder / RESERVE_FILE


def is_roomy(drive: Drive) -> bool:
    """Tell whether there is room for what the office sends, with room kept back besides.

    What was given up before is kept back again once it can be.
    """
    if drive.kept_bytes() < RESERVE_BYTES:
        enough = drive.free_bytes() + drive.kept_bytes() >= RESERVE_BYTES + ROOM_BYTES_MIN
        return enough and drive.keep_back(RESERVE_BYTES)
    return drive.free_bytes() >= ROOM_BYTES_MIN


def make_room(drive: Drive) -> None:
    """Give up what is kept back if what is about to be kept might not fit otherwise."""
    if drive.free_bytes() < ROOM_BYTES_MIN:
        drive.give_back()
