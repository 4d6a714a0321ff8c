"""Modes of leases: how long a device opens without the office, in plain words and as times to end at."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from types import MappingProxyType

from shared.catalogue import Sentence, mark
from shared.presentation import LONDON

ONLINE_START_HOURS = 24
"""Hours a device in `online-start` goes on without the office, for as long as it is not switched off."""

LEASED_HOURS = 72
"""Hours a lease has at least; it is stretched to noon of the next working day."""

OFFLINE_DAYS_MAX = 14
"""Days two people may agree on for an area without signal."""

ROLL_BACK_SECONDS = 300
"""Seconds a device's clock may be set back, in all, before it has to ask the office again."""

_SATURDAY = 5


class Mode(enum.Enum):
    """What a device needs besides its passphrase, and for how long it has it."""

    ONLINE_START = "online-start"
    LEASED = "leased"
    OFFLINE_DAYS = "offline-days"


NAMES: Mapping[str, str] = MappingProxyType(
    {
        Mode.ONLINE_START.value: mark("Signal at every start"),
        Mode.LEASED.value: mark("Up to 3 days without signal"),
        Mode.OFFLINE_DAYS.value: mark("Longer without signal, agreed by two people"),
    }
)
"""What each mode is called on a screen."""

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        Mode.ONLINE_START.value: mark(
            "After it was switched off, the device opens only once it has reached the office."
            " Then it works all day without signal"
        ),
        Mode.LEASED.value: mark(
            "The device opens without signal for 3 days after it last reached the office,"
            " and then until noon of the next working day. Each sync starts the 3 days again"
        ),
        Mode.OFFLINE_DAYS.value: mark(
            "The device opens without signal for the days that were agreed, counted from when it"
            " last reached the office. Each sync starts them again"
        ),
    }
)
"""What each mode means for whoever carries the device."""


def end_of(mode: Mode, days: int, granted_at: datetime) -> datetime:
    """Say when a lease of this moment ends; `days` counts for `offline-days` alone."""
    if mode is Mode.ONLINE_START:
        return granted_at + timedelta(hours=ONLINE_START_HOURS)
    if mode is Mode.OFFLINE_DAYS:
        return granted_at + timedelta(days=days)
    return _noon_of_a_working_day(granted_at + timedelta(hours=LEASED_HOURS))


def named(mode: Mode, days: int) -> Sentence:
    """Name a mode with its days, where it has some."""
    if mode is Mode.OFFLINE_DAYS:
        return Sentence(mark("Up to %(days)s days without signal, agreed by two people"), days=days)
    return Sentence(NAMES[mode.value])


def _noon_of_a_working_day(least: datetime) -> datetime:
    """Find the first noon of a Monday to Friday from this moment on; holidays count as any day."""
    day = least.astimezone(LONDON).date()
    while True:
        noon = datetime.combine(day, time(12), LONDON)
        if noon >= least and day.weekday() < _SATURDAY:
            return noon.astimezone(least.tzinfo)
        day += timedelta(days=1)
