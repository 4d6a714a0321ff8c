"""What the worktray area hands to the office."""

from __future__ import annotations

from server.spine.areas import Area, Handling, named_subjects
from server.worktray import commands, facts, record, rules
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched


def _in_turn(command: Command) -> Touched:
    """Keep two commands about one task out of one wave.

    A task's id is no person's, so this locks no row: the facts lock the task.
    """
    task_id = getattr(command, "task_id", None)
    return named_subjects(command) | Touched(person_ids=frozenset({task_id} if task_id else ()))


AREA = Area(
    name="worktray",
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
    ),
    recorders=record.RECORDERS,
    permissions={
        "worktray.see": mark("See the worktray"),
        "tasks.raise": mark("Raise tasks"),
        "tasks.work": mark("Give tasks to people and finish them"),
        "jobs.see": mark("See the jobs that everyone started"),
    },
)
