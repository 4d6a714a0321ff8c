"""The office's one reader of the clock and maker of ids; everything else is handed both."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Europe/London")
"""The zone in which days begin and end for the people concerned."""


def now() -> datetime:
    """Read the clock, with its zone."""
    return datetime.now(UTC)


def today() -> date:
    """Read the day it is for the people concerned."""
    return datetime.now(LOCAL).date()


def new_id() -> str:
    """Make an id for something about to be asked for."""
    return str(uuid.uuid4())
