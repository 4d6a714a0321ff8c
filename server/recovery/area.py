"""What the recovery area hands to the office."""

from __future__ import annotations

from server.recovery import commands, facts, project, record, rules, sentences
from server.recovery.screens import screens
from server.recovery.tables import HoldRow
from server.spine.areas import Area, Handling
from shared.catalogue import mark
from shared.commands import CommandType, Kind, Lane

AREA = Area(
    name="recovery",
    addressed={"hold_id": HoldRow.hold_id},
    commands=(
        Handling(
            kind=CommandType(
                command=commands.PlaceHold,
                schema=commands.PlaceHoldSchema(),
                rule=rules.place_hold,
                kind=Kind.DECISION,
                needs="recovery.hold",
                lane=Lane.URGENT,
            ),
            facts=facts.debt_holds,
        ),
        Handling(
            kind=CommandType(
                command=commands.EndHold,
                schema=commands.EndHoldSchema(),
                rule=rules.end_hold,
                kind=Kind.DECISION,
                needs="recovery.hold",
            ),
            facts=facts.debt_holds,
        ),
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_holds,
    projections=project.PROJECTIONS,
    permissions={"recovery.hold": mark("Place and end holds")},
    screens=(screens,),
    sentences=sentences.SENTENCES,
)
