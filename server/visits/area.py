"""What the visits area hands to the office."""

from __future__ import annotations

from server.spine.areas import Area, Handling
from server.visits import facts, project, record
from shared.catalogue import mark
from shared.decide import BY_NAME

AREA = Area(
    name="visits",
    commands=tuple(
        Handling(kind=BY_NAME[name])
        for name in (
            "PlanVisit",
            "WithdrawPlannedVisit",
            "RecordVisit",
            "RecordPhotograph",
            "RecordVisitAnswer",
            "ApproveVisit",
            "ReturnVisit",
        )
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_facts,
    projections=project.PROJECTIONS,
    permissions={
        "visits.see": mark("See visits"),
        "visits.plan": mark("Plan visits"),
        "visits.record": mark("Record visits"),
        "visits.review": mark("Review visits"),
    },
)
