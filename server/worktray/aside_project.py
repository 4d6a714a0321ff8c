"""What a device is given about what it sent and the office could not take: what became of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from server.spine.areas import Projection
from server.spine.tables import CommandRow
from server.worktray.tables import ExaminationRow, ReplayRow

TOLD_MAX = 100
"""Of one case a device is told of so many at most, the latest first."""


def told(session: Session, case_ids: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
    """Build a record for each command that was recorded by somebody else, or closed."""
    wanted = sorted(case_ids)
    bodies: dict[str, dict[str, dict[str, Any]]] = {}
    for replay, of_case in session.execute(
        select(ReplayRow, CommandRow.case_id)
        .outerjoin(CommandRow, CommandRow.command_id == ReplayRow.original_id)
        .where(
            ReplayRow.original_id.is_not(None),
            or_(ReplayRow.case_id.in_(wanted), CommandRow.case_id.in_(wanted)),
        )
        .order_by(ReplayRow.replayed_at.desc(), ReplayRow.subject)
    ):
        recorded = {"state": "recorded", "at": replay.replayed_at.isoformat(), "note": ""}
        for wanted_id in wanted:
            if wanted_id in {replay.case_id, of_case}:
                bodies.setdefault(wanted_id, {})[str(replay.original_id)] = recorded
    for examined, case_id in session.execute(
        select(ExaminationRow, CommandRow.case_id)
        .join(CommandRow, cast(CommandRow.command_id, String(64)) == ExaminationRow.subject)
        .where(CommandRow.case_id.in_(wanted))
        .order_by(ExaminationRow.examined_at.desc(), ExaminationRow.subject)
    ):
        closed = {
            "state": "closed",
            "at": examined.examined_at.isoformat(),
            "note": examined.note,
        }
        bodies.setdefault(str(case_id), {}).setdefault(examined.subject, closed)
    return {case_id: dict(list(found.items())[:TOLD_MAX]) for case_id, found in bodies.items()}


PROJECTIONS = (
    Projection(
        view="home_visit",
        kind="set_aside",
        build=told,
        reads=frozenset({"replay", "examination"}),
    ),
)
