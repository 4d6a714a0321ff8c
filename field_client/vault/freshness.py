"""Says how old the office's copy on this device is, and whether anyone may still be asked for money."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from field_client.vault.store import Store
from sync.protocol import Clock

STALE_SECONDS = 24 * 3_600
"""Beyond this age a visit is for welfare or contact only: no demand, no figure, no plan."""

_CLOCK_TOLERANCE = timedelta(minutes=10)
_READ = "office_copy_read"
_OFFSET = "clock_offset"


@dataclass(frozen=True, kw_only=True)
class OfficeCopy:
    """When the office's records were last complete here; `age_seconds` is none when nobody can say."""

    read_at: datetime | None
    age_seconds: int | None

    @property
    def stale(self) -> bool:
        """Tell whether it is too old to ask for money by; an unknown age is too old."""
        return self.age_seconds is None or self.age_seconds > STALE_SECONDS


def note_reply(store: Store, server_time: str, clock: Clock) -> None:
    """Keep what this device's clocks said when a reply came, and how far the wall clock is off."""
    behind = datetime.fromisoformat(server_time) - datetime.fromisoformat(clock.wall)
    kept = {"read_at": server_time, "boot": clock.boot, "monotonic": clock.monotonic}
    with store.transaction():
        store.put(_OFFSET, str(round(behind.total_seconds(), 3)))
        if store.get("office_copy_at") == server_time:
            store.put(_READ, json.dumps(kept))


def offset_seconds(store: Store) -> float | None:
    """Say how far ahead of this device the office's clock was when the two last spoke."""
    text = store.get(_OFFSET)
    return None if text is None else float(text)


def office_copy(store: Store, clock: Clock) -> OfficeCopy:
    """Work the age out: by the clock nobody can set where it still counts, else by the wall clock.

    A wall clock that stands before the copy was read is wrong, so the age is not known.
    """
    text = store.get("office_copy_at")
    if text is None:
        return OfficeCopy(read_at=None, age_seconds=None)
    read_at = datetime.fromisoformat(text)
    kept = json.loads(store.get(_READ) or "{}")
    if kept.get("read_at") == text and kept["boot"] == clock.boot:
        age = timedelta(seconds=clock.monotonic - kept["monotonic"])
    else:
        age = datetime.fromisoformat(clock.wall) + timedelta(seconds=clock.offset or 0) - read_at
    if age < -_CLOCK_TOLERANCE:
        return OfficeCopy(read_at=read_at, age_seconds=None)
    return OfficeCopy(read_at=read_at, age_seconds=max(0, int(age.total_seconds())))
