"""The office's own secrets: each a file of chance bytes in its home, made once, for its owner alone."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def read_or_make(path: Path, length: int) -> bytes:
    """Read a secret, or make it at the first start; of two processes one makes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not path.exists():
        made = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(length))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(made, path)
        made.unlink()
    return path.read_bytes()
