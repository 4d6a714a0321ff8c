"""Reads the programs' own logs for faults of ours, by what they are, so that none hides behind a kill."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

_ON_A_DEVICE = re.compile(r"incident [0-9a-f]+: (?P<what>.*)")
_WHILE_IT_IS_AWAY = ("OperationalError", "InterfaceError", "DBAPIError")
"""What the office meets while its database is away."""


def of_devices(folder: Path) -> Counter[str]:
    """Count the faults every device noted, each with where it was."""
    found: Counter[str] = Counter()
    for log in sorted(folder.glob("device*/field.log")):
        found.update(_ON_A_DEVICE.findall(log.read_text(errors="replace")))
    return found


def of_office(home: Path) -> Counter[str]:
    """Count the faults the office showed a page for, but for those of a database that was away."""
    found: Counter[str] = Counter()
    for line in (home / "office.log").read_text(errors="replace").splitlines():
        with contextlib.suppress(ValueError):
            said = json.loads(line)
            if (
                isinstance(said, dict)
                and said.get("error", _WHILE_IT_IS_AWAY[0]) not in _WHILE_IT_IS_AWAY
            ):
                found[
                    f"{said['error']} at {said.get('endpoint')} {said.get('where', [''])[-1]}"
                ] += 1
    return found
