"""What the pages about teams read, and which mode a device goes by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.access import queries as access
from server.access.tables import UserRow
from server.leasing.tables import OfflineRequestRow, TeamMemberRow, TeamRow
from shared.lease_modes import Mode


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The mode a device goes by, with its days."""

    mode: Mode = Mode.LEASED
    days: int = 0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Days that were asked for and that somebody else has yet to answer."""

    request_id: str
    days: int
    reason: str
    asked_by: str
    asker_name: str
    asked_at: datetime


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team as whoever looks after it sees it."""

    team_id: str
    name: str
    terms: Terms
    officers: tuple[access.Officer, ...] = ()
    asked: Asked | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A team on the list."""

    team_id: str
    name: str
    terms: Terms
    officers: int
    waiting: bool


def terms_of(session: Session, officer_id: str) -> Terms:
    """Say which mode the devices of an officer go by; in no team it is the usual one."""
    found = session.execute(
        select(TeamRow.mode, TeamRow.days)
        .join(TeamMemberRow, TeamMemberRow.team_id == TeamRow.team_id)
        .where(TeamMemberRow.user_id == officer_id)
    ).one_or_none()
    return Terms(mode=Mode(found.mode), days=found.days) if found else Terms()


def teams(session: Session) -> list[Listed]:
    """List the teams by name; there are as many as a council has."""
    counted = (
        select(func.count())
        .where(TeamMemberRow.team_id == TeamRow.team_id)
        .correlate(TeamRow)
        .scalar_subquery()
    )
    waiting = (
        select(OfflineRequestRow.request_id)
        .where(OfflineRequestRow.team_id == TeamRow.team_id, OfflineRequestRow.answer.is_(None))
        .correlate(TeamRow)
        .exists()
    )
    rows = session.execute(select(TeamRow, counted, waiting).order_by(TeamRow.name))
    return [
        Listed(
            team_id=row.team_id,
            name=row.name,
            terms=Terms(mode=Mode(row.mode), days=row.days),
            officers=officers,
            waiting=is_waiting,
        )
        for row, officers, is_waiting in rows
    ]


def team(session: Session, team_id: str) -> Team | None:
    """Find one team, with its officers and what waits for an answer."""
    row = session.get(TeamRow, team_id)
    if row is None:
        return None
    officers = session.execute(
        select(UserRow.user_id, UserRow.name)
        .join(TeamMemberRow, TeamMemberRow.user_id == UserRow.user_id)
        .where(TeamMemberRow.team_id == team_id)
        .order_by(UserRow.name, UserRow.user_id)
    )
    asked = session.execute(
        select(OfflineRequestRow, UserRow.name)
        .outerjoin(UserRow, UserRow.user_id == OfflineRequestRow.asked_by)
        .where(OfflineRequestRow.team_id == team_id, OfflineRequestRow.answer.is_(None))
    ).one_or_none()
    return Team(
        team_id=row.team_id,
        name=row.name,
        terms=Terms(mode=Mode(row.mode), days=row.days),
        officers=tuple(access.Officer(user_id=each, name=name) for each, name in officers),
        asked=_asked(*asked) if asked else None,
    )


def others(session: Session, chosen: Team) -> list[access.Officer]:
    """List the officers who could be put in a team."""
    there = {each.user_id for each in chosen.officers}
    return [each for each in access.officers(session) if each.user_id not in there]


def _asked(row: OfflineRequestRow, asker_name: str | None) -> Asked:
    return Asked(
        request_id=row.request_id,
        days=row.days,
        reason=row.reason,
        asked_by=row.asked_by,
        asker_name=asker_name or "",
        asked_at=row.asked_at,
    )
