"""How each change to the limits of sync health alters rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy.orm import Session

from server.spine.areas import Recorded, Recorder
from server.spine.settings import keep_setting
from server.sync_health.commands import SyncLimitsSet
from server.sync_health.limits import PREFIX, Limits
from shared.commands import Change


def limits_set(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep each limit as a setting of the office."""
    for item in recorded:
        for limit in fields(Limits):
            keep_setting(session, PREFIX + limit.name, str(getattr(item.change, limit.name)))


RECORDERS: dict[type[Change], Recorder] = {SyncLimitsSet: limits_set}
