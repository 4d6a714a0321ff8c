"""Looks at where a tablet keeps people's data: its folders, its secrets, its drive, its libraries."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from field_client import device_secret
from field_client.device_secret import Keeping
from field_client.home import Home, tablet_folder
from field_client.tablet import homes_in
from field_client.vault.database import cipher_versions
from field_client.vault.drive import ROOM_BYTES_MIN, Folder
from shared.errors import RuleBroken
from shared.posture import Finding, Level

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SWAPS = Path("/proc/swaps")
_MEBIBYTE = 1024 * 1024

NAMED_MAX = 5
"""Files that are named before it is enough."""


def look(given: Path | None) -> Iterator[Finding]:
    """Look at the device in a folder, or in this machine's usual one."""
    tablet = tablet_folder(given)
    yield folders(tablet)
    yield secrets(homes_in(tablet))
    yield drive_encryption()
    yield swap(_SWAPS)
    yield room(tablet)
    yield libraries()


def folders(tablet: Path) -> Finding:
    """Tell whether anybody else on this machine may look into a tablet's folders."""
    if not tablet.is_dir():
        return Finding(about="device", level=Level.UNKNOWN, says=f"There is no device in {tablet}")
    if sys.platform == "win32":
        return Finding(
            about="folders",
            level=Level.UNKNOWN,
            says="Who may open them is not looked at on Windows",
        )
    open_to_others = [
        path.name
        for path in (tablet, *tablet.rglob("*"))
        if not path.is_symlink() and path.stat().st_mode & _OTHERS
    ]
    if open_to_others:
        return Finding(
            about="folders",
            level=Level.STOP,
            says=f"Others on this machine may open {', '.join(sorted(open_to_others)[:NAMED_MAX])}:"
            " take their rights away",
        )
    return Finding(about="folders", level=Level.GOOD, says="For this user alone")


def secrets(homes: Sequence[Home]) -> Finding:
    """Tell where device secrets are kept; a file guards a vault that is copied alone, and no more."""
    kept = [home.device_secret for home in homes if home.device_secret.exists()]
    if not kept:
        return Finding(
            about="device secret", level=Level.UNKNOWN, says="No device was enrolled here yet"
        )
    try:
        kept_in = {device_secret.load(path).kept_in for path in kept}
    except RuleBroken:
        return Finding(
            about="device secret",
            level=Level.STOP,
            says="It cannot be read, so no vault opens here: ring your office before anything is deleted",
        )
    if kept_in == {Keeping.KEYSTORE}:
        return Finding(
            about="device secret", level=Level.GOOD, says="In the operating system's keystore"
        )
    return Finding(
        about="device secret",
        level=Level.MIND,
        says="In a file: with the whole drive copied, the passphrase alone guards the records",
    )


def drive_encryption() -> Finding:
    """Say that the drive's own encryption is somebody else's to see to."""
    return Finding(
        about="drive",
        level=Level.UNKNOWN,
        says="Whether the drive is encrypted (BitLocker, FileVault, LUKS) is for the device's management"
        " to show",
    )


def swap(listed: Path) -> Finding:
    """Tell whether memory can be written to a drive while a vault is open."""
    if not listed.is_file():
        return Finding(
            about="swap",
            level=Level.UNKNOWN,
            says="Whether memory is swapped to the drive is not looked at here",
        )
    in_use = [line.split()[0] for line in listed.read_text().splitlines()[1:] if line.strip()]
    if in_use:
        return Finding(
            about="swap",
            level=Level.MIND,
            says=f"Memory may be written to {', '.join(in_use)}: it must lie on an encrypted drive",
        )
    return Finding(about="swap", level=Level.GOOD, says="Memory is not swapped to a drive")


def room(tablet: Path) -> Finding:
    """Tell whether what is typed will fit."""
    folder = tablet if tablet.is_dir() else tablet.parent
    if not folder.is_dir():
        return Finding(about="room", level=Level.UNKNOWN, says="There is no folder to look at yet")
    free = Folder(folder).free_bytes()
    level = Level.GOOD if free >= ROOM_BYTES_MIN else Level.STOP
    says = f"{free // _MEBIBYTE:,} MiB free"
    return Finding(
        about="room",
        level=level,
        says=says if level is Level.GOOD else f"{says}: delete files you do not need",
    )


def libraries() -> Finding:
    """Say which versions encrypt, for whoever holds them against advisories."""
    cipher, provider = cipher_versions()
    python = ".".join(map(str, sys.version_info[:3]))
    return Finding(
        about="versions", level=Level.GOOD, says=f"Python {python}, SQLCipher {cipher}, {provider}"
    )
