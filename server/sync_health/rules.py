"""Whether the limits of sync health may be changed: pure, over what they are now."""

from __future__ import annotations

from dataclasses import asdict

from server.sync_health.commands import SetSyncLimits, SyncLimitsSet
from server.sync_health.limits import Limits
from shared.commands import Decision, Occasion


def set_limits(now_agreed: Limits, command: SetSyncLimits, _occasion: Occasion) -> Decision:
    """Agree on every limit; what is agreed already changes nothing."""
    wanted = {name: getattr(command, name) for name in asdict(now_agreed)}
    if wanted == asdict(now_agreed):
        return Decision()
    return Decision(changes=(SyncLimitsSet(**wanted),))
