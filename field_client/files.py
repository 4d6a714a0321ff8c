"""How the few small files outside the vault are kept: for one person's eyes, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

PRIVATE_BYTES_MAX = 65_536
"""Bytes any of these files may have; a longer one is not ours."""


def make_private_folder(folder: Path) -> Path:
    """Make a folder, and those above it, that only this user of the device can enter."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def write_private(path: Path, content: bytes, bytes_max: int = PRIVATE_BYTES_MAX) -> None:
    """Write a file so that after a power cut either the old content is there or the new."""
    if len(content) > bytes_max:
        raise ValueError("this file is for something small")
    make_private_folder(path.parent)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:  # mkstemp makes it 0600
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def move_private(written: Path, place: Path) -> None:
    """Put a file that is on disk already in another's place: either is there, at every moment."""
    written.replace(place)
    sync_folder(place.parent)


def read_private(path: Path, bytes_max: int = PRIVATE_BYTES_MAX) -> bytes:
    """Read a file written here, never more of it than we would have written."""
    with path.open("rb") as file:
        return file.read(bytes_max + 1)


def sync_folder(folder: Path) -> None:
    """Make what was named or deleted in a folder durable, which Windows does by itself."""
    with contextlib.suppress(PermissionError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
