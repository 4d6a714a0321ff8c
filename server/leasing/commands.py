"""What is asked about teams: set one up, put an officer in it, choose its mode, agree to days offline."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.errors import register
from shared.fields import Choice, CleanText, IdField, WholeNumber, YesNo
from shared.lease_modes import NAMES, OFFLINE_DAYS_MAX, Mode

NAME_MAX = 80
"""Characters the name of a team may have."""

REASON_MIN = 15
"""Characters a reason for days offline must have: a word is none."""

REASON_MAX = 500
"""Characters it may have."""

OFFLINE_DAYS_MIN = 4
"""The least days two people agree on; fewer are what every team has."""

register(
    {
        "team.exists": mark("This team has already been set up"),
        "team.unknown": mark("This team is not known here: open the list of teams again"),
        "team.name_taken": mark("Another team is called that already: choose another name"),
        "team.officer_unknown": mark("Choose one of the officers shown"),
        "team.two_people": mark(
            "Days without signal are asked for by one person, agreed by another"
        ),
        "offline.reason_short": mark("Say in at least %(characters_min)s characters why"),
        "offline.waiting": mark("Somebody has asked for days already: answer that first"),
        "offline.unknown": mark("This was answered already: open the team again"),
        "offline.own": mark("Ask someone else to agree: you asked for these days"),
    }
)


@dataclass(frozen=True, kw_only=True)
class OpenTeam(Command):
    """Set up a team; its devices go by the usual mode until another is chosen."""

    name: ClassVar[str] = "OpenTeam"
    team_id: str
    title: str


class OpenTeamSchema(Schema):
    """How `OpenTeam` is written in a form."""

    team_id = IdField(required=True)
    title = CleanText(
        required=True,
        characters_max=NAME_MAX,
        metadata={"label": mark("Name of the team"), "missing": mark("Enter a name")},
    )


@dataclass(frozen=True, kw_only=True)
class TeamOpened(Change):
    """A team was set up."""

    name: ClassVar[str] = "TeamOpened"
    team_id: str
    title: str


@dataclass(frozen=True, kw_only=True)
class PlaceInTeam(Command):
    """Put an officer in a team, or with none in no team at all."""

    name: ClassVar[str] = "PlaceInTeam"
    user_id: str
    team_id: str = ""


class PlaceInTeamSchema(Schema):
    """How `PlaceInTeam` is written."""

    user_id = IdField(required=True)
    team_id = CleanText(load_default="", characters_max=36)


@dataclass(frozen=True, kw_only=True)
class PlacedInTeam(Change):
    """An officer is in this team now, or in none."""

    name: ClassVar[str] = "PlacedInTeam"
    user_id: str
    team_id: str


@dataclass(frozen=True, kw_only=True)
class SetTeamMode(Command):
    """Choose a mode that needs no second person."""

    name: ClassVar[str] = "SetTeamMode"
    team_id: str
    mode: str


class SetTeamModeSchema(Schema):
    """How `SetTeamMode` is written."""

    team_id = IdField(required=True)
    mode = Choice(
        NAMES,
        required=True,
        metadata={
            "label": mark("How long may the devices of this team open without signal?"),
            "missing": mark("Choose how long"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class TeamModeSet(Change):
    """The devices of a team go by another mode from their next contact on."""

    name: ClassVar[str] = "TeamModeSet"
    team_id: str
    mode: str


@dataclass(frozen=True, kw_only=True)
class AskForOfflineDays(Command):
    """Ask that the devices of a team may be without signal for more days, and say why."""

    name: ClassVar[str] = "AskForOfflineDays"
    request_id: str
    team_id: str
    days: int
    reason: str


class AskForOfflineDaysSchema(Schema):
    """How `AskForOfflineDays` is written in a form."""

    request_id = IdField(required=True)
    team_id = IdField(required=True)
    days = WholeNumber(
        required=True,
        least=OFFLINE_DAYS_MIN,
        most=OFFLINE_DAYS_MAX,
        metadata={
            "label": mark("Days without signal"),
            "hint": mark("From 4 to 14"),
            "missing": mark("Enter how many days"),
        },
    )
    reason = CleanText(
        required=True,
        characters_max=REASON_MAX,
        metadata={
            "label": mark("Why does this team need them?"),
            "hint": mark("Such as where there is no signal. Name no resident"),
            "missing": mark("Say why"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class OfflineDaysAsked(Change):
    """Days without signal were asked for; somebody else has yet to answer."""

    name: ClassVar[str] = "OfflineDaysAsked"
    request_id: str
    team_id: str
    days: int
    reason: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class AnswerOfflineDays(Command):
    """Agree to days that somebody else asked for, or turn them down."""

    name: ClassVar[str] = "AnswerOfflineDays"
    request_id: str
    agreed: bool


class AnswerOfflineDaysSchema(Schema):
    """How `AnswerOfflineDays` is written in a form."""

    request_id = IdField(required=True)
    agreed = YesNo(
        required=True,
        metadata={
            "label": mark("Do you agree to these days?"),
            "missing": mark("Choose yes if you agree, no if you do not"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class OfflineDaysAnswered(Change):
    """A second person agreed to days without signal, or turned them down."""

    name: ClassVar[str] = "OfflineDaysAnswered"
    request_id: str
    team_id: str
    days: int
    agreed: bool


SECOND_PERSON = frozenset({Mode.OFFLINE_DAYS.value})
"""Modes nobody chooses alone."""
