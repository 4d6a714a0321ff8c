"""What the sync health area hands to the office."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from server.spine.areas import Alarm, Area, Handling, NavigationLink
from server.sync_health import queries, record, rules, screens
from server.sync_health.commands import SetSyncLimits, SetSyncLimitsSchema
from server.sync_health.limits import Limits, read_limits
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind


def _agreed(session: Session, commands: Sequence[Command]) -> list[Limits]:
    """Load what is agreed now, which is the same for whoever asks."""
    agreed = read_limits(session)
    return [agreed for _command in commands]


AREA = Area(
    name="sync_health",
    commands=(
        Handling(
            kind=CommandType(
                command=SetSyncLimits,
                schema=SetSyncLimitsSchema(),
                rule=rules.set_limits,
                kind=Kind.DECISION,
                needs="sync_health.set",
            ),
            facts=_agreed,
        ),
    ),
    recorders=record.RECORDERS,
    permissions={
        "sync_health.see": mark("See how devices stand with the office"),
        "sync_health.set": mark("Say from when on a device needs somebody"),
    },
    screens=(screens.screens,),
    alarms=(
        Alarm(needs="sync_health.see", endpoint="sync_health.every_device", find=queries.alarm),
    ),
    navigation=(
        NavigationLink(
            text=mark("Sync health"), endpoint="sync_health.every_device", needs="sync_health.see"
        ),
    ),
)
