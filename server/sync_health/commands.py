"""What is asked about sync health: from when on a device needs somebody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from server.sync_health.limits import BOUNDS
from shared.commands import Change, Command
from shared.fields import WholeNumber


@dataclass(frozen=True, kw_only=True)
class SetSyncLimits(Command):
    """Agree on every limit at once."""

    name: ClassVar[str] = "SetSyncLimits"
    silent_days: int
    unsent_hours: int
    purge_hours: int
    clock_minutes: int
    defect_days: int


def _limit(name: str) -> WholeNumber:
    asked = BOUNDS[name]
    metadata = {"label": asked.label, "hint": asked.hint}
    return WholeNumber(required=True, least=asked.least, most=asked.most, metadata=metadata)


class SetSyncLimitsSchema(Schema):
    """How `SetSyncLimits` is written in a form and in a message."""

    silent_days = _limit("silent_days")
    unsent_hours = _limit("unsent_hours")
    purge_hours = _limit("purge_hours")
    clock_minutes = _limit("clock_minutes")
    defect_days = _limit("defect_days")


@dataclass(frozen=True, kw_only=True)
class SyncLimitsSet(Change):
    """The limits were agreed on."""

    name: ClassVar[str] = "SyncLimitsSet"
    silent_days: int
    unsent_hours: int
    purge_hours: int
    clock_minutes: int
    defect_days: int
