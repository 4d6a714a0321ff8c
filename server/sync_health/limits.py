"""From when on a device needs somebody: each limit with its words, what it is at first, its bounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.spine.tables import SettingRow
from shared.catalogue import mark

PREFIX = "sync_health."
"""What the names of these settings begin with."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a council has agreed on; these are what they are until somebody changes them."""

    silent_days: int = 2
    unsent_hours: int = 24
    purge_hours: int = 48
    clock_minutes: int = 10
    defect_days: int = 7


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How one limit is asked for, and the least and most it may be."""

    label: str
    hint: str
    least: int
    most: int


BOUNDS: Mapping[str, Bounds] = MappingProxyType(
    {
        "silent_days": Bounds(
            label=mark("Working days without a word from a device"),
            hint=mark("Monday to Friday. After this many, somebody rings the officer"),
            least=1,
            most=30,
        ),
        "unsent_hours": Bounds(
            label=mark("Hours that work may wait on a device"),
            hint=mark("Counted from when the officer saved it"),
            least=1,
            most=720,
        ),
        "purge_hours": Bounds(
            label=mark("Hours that a case taken away may stay on a device"),
            hint=mark("Counted from when it was taken from the officer"),
            least=1,
            most=2_160,
        ),
        "clock_minutes": Bounds(
            label=mark("Minutes that a device’s clock may be wrong"),
            hint=mark("The times of visits are only as good as this clock"),
            least=1,
            most=1_440,
        ),
        "defect_days": Bounds(
            label=mark("Days that a difference is shown for"),
            hint=mark("Differences are mended by themselves; this is how long they are told"),
            least=1,
            most=90,
        ),
    }
)
"""Every limit by its name."""


def read_limits(session: Session) -> Limits:
    """Read what this office has agreed on."""
    names = [PREFIX + each.name for each in fields(Limits)]
    rows = session.execute(
        select(SettingRow.name, SettingRow.value).where(SettingRow.name.in_(names))
    )
    return Limits(**{name.removeprefix(PREFIX): int(value) for name, value in rows})
