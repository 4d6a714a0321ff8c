"""How a machine stands: what one of the programs finds when it looks at where it runs."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Level(enum.StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    MIND = "mind"
    """Somebody should know it, and perhaps change it."""
    STOP = "stop"
    """People's data are not safe like this."""
    UNKNOWN = "not looked at"
    """This program cannot tell on this machine; never to be taken for good."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at: what it is about, how it stands, and a sentence that says so."""

    about: str
    level: Level
    says: str
