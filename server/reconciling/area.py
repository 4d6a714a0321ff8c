"""What the reconciling area hands to the office."""

from __future__ import annotations

from server.reconciling import commands, facts, project, record, rules, screens, sentences
from server.reconciling.tables import ConflictRow
from server.spine.areas import Area, Handling, subjects_with_place
from shared.catalogue import mark
from shared.commands import CommandType, Kind
from shared.decide import BY_NAME

AREA = Area(
    name="reconciling",
    addressed={"conflict_id": ConflictRow.conflict_id},
    commands=(
        Handling(
            kind=BY_NAME["ProposeMarkerRemoval"],
            wants=frozenset({"warnings", "conflicts"}),
            subjects=subjects_with_place,
        ),
        Handling(
            kind=CommandType(
                command=commands.DecideConflict,
                schema=commands.DecideConflictSchema(),
                rule=rules.decide_conflict,
                kind=Kind.RESOLVE,
                needs="conflicts.decide",
            ),
            facts=facts.whole_conflicts,
            subjects=subjects_with_place,
        ),
    ),
    recorders=record.RECORDERS,
    more_case_facts={"conflicts": facts.case_conflicts},
    projections=project.PROJECTIONS,
    permissions={"conflicts.decide": mark("Decide where an officer and the office differ")},
    screens=(screens.screens,),
    sentences=sentences.SENTENCES,
)
