"""How much processor time the programs of a measurement have used, the database's sessions too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psutil


class Processor:
    """Reads the time used so far: by some processes, and by a database's with all its sessions."""

    def __init__(self, pids: Sequence[int], postmaster_pid: int) -> None:
        self._processes = [psutil.Process(pid) for pid in pids]
        self._postmaster = psutil.Process(postmaster_pid)

    def used_ms(self) -> float:
        """Add up what all of them have used, sessions that have ended among them."""
        kept = self._postmaster.cpu_times()
        used = sum(map(_seconds, [*self._processes, self._postmaster]))
        used += kept.children_user + kept.children_system
        used += sum(map(_seconds, self._postmaster.children(recursive=True)))
        return 1000.0 * float(used)


def postmaster(home: Path) -> int:
    """Find the process that started all sessions of a home's database."""
    return int((home / "postgres" / "data" / "postmaster.pid").read_text().split("\n", 1)[0])


def _seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # a session that has just ended is counted with its postmaster's children
    return float(times.user + times.system)
