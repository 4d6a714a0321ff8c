"""Where tests keep what the processes they started have logged, until the end of the run."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FOLDER_VARIABLE = "FIELDFARE_TEST_LOGS"


def keep_logs_of(folder: Path) -> None:
    """Keep the logs that lie in a folder which a test is about to delete."""
    for log in folder.rglob("*.log"):
        with suppress(FileNotFoundError):  # a server that is ending takes its own away
            keep_log(log.read_bytes())


def keep_log(log: bytes) -> None:
    """Keep what one process said."""
    with log_of_this_process().open("ab") as kept:
        kept.write(log + b"\n")


def log_of_this_process() -> Path:
    return Path(os.environ[FOLDER_VARIABLE]) / f"{os.getpid()}.log"
