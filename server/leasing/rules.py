"""Decide what is asked about teams: pure, with the team and what was asked for it under their locks."""

from __future__ import annotations

from dataclasses import dataclass

from server.leasing.commands import (
    REASON_MIN,
    SECOND_PERSON,
    AnswerOfflineDays,
    AskForOfflineDays,
    OfflineDaysAnswered,
    OfflineDaysAsked,
    OpenTeam,
    PlacedInTeam,
    PlaceInTeam,
    SetTeamMode,
    TeamModeSet,
    TeamOpened,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class TeamFile:
    """All that a rule may look at for one team, and for the officer named beside it."""

    exists: bool = False
    name_taken: bool = False
    mode: str = ""
    waiting: bool = False
    officer_goes_out: bool = False
    officer_team_id: str = ""


@dataclass(frozen=True, kw_only=True)
class OfflineFile:
    """Days that were asked for and not answered yet."""

    team_id: str
    days: int
    asked_by: str


def open_team(team: TeamFile, command: OpenTeam, _occasion: Occasion) -> Decision:
    """Decide whether a team can be set up: once, under a name no other has."""
    if team.exists:
        raise RuleBroken("team.exists")
    if team.name_taken:
        raise RuleBroken("team.name_taken", field="title")
    return Decision(changes=(TeamOpened(team_id=command.team_id, title=command.title),))


def place_in_team(team: TeamFile, command: PlaceInTeam, _occasion: Occasion) -> Decision:
    """Decide whether someone can be in a team: whoever goes out; out of one, anybody."""
    if command.team_id and not team.exists:
        raise RuleBroken("team.unknown")
    if command.team_id and not team.officer_goes_out:
        raise RuleBroken("team.officer_unknown", field="user_id")
    if team.officer_team_id == command.team_id:
        return Decision()
    return Decision(changes=(PlacedInTeam(user_id=command.user_id, team_id=command.team_id),))


def set_mode(team: TeamFile, command: SetTeamMode, _occasion: Occasion) -> Decision:
    """Decide whether one person can choose this mode; the one that is chosen already changes nothing.

    Days that were asked for meanwhile are over: whoever chooses knows of them.
    """
    if not team.exists:
        raise RuleBroken("team.unknown")
    if command.mode in SECOND_PERSON:
        raise RuleBroken("team.two_people", field="mode")
    if team.mode == command.mode and not team.waiting:
        return Decision()
    return Decision(changes=(TeamModeSet(team_id=command.team_id, mode=command.mode),))


def ask_for_days(team: TeamFile, command: AskForOfflineDays, _occasion: Occasion) -> Decision:
    """Decide whether days can be asked for: with a reason, and one thing at a time."""
    if not team.exists:
        raise RuleBroken("team.unknown")
    if team.waiting:
        raise RuleBroken("offline.waiting")
    if len(command.reason) < REASON_MIN:
        raise RuleBroken("offline.reason_short", field="reason", characters_min=REASON_MIN)
    asked = OfflineDaysAsked(
        request_id=command.request_id,
        team_id=command.team_id,
        days=command.days,
        reason=command.reason,
    )
    return Decision(changes=(asked,))


def answer_days(
    offline: OfflineFile | None, command: AnswerOfflineDays, occasion: Occasion
) -> Decision:
    """Decide an answer: by anybody but whoever asked, who may only take it back."""
    if offline is None:
        raise RuleBroken("offline.unknown")
    if command.agreed and occasion.actor.user_id == offline.asked_by:
        raise RuleBroken("offline.own")
    answered = OfflineDaysAnswered(
        request_id=command.request_id,
        team_id=offline.team_id,
        days=offline.days,
        agreed=command.agreed,
    )
    return Decision(changes=(answered,))
