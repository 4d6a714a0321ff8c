"""Which commands stand among what was set aside: for the tray, and for whoever examines them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_

from server.spine.tables import CommandRow
from server.worktray.tables import HandedOverRow


def was_set_aside() -> ColumnElement[bool]:
    """Choose what could not be judged, and what was refused and its officer wants looked at."""
    handed_over = exists().where(
        HandedOverRow.command_id == CommandRow.command_id,
        HandedOverRow.officer_id == CommandRow.actor_id,
    )
    return or_(
        CommandRow.outcome == "quarantined", and_(CommandRow.outcome == "refused", handed_over)
    )
