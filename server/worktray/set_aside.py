"""Which commands stand among what was set aside: for the tray, and for whoever examines them."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy.orm import aliased

from server.access.tables import SetAsideRow
from server.spine.tables import CommandRow
from server.worktray.tables import HandedOverRow, ReplayRow


def was_set_aside() -> ColumnElement[bool]:
    """Choose what could not be judged, and what was refused and its officer wants looked at."""
    handed_over = exists().where(
        HandedOverRow.command_id == CommandRow.command_id,
        HandedOverRow.officer_id == CommandRow.actor_id,
    )
    return or_(
        CommandRow.outcome == "quarantined", and_(CommandRow.outcome == "refused", handed_over)
    )


def has_arrived() -> ColumnElement[bool]:
    """Choose bytes whose command has come by itself since, as it was or numbered anew."""
    return exists().where(
        CommandRow.command_id == SetAsideRow.command_id,
        CommandRow.payload_hash == SetAsideRow.identity,
    )


def was_replayed(subject: ColumnElement[str]) -> ColumnElement[bool]:
    """Choose what somebody has recorded in its officer's name."""
    replay = aliased(ReplayRow)
    return exists().where(replay.subject == subject)
