"""The processes of a demonstration, started as anybody would start them and ended whatever happens."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

READY_SECONDS_MAX = 120
END_SECONDS_MAX = 20


class NotReady(Exception):  # noqa: N818 - it says what the process is
    """A process did not say what was waited for; its last words are kept."""


class Process:
    """One `fieldfare` command running beside this one."""

    def __init__(self, *arguments: str, home: Path, **environment: str) -> None:
        self.name = arguments[0]
        home.mkdir(parents=True, exist_ok=True, mode=0o711)
        log = home / f"{self.name}.log"
        self.log = log
        with log.open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command, no shell
                [sys.executable, "-m", "server", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={
                    **os.environ,
                    "FIELDFARE_HOME": str(home),
                    "FIELDFARE_DEMONSTRATION": "1",
                    **environment,
                },
                start_new_session=True,
            )
        self._said: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    @property
    def pid(self) -> int:
        """Give the process's number."""
        return self._process.pid

    def _listen(self) -> None:
        """Take in each line of JSON it prints."""
        if self._process.stdout is None:
            return
        with self._process.stdout as lines:
            for line in lines:
                with contextlib.suppress(ValueError):
                    self._said.put(json.loads(line))

    def wait_for(self, *events: str) -> dict[str, Any]:
        """Wait until it says one of these; raises NotReady when it ends or takes too long."""
        for _second in range(READY_SECONDS_MAX):
            try:
                said = self._said.get(timeout=1)
            except Empty:
                if self._process.poll() is not None:
                    break
                continue
            if said.get("event") in events:
                return said
        raise NotReady(f"{self.name} did not get ready; see {self.log}")

    def latest(self, *events: str) -> dict[str, Any] | None:
        """Give the last of these it has said since anybody asked, if it said any."""
        last = None
        while True:
            try:
                said = self._said.get_nowait()
            except Empty:
                return last
            if said.get("event") in events:
                last = said

    def is_running(self) -> bool:
        """Tell whether it still runs."""
        return self._process.poll() is None

    @property
    def ended_with(self) -> int | None:
        """Give the code it ended with; none while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it as a power cut would."""
        self._process.kill()
        self._process.wait(END_SECONDS_MAX)
        self._listener.join(END_SECONDS_MAX)

    def end(self) -> None:
        """Ask it to end, and see that it does."""
        if self.is_running():
            self._process.terminate()
            try:
                self._process.wait(END_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self.kill()
        self._listener.join(END_SECONDS_MAX)
