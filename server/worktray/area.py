"""What the worktray area hands to the office."""

from __future__ import annotations

from server.spine.areas import Area, Handling, NavigationLink, named_subjects
from server.worktray import (
    aside_commands,
    aside_project,
    aside_screens,
    commands,
    facts,
    job_screens,
    record,
    rules,
    screens,
    task_screens,
)
from server.worktray.tables import TaskRow
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched
from shared.decide import BY_NAME


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one task out of one wave.

    A task's id is no person's, so this locks no row: the facts lock the task.
    """
    task_id = getattr(command, "task_id", None)
    return named_subjects(command) | Touched(person_ids=frozenset({task_id} if task_id else ()))


PAGES = (screens, task_screens, aside_screens)
"""Importing these registers their pages on the area's one blueprint."""

AREA = Area(
    name="worktray",
    addressed={"task_id": TaskRow.task_id},
    commands=(
        Handling(
            kind=CommandType(
                command=commands.RaiseTask,
                schema=commands.RaiseTaskSchema(),
                rule=rules.raise_task,
                kind=Kind.DECISION,
                needs="tasks.raise",
            ),
            facts=facts.raising_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=commands.AssignTask,
                schema=commands.AssignTaskSchema(),
                rule=rules.assign_task,
                kind=Kind.DECISION,
                needs="tasks.work",
            ),
            facts=facts.task_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=commands.FinishTask,
                schema=commands.FinishTaskSchema(),
                rule=rules.finish_task,
                kind=Kind.DECISION,
                needs="tasks.work",
            ),
            facts=facts.task_facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=commands.RecordExamination,
                schema=commands.RecordExaminationSchema(),
                rule=rules.record_examination,
                kind=Kind.FACT,
                needs="aside.examine",
            ),
            facts=facts.aside_facts,
        ),
        Handling(
            kind=CommandType(
                command=aside_commands.ReplaySetAside,
                schema=aside_commands.ReplaySetAsideSchema(),
                rule=aside_commands.replay_set_aside,
                kind=Kind.DECISION,
                needs="aside.replay",
            ),
            facts=facts.replay_facts,
        ),
        Handling(kind=BY_NAME["RecordRefusalAnswer"]),
    ),
    recorders=record.RECORDERS,
    projections=aside_project.PROJECTIONS,
    screens=(screens.screens, job_screens.screens),
    navigation=(
        NavigationLink(text=mark("Worktray"), endpoint="worktray.home", needs="worktray.see"),
    ),
    permissions={
        "worktray.see": mark("See the worktray"),
        "tasks.raise": mark("Raise tasks"),
        "tasks.work": mark("Give tasks to people and finish them"),
        "aside.examine": mark("Examine what devices sent and could not be taken"),
        "aside.replay": mark("Record for officers what their devices sent and could not be taken"),
        "jobs.see": mark("See the jobs that everyone started"),
    },
)
