"""What the visits area hands to the office."""

from __future__ import annotations

from server.spine.areas import Area, Chore, Handling, NavigationLink
from server.visits import blobs, facts, plan_screens, project, record, screens
from server.visits.blob_api import blob_api
from server.visits.blueprint import screens as pages
from server.visits.tables import VisitRow
from shared.catalogue import mark
from shared.decide import BY_NAME

PAGES = (plan_screens, screens)
"""Importing these registers their pages on the area's one blueprint."""

AREA = Area(
    name="visits",
    addressed={"visit_id": VisitRow.visit_id},
    commands=tuple(
        Handling(kind=BY_NAME[name], contends=facts.CONTENDS.get(name))
        for name in (
            "PlanVisit",
            "WithdrawPlannedVisit",
            "RecordVisit",
            "RecordPhotograph",
            "RecordPhotographLost",
            "RecordVisitAnswer",
            "ApproveVisit",
            "ReturnVisit",
        )
    ),
    recorders=record.RECORDERS,
    case_facts=facts.case_facts,
    projections=project.PROJECTIONS,
    screens=(pages, blob_api),
    chores=(Chore(name="visits.sweep_uploads", cron="*/15 * * * *", run=blobs.sweep),),
    navigation=(
        NavigationLink(text=mark("Reviews"), endpoint="visits.review", needs="visits.review"),
    ),
    permissions={
        "visits.see": mark("See visits"),
        "visits.plan": mark("Plan visits"),
        "visits.record": mark("Record visits"),
        "visits.review": mark("Review visits"),
    },
)
