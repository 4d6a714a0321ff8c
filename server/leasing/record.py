"""How each change to a team alters rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.leasing.commands import (
    OfflineDaysAnswered,
    OfflineDaysAsked,
    PlacedInTeam,
    TeamModeSet,
    TeamOpened,
)
from server.leasing.tables import OfflineRequestRow, TeamMemberRow, TeamRow
from server.spine.areas import Recorded, Recorder
from shared.commands import Change
from shared.lease_modes import Mode


def team_opened(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write teams, in the mode that every team begins with."""
    for item in recorded:
        if isinstance(item.change, TeamOpened):
            values = {"team_id": item.change.team_id, "name": item.change.title}
            session.execute(insert(TeamRow).values(**values, mode=Mode.LEASED.value))


def placed_in_team(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write who is in which team, and who is in none any more."""
    for item in recorded:
        if not isinstance(item.change, PlacedInTeam):
            continue
        user_id, team_id = item.change.user_id, item.change.team_id
        if not team_id:
            session.execute(delete(TeamMemberRow).where(TeamMemberRow.user_id == user_id))
            continue
        session.execute(
            upsert(TeamMemberRow)
            .values(user_id=user_id, team_id=team_id)
            .on_conflict_do_update(index_elements=["user_id"], set_={"team_id": team_id})
        )


def team_mode_set(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write the mode, and close what was asked for."""
    for item in recorded:
        if isinstance(item.change, TeamModeSet):
            _set_mode(session, item.change.team_id, item.change.mode, 0)
            session.execute(
                update(OfflineRequestRow)
                .where(
                    OfflineRequestRow.team_id == item.change.team_id,
                    OfflineRequestRow.answer.is_(None),
                )
                .values(answer="overtaken", answered_by=item.actor_id, answered_at=item.recorded_at)
            )


def offline_days_asked(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write what was asked for, to be answered by somebody else."""
    for item in recorded:
        if isinstance(item.change, OfflineDaysAsked):
            session.execute(
                insert(OfflineRequestRow).values(
                    request_id=item.change.request_id,
                    team_id=item.change.team_id,
                    days=item.change.days,
                    reason=item.change.reason,
                    asked_by=item.actor_id,
                    asked_at=item.recorded_at,
                )
            )


def offline_days_answered(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write the answer; the days count from the devices' next contact on when it is a yes."""
    for item in recorded:
        if isinstance(item.change, OfflineDaysAnswered):
            session.execute(
                update(OfflineRequestRow)
                .where(OfflineRequestRow.request_id == item.change.request_id)
                .values(
                    answer="agreed" if item.change.agreed else "turned_down",
                    answered_by=item.actor_id,
                    answered_at=item.recorded_at,
                )
            )
            if item.change.agreed:
                mode = Mode.OFFLINE_DAYS.value
                _set_mode(session, item.change.team_id, mode, item.change.days)


def _set_mode(session: Session, team_id: str, mode: str, days: int) -> None:
    session.execute(update(TeamRow).where(TeamRow.team_id == team_id).values(mode=mode, days=days))


RECORDERS: Mapping[type[Change], Recorder] = {
    TeamOpened: team_opened,
    PlacedInTeam: placed_in_team,
    TeamModeSet: team_mode_set,
    OfflineDaysAsked: offline_days_asked,
    OfflineDaysAnswered: offline_days_answered,
}
"""Who writes which change."""
