"""What the leasing area hands to the office: teams, their modes, and the leases of their devices."""

from __future__ import annotations

from marshmallow import Schema

from server.leasing import commands, facts, record, rules, screens
from server.leasing.lease_api import lease_api
from server.spine.areas import Area, Facts, Handling, NavigationLink
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Rule, Touched


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one team out of one wave; the ids are no person's, so no row is locked."""
    ids = {getattr(command, name, None) for name in ("team_id", "user_id", "request_id")}
    return Touched(person_ids=frozenset(id_ for id_ in ids if id_))


def _handling(
    command: type[Command], schema: Schema, rule: Rule, load: Facts, *, needs: str
) -> Handling:
    return Handling(
        kind=CommandType(
            command=command, schema=schema, rule=rule, kind=Kind.DECISION, needs=needs
        ),
        facts=load,
        subjects=_in_turn,
    )


AREA = Area(
    name="leasing",
    commands=(
        _handling(
            commands.OpenTeam,
            commands.OpenTeamSchema(),
            rules.open_team,
            facts.team_facts,
            needs="teams.manage",
        ),
        _handling(
            commands.PlaceInTeam,
            commands.PlaceInTeamSchema(),
            rules.place_in_team,
            facts.team_facts,
            needs="teams.manage",
        ),
        _handling(
            commands.SetTeamMode,
            commands.SetTeamModeSchema(),
            rules.set_mode,
            facts.team_facts,
            needs="teams.manage",
        ),
        _handling(
            commands.AskForOfflineDays,
            commands.AskForOfflineDaysSchema(),
            rules.ask_for_days,
            facts.team_facts,
            needs="teams.manage",
        ),
        _handling(
            commands.AnswerOfflineDays,
            commands.AnswerOfflineDaysSchema(),
            rules.answer_days,
            facts.offline_facts,
            needs="teams.agree",
        ),
    ),
    recorders=record.RECORDERS,
    permissions={
        "teams.manage": mark("Set up teams and choose how long their devices open without signal"),
        "teams.agree": mark("Agree to more days without signal that somebody else asked for"),
    },
    screens=(screens.screens, lease_api),
    navigation=(
        NavigationLink(text=mark("Teams"), endpoint="teams.every_team", needs="teams.manage"),
    ),
)
