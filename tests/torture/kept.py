"""What of a run is kept on disk, so that one that was interrupted is gone on with or cleaned up after."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil


@dataclass
class Kept:
    """How far a run is."""

    seed: int
    kills: int = 0
    seconds: float = 0.0
    by_target: dict[str, int] = field(default_factory=dict)
    office_port: int = 0
    line_ports: list[int] = field(default_factory=list)
    counted: int = 0
    made: bool = False
    ended: bool = False

    @classmethod
    def read(cls, path: Path) -> Kept | None:
        """Read how far an earlier run came, if there was one."""
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def write(self, path: Path) -> None:
        """Keep it, whole or as it was before."""
        new = path.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)))
        new.replace(path)


def note_processes(path: Path, pids: list[int]) -> None:
    """Keep which processes were started, each with when, because numbers are given out again."""
    lines = []
    for pid in pids:
        with contextlib.suppress(psutil.Error):
            lines.append([pid, psutil.Process(pid).create_time()])
    new = path.with_suffix(".new")
    new.write_text(json.dumps(lines))
    new.replace(path)


def end_left_over(path: Path) -> int:
    """End what an earlier run that was itself killed left running, and only that; say how many."""
    ended = 0
    if not path.exists():
        return ended
    for pid, began in json.loads(path.read_text()):
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(pid)
            if process.create_time() == began:
                process.kill()
                process.wait(10)
                ended += 1
    path.unlink()
    return ended
