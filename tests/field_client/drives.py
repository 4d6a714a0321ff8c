"""Drives for tests: a folder whose every block can be read afterwards, those of deleted files too."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

IMAGE_BYTES = 96 * 1024 * 1024

RAW = "every block of the drive was read, those of deleted files too"
FILES = "files alone were read, and not what had been deleted: this machine mounts no image"


class ImageDrive:
    """An ext4 file system in one file, mounted: what is on it is read without the file system's word."""

    says = RAW
    lacks = ""

    def __init__(self, beside: Path) -> None:
        """Make it and mount it; raises OSError where that may not be done."""
        self.image, self.folder = beside / "drive.img", beside / "drive"
        with self.image.open("xb") as file:
            file.truncate(IMAGE_BYTES)
        self.folder.mkdir()
        _run("mkfs.ext4", "-q", "-F", str(self.image))
        self.mount()

    def mount(self) -> None:
        """Put it in its folder."""
        _run("mount", "-o", "loop,nosuid,nodev", str(self.image), str(self.folder))

    def read(self) -> bytes:
        """Give all its bytes, as whoever takes the drive out reads them; it is not mounted afterwards."""
        _run("umount", str(self.folder))  # which writes out all that is not yet on it
        return self.image.read_bytes()

    def end(self) -> None:
        """Leave nothing mounted, whatever still runs on it."""
        if self.folder.is_mount():
            _run("umount", "--lazy", str(self.folder))


class FolderDrive:
    """A plain folder, where no image can be mounted: what was deleted in it cannot be read."""

    says = lacks = FILES

    def __init__(self, beside: Path) -> None:
        self.folder = beside / "drive"
        self.folder.mkdir()

    def mount(self) -> None:
        """Do nothing: it is there."""

    def read(self) -> bytes:
        """Give the bytes of every file, one behind the other."""
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return b"\0".join(path.read_bytes() for path in files)

    def end(self) -> None:
        """Do nothing: nothing was mounted."""


Drive = ImageDrive | FolderDrive


@contextlib.contextmanager
def drive_in(beside: Path) -> Iterator[Drive]:
    """Mount an image where that may be done; a plain folder where it may not, which says of itself so."""
    drive: Drive
    try:
        drive = ImageDrive(beside)
    except OSError:
        (beside / "drive").rmdir()
        drive = FolderDrive(beside)
    try:
        yield drive
    finally:
        drive.end()


def _run(*command: str) -> None:
    """Run a program of the system; raises OSError where it is not there or may not do it."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise OSError(f"{command[0]}: {ended.stderr.strip()}")
