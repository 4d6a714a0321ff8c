"""What rules look at about teams: loaded set-wise, their rows locked in id order."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from server.leasing.commands import (
    AnswerOfflineDays,
    AskForOfflineDays,
    OpenTeam,
    PlaceInTeam,
    SetTeamMode,
)
from server.leasing.rules import OfflineFile, TeamFile
from server.leasing.tables import OfflineRequestRow, TeamMemberRow, TeamRow
from server.spine.tables import Id
from shared.commands import Command

ABOUT_A_TEAM = (OpenTeam, PlaceInTeam, SetTeamMode, AskForOfflineDays)

_goes_out = table("goes_out", column("user_id", Id))


def team_facts(session: Session, commands: Sequence[Command]) -> list[TeamFile]:
    """Load the team each command is about, with what is asked for it and the officer named."""
    asked = [command for command in commands if isinstance(command, ABOUT_A_TEAM)]
    locked = {
        team.team_id: team
        for team in session.scalars(
            select(TeamRow)
            .where(TeamRow.team_id.in_(sorted({c.team_id for c in asked if c.team_id})))
            .order_by(TeamRow.team_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    waiting = set(
        session.scalars(
            select(OfflineRequestRow.team_id).where(
                OfflineRequestRow.team_id.in_(locked), OfflineRequestRow.answer.is_(None)
            )
        )
    )
    titles = {c.title for c in asked if isinstance(c, OpenTeam)}
    taken = set(session.scalars(select(TeamRow.name).where(TeamRow.name.in_(titles))))
    officers = {c.user_id for c in asked if isinstance(c, PlaceInTeam)}
    out = set(session.scalars(select(_goes_out.c.user_id).where(_goes_out.c.user_id.in_(officers))))
    members = select(TeamMemberRow).where(TeamMemberRow.user_id.in_(officers))
    placed = {row.user_id: row.team_id for row in session.scalars(members)}
    files = []
    for command in asked:
        team = locked.get(command.team_id)
        officer = command.user_id if isinstance(command, PlaceInTeam) else ""
        files.append(
            TeamFile(
                exists=team is not None,
                name_taken=isinstance(command, OpenTeam) and command.title in taken,
                mode=team.mode if team else "",
                waiting=command.team_id in waiting,
                officer_goes_out=officer in out,
                officer_team_id=placed.get(officer, ""),
            )
        )
    return files


def offline_facts(session: Session, commands: Sequence[Command]) -> list[OfflineFile | None]:
    """Load what each answer is about, if it is still open."""
    asked = [command for command in commands if isinstance(command, AnswerOfflineDays)]
    rows = {
        row.request_id: row
        for row in session.scalars(
            select(OfflineRequestRow)
            .where(OfflineRequestRow.request_id.in_(sorted({c.request_id for c in asked})))
            .order_by(OfflineRequestRow.request_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    }
    files: list[OfflineFile | None] = []
    for command in asked:
        row = rows.get(command.request_id)
        is_open = row is not None and row.answer is None
        files.append(
            OfflineFile(team_id=row.team_id, days=row.days, asked_by=row.asked_by)
            if row is not None and is_open
            else None
        )
    return files
