"""The office's processes as a machine's service manager runs them: started, and again when they end."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from server.demo.processes import NotReady, Process
from server.spine.postgres_programs import server_of

BEFORE_AGAIN_SECONDS = 0.2
FALLS_MAX = 12
"""Times in a row a service may end before it is ready; after that it cannot be started."""

SESSION = "postgres: fieldfare "
"""How PostgreSQL calls its process for a connection of the office."""


@dataclass
class Service:
    """One `fieldfare` command that is kept running."""

    name: str
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_event: str | None = None
    started: Callable[[], None] = lambda: None
    fell: int = 0
    in_a_row: int = 0
    killed: int = 0
    _process: Process | None = None
    _ended: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to keep it running."""
        self._ended.clear()
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int | None:
        """Give the number of the process that runs now."""
        process = self._process
        return process.pid if process is not None and process.is_running() else None

    @property
    def cannot_start(self) -> bool:
        """Tell whether it has given up on its own again and again."""
        return self.in_a_row >= FALLS_MAX

    def kill(self) -> bool:
        """End it as a power cut would; tell whether there was anything to end."""
        process = self._process
        if process is None or not process.is_running():
            return False
        self.killed += 1
        process.kill()
        return True

    def end(self) -> None:
        """End it for good, as it is told to in life."""
        self._ended.set()
        if self._process is not None:
            self._process.end()
        if self._thread is not None:
            self._thread.join()

    def _keep(self) -> None:
        while not self._ended.is_set() and not self.cannot_start:
            killed = self.killed
            self._process = Process(self.name, home=self.home, **self.environment)
            self.started()
            self._wait_until_ready(self._process)
            while self._process.is_running() and not self._ended.wait(0.05):
                pass
            if self._ended.is_set():
                return
            if self.killed == killed:
                self.fell += 1
                self.in_a_row += 1
            time.sleep(BEFORE_AGAIN_SECONDS)

    def _wait_until_ready(self, process: Process) -> None:
        if self.ready_event is None:
            return
        with contextlib.suppress(NotReady):
            process.wait_for(self.ready_event)
            self.in_a_row = 0


def postmaster(home: Path) -> psutil.Process | None:
    """Find the PostgreSQL of a home, and only that of this home."""
    data = home / "postgres" / "data"
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    found = server_of(data, pid)
    return found if isinstance(found, psutil.Process) else None


def kill_postmaster(home: Path) -> bool:
    """End PostgreSQL as a power cut would; tell whether it ran."""
    server = postmaster(home)
    if server is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        server.kill()
    return True


def kill_session(home: Path, at: float) -> bool:
    """End the process of one connection, the one so far along the list; PostgreSQL then ends them all.

    Not what PostgreSQL itself needs to come up again: killed in the middle of that, it can wait for ever.
    """
    server = postmaster(home)
    if server is None:
        return False
    try:
        own = [each for each in server.children() if each.cmdline()[0].startswith(SESSION)]
        if not own:
            return False
        os.kill(own[int(at * len(own))].pid, signal.SIGKILL)
    except (psutil.Error, ProcessLookupError, IndexError):
        return False
    return True
