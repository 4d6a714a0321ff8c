"""Whether a task may be raised, given out or finished, and what was set aside looked at; pure."""

from __future__ import annotations

from dataclasses import dataclass

from server.worktray.commands import (
    AssignTask,
    FinishTask,
    RaiseTask,
    RecordExamination,
    SetAsideExamined,
    TaskAssigned,
    TaskFinished,
    TaskRaised,
)
from shared.commands import Decision, Occasion
from shared.errors import RuleBroken


@dataclass(frozen=True, kw_only=True)
class RaisingFacts:
    """What raising a task looks at."""

    task_exists: bool
    subjects_known: bool
    already_open: bool
    owner_works_here: bool


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task as rules see it."""

    task_id: str
    kind: str
    account_id: str | None
    person_id: str | None
    case_id: str | None
    owner_id: str | None
    open: bool


@dataclass(frozen=True, kw_only=True)
class TaskFacts:
    """What giving or finishing a task looks at: the task, and whether its new owner works here."""

    task: Task | None
    owner_works_here: bool = True


@dataclass(frozen=True, kw_only=True)
class AsideFacts:
    """What an examination looks at."""

    known: bool
    examined: bool
    case_id: str | None = None


def raise_task(facts: RaisingFacts, command: RaiseTask, _occasion: Occasion) -> Decision:
    """Raise a task about something known, unless the account waits for the same already."""
    if facts.task_exists:
        raise RuleBroken("task.exists")
    if not (command.account_id or command.person_id or command.case_id):
        raise RuleBroken("task.about_nothing")
    if not facts.subjects_known:
        raise RuleBroken("task.subject_unknown")
    if not facts.owner_works_here:
        raise RuleBroken("task.owner_unknown", field="owner_id")
    if facts.already_open:
        return Decision()
    return Decision(
        changes=(
            TaskRaised(
                task_id=command.task_id,
                kind=command.kind,
                account_id=command.account_id,
                person_id=command.person_id,
                case_id=command.case_id,
                owner_id=command.owner_id,
                due_on=command.due_on,
                note=command.note,
            ),
        )
    )


def assign_task(facts: TaskFacts, command: AssignTask, _occasion: Occasion) -> Decision:
    """Give an open task to someone who works here; giving it again changes nothing."""
    task = _open(facts.task)
    if not facts.owner_works_here:
        raise RuleBroken("task.owner_unknown", field="owner_id")
    if command.owner_id == task.owner_id:
        return Decision()
    return Decision(
        changes=(
            TaskAssigned(
                task_id=task.task_id,
                kind=task.kind,
                account_id=task.account_id,
                person_id=task.person_id,
                case_id=task.case_id,
                owner_id=command.owner_id,
            ),
        )
    )


def finish_task(facts: TaskFacts, command: FinishTask, _occasion: Occasion) -> Decision:
    """Finish an open task."""
    task = _open(facts.task)
    return Decision(
        changes=(
            TaskFinished(
                task_id=task.task_id,
                kind=task.kind,
                account_id=task.account_id,
                person_id=task.person_id,
                case_id=task.case_id,
                note=command.note,
            ),
        )
    )


def record_examination(
    facts: AsideFacts, command: RecordExamination, _occasion: Occasion
) -> Decision:
    """Record that somebody looked; that somebody else did so already changes nothing."""
    if not facts.known:
        raise RuleBroken("aside.unknown")
    if facts.examined:
        return Decision()
    examined = SetAsideExamined(subject=command.subject, case_id=facts.case_id, note=command.note)
    return Decision(changes=(examined,))


def _open(task: Task | None) -> Task:
    if task is None:
        raise RuleBroken("task.unknown")
    if not task.open:
        raise RuleBroken("task.finished")
    return task
