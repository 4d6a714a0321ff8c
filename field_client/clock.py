"""The one place where the device reads a clock or makes an id, so that nothing else has to."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import psutil

from sync.protocol import Clock

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_COUNTS_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))
"""Linux's own name first; on macOS the plain one counts sleep; Windows has neither, nor needs it."""


def now() -> datetime:
    """Read the wall clock, aware and in UTC; it may be wrong, and nothing is ordered by it."""
    return datetime.now(UTC)


def elapsed_seconds() -> float:
    """Read a clock that nobody can set and that goes on counting while the device sleeps."""
    if _COUNTS_SLEEP is None:
        return time.monotonic()
    return time.clock_gettime(_COUNTS_SLEEP)


@cache
def boot_id() -> str:
    """Name this start of the device, because the elapsed clock means nothing across two of them."""
    if _BOOT_ID.is_file():
        return _BOOT_ID.read_text("ascii").strip()
    return f"boot-{int(psutil.boot_time())}"


def new_id() -> str:
    """Make an id for something this device is about to do."""
    return str(uuid.uuid4())


def reading(offset_seconds: float | None = None) -> Clock:
    """Read every clock at once, as evidence that goes with a command; none of them is an order."""
    return Clock(
        wall=now().isoformat(),
        monotonic=elapsed_seconds(),
        boot=boot_id(),
        offset=offset_seconds,
    )
