"""The process of devices that are measured, and how the bench speaks with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

END_SECONDS_MAX = 20


@dataclass(frozen=True, kw_only=True)
class Taken:
    """How long each of some syncs took, and how many did not come to a good end."""

    ms: tuple[float, ...]
    failed: int


class Devices:
    """Real vaults with their way to the office, in a process beside this one."""

    def __init__(self, folder: Path, count: int) -> None:
        folder.mkdir(parents=True, mode=0o700)
        with (folder / "devices.log").open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "field_client.measured"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, "PYTHONUTF8": "1"},
                start_new_session=True,
            )
        self.public_keys: list[str] = self.ask("make", folder=str(folder), devices=count)[
            "public_keys"
        ]

    @property
    def pid(self) -> int:
        """Give the process's number."""
        return self._process.pid

    def ask(self, do: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
        """Have something done, and give what is answered."""
        assert self._process.stdin is not None  # noqa: S101 - both are pipes
        assert self._process.stdout is not None  # noqa: S101 - for the type checker
        self._process.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the devices' process has ended; see its log")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def sync(self, devices: Sequence[int]) -> Taken:
        """Have devices sync at the same moment."""
        return _taken(self.ask("sync", devices=list(devices)))

    def floor(self, paths: Sequence[tuple[int, str]]) -> Taken:
        """Have devices take a floor in at the same moment."""
        return _taken(self.ask("floor", device_paths=list(paths)))

    def knock(self, device: int) -> Taken:
        """Have a device send an empty signed request."""
        return _taken(self.ask("knock", device=device))

    def end(self) -> None:
        """End the process."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS_MAX)


def _taken(answer: dict[str, Any]) -> Taken:
    each = answer["taken"]
    return Taken(
        ms=tuple(one["ms"] for one in each),
        failed=sum(one["problem"] is not None for one in each),
    )
