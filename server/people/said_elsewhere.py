"""How the changes of cases, visits and tasks read on a timeline; an area's own words come first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.cases.commands import CaseAssigned, CaseClosed, CaseOpened, CaseUnassigned
from server.people.saying import day_of, word
from server.worktray.aside_commands import SetAsideReplayed
from server.worktray.commands import KINDS as TASKS
from server.worktray.commands import SetAsideExamined, TaskAssigned, TaskFinished, TaskRaised
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.photographs import PhotographLost, PhotographRecorded
from shared.refused import RefusalAnswered
from shared.reviews import VisitAnswered, VisitApproved, VisitReturned
from shared.visits import OUTCOMES, PURPOSES, PlannedVisitWithdrawn, VisitPlanned, VisitRecorded

Said = Mapping[str, Any]

SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {
    CaseOpened: lambda said: (
        Sentence(mark("Case about %(name)s opened"), name=said["person"])
        if said["person"]
        else Sentence(mark("Case opened"))
    ),
    CaseClosed: lambda _said: Sentence(mark("Case closed")),
    CaseAssigned: lambda _said: Sentence(mark("Case given to an officer")),
    CaseUnassigned: lambda _said: Sentence(mark("Case taken from an officer")),
    VisitPlanned: lambda said: Sentence(
        mark("Visit planned for %(day)s: %(purpose)s"),
        day=day_of(said["planned_on"]),
        purpose=word(PURPOSES, said["purpose"]),
    ),
    PlannedVisitWithdrawn: lambda _said: Sentence(mark("Planned visit called off")),
    VisitRecorded: lambda said: Sentence(
        mark("Visit: %(outcome)s"), outcome=word(OUTCOMES, said["outcome"])
    ),
    PhotographRecorded: lambda _said: Sentence(mark("Photograph taken at a visit")),
    PhotographLost: lambda _said: Sentence(mark("Photograph lost before it could be sent")),
    RefusalAnswered: lambda said: Sentence(
        mark("Officer asked somebody to look at what was refused")
        if said["choice"] == "look"
        else mark("Officer set aside what was refused")
    ),
    SetAsideReplayed: lambda _said: Sentence(
        mark("Recorded for an officer what their device had sent and could not be taken")
    ),
    SetAsideExamined: lambda _said: Sentence(
        mark("Closed what a device had sent and could not be taken")
    ),
    VisitApproved: lambda _said: Sentence(mark("Visit approved")),
    VisitReturned: lambda _said: Sentence(mark("Visit returned to the officer")),
    VisitAnswered: lambda _said: Sentence(mark("Officer answered about a visit")),
    TaskRaised: lambda said: Sentence(mark("Task: %(task)s"), task=word(TASKS, said["kind"])),
    TaskAssigned: lambda said: Sentence(
        mark("Task given to somebody: %(task)s"), task=word(TASKS, said["kind"])
    ),
    TaskFinished: lambda said: Sentence(
        mark("Task done: %(task)s"), task=word(TASKS, said["kind"])
    ),
}
