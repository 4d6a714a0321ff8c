"""The backup key: 32 random bytes in a file that the operator keeps apart from the backups."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from pathlib import Path

from shared.errors import RuleBroken

KEY_BYTES = 32
HEADING = "fieldfare backup key 1"
"""The first word of the file says what it is, to whoever finds it in ten years."""

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_key(path: Path) -> None:
    """Make a key of its own for one office, readable by nobody else; never over another file."""
    text = f"{HEADING}\n{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RuleBroken("backup.key_there", file=str(path)) from error
    with os.fdopen(handle, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path, store: Path) -> bytes:
    """Read the key; refused where others can read it, or where it lies beside what it opens."""
    if path.resolve().is_relative_to(store.resolve()):
        raise RuleBroken("backup.key_beside", file=str(path))
    try:
        mode = path.stat().st_mode
        lines = path.read_text(encoding="ascii").split("\n")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RuleBroken("backup.no_key", file=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise RuleBroken("backup.key_unreadable", file=str(path)) from error
    if os.name == "posix" and mode & _OTHERS:
        raise RuleBroken("backup.key_open", file=str(path))
    try:
        key = base64.b64decode(lines[1], validate=True) if lines[0] == HEADING else b""
    except (IndexError, binascii.Error):
        key = b""
    if len(key) != KEY_BYTES:
        raise RuleBroken("backup.key_unreadable", file=str(path))
    return key
