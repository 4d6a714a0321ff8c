"""What rules look at about tasks and what was set aside, loaded set-wise."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from server.access.tables import SetAsideRow
from server.spine.tables import CommandRow, Id
from server.worktray.aside_commands import ReplayFacts, ReplaySetAside
from server.worktray.commands import AssignTask, FinishTask, RaiseTask, RecordExamination
from server.worktray.rules import AsideFacts, RaisingFacts, Task, TaskFacts
from server.worktray.set_aside import has_arrived, was_set_aside
from server.worktray.tables import ExaminationRow, ReplayRow, TaskRow
from shared.commands import Command
from shared.values import is_id

_user = table("user", column("user_id", Id), column("active"))
_user_role = table("user_role", column("user_id", Id), column("role"))
_role_permission = table("role_permission", column("role"), column("permission"))
_account = table("account", column("account_id", Id))
_person = table("person", column("person_id", Id))
_case = table("case", column("case_id", Id))

WORKS_HERE = (
    select(_user.c.user_id)
    .join(_user_role, _user_role.c.user_id == _user.c.user_id)
    .join(_role_permission, _role_permission.c.role == _user_role.c.role)
    .where(_user.c.active, _role_permission.c.permission == "worktray.see")
)
"""Everyone a task can be given to."""


def raising_facts(session: Session, commands: Sequence[Command]) -> list[RaisingFacts]:
    """Load what raising these tasks looks at."""
    asked = [command for command in commands if isinstance(command, RaiseTask)]
    made = _known(session, TaskRow.task_id, {c.task_id for c in asked})
    accounts = _known(session, _account.c.account_id, {c.account_id for c in asked})
    people = _known(session, _person.c.person_id, {c.person_id for c in asked})
    cases = _known(session, _case.c.case_id, {c.case_id for c in asked})
    waiting = _waiting(session, asked)
    owners = _who_work_here(session, {c.owner_id for c in asked})
    return [
        RaisingFacts(
            task_exists=c.task_id in made,
            subjects_known=(
                {c.account_id} <= accounts and {c.person_id} <= people and {c.case_id} <= cases
            ),
            already_open=(c.kind, c.account_id) in waiting,
            owner_works_here=c.owner_id in owners,
        )
        for c in asked
    ]


def task_facts(session: Session, commands: Sequence[Command]) -> list[TaskFacts]:
    """Load the tasks concerned under their row locks, so that of two who finish one, one is told."""
    asked = [command for command in commands if isinstance(command, AssignTask | FinishTask)]
    ids = sorted({c.task_id for c in asked})
    rows = session.scalars(
        select(TaskRow)
        .where(TaskRow.task_id.in_(ids))
        .order_by(TaskRow.task_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    tasks = {
        row.task_id: Task(
            task_id=row.task_id,
            kind=row.kind,
            account_id=row.account_id,
            person_id=row.person_id,
            case_id=row.case_id,
            owner_id=row.owner_id,
            open=row.done_at is None,
        )
        for row in rows
    }
    owners = _who_work_here(session, {c.owner_id for c in asked if isinstance(c, AssignTask)})
    return [
        TaskFacts(
            task=tasks.get(c.task_id),
            owner_works_here=not isinstance(c, AssignTask) or c.owner_id in owners,
        )
        for c in asked
    ]


def aside_facts(session: Session, commands: Sequence[Command]) -> list[AsideFacts]:
    """Load what these examinations look at."""
    asked = [command for command in commands if isinstance(command, RecordExamination)]
    subjects = {command.subject for command in asked}
    ids = sorted(subject for subject in subjects if is_id(subject))
    cases: dict[str, str | None] = dict(
        session.execute(
            select(CommandRow.command_id, CommandRow.case_id).where(
                CommandRow.command_id.in_(ids), was_set_aside()
            )
        ).all()
    )
    known = cases.keys() | _bytes_aside(session, subjects)
    examined = set(
        session.scalars(
            select(ExaminationRow.subject).where(ExaminationRow.subject.in_(sorted(subjects)))
        )
    )
    return [
        AsideFacts(
            known=command.subject in known,
            examined=command.subject in examined,
            case_id=cases.get(command.subject),
        )
        for command in asked
    ]


def replay_facts(session: Session, commands: Sequence[Command]) -> list[ReplayFacts]:
    """Load what these replays look at; two at once meet at the row they would both write."""
    asked = [command for command in commands if isinstance(command, ReplaySetAside)]
    subjects = sorted({command.subject for command in asked})
    ids = [subject for subject in subjects if is_id(subject)]
    known = set(
        session.scalars(
            select(CommandRow.command_id).where(CommandRow.command_id.in_(ids), was_set_aside())
        )
    ) | _bytes_aside(session, subjects)
    replayed = set(
        session.scalars(select(ReplayRow.subject).where(ReplayRow.subject.in_(subjects)))
    )
    arrived = set(
        session.scalars(
            select(SetAsideRow.digest).where(SetAsideRow.digest.in_(subjects), has_arrived())
        )
    )
    return [
        ReplayFacts(
            known=command.subject in known,
            replayed=command.subject in replayed,
            arrived=command.subject in arrived,
        )
        for command in asked
    ]


def _bytes_aside(session: Session, subjects: Collection[str]) -> set[str]:
    """Say which of these are bytes that were set aside, by their digest."""
    return set(
        session.scalars(select(SetAsideRow.digest).where(SetAsideRow.digest.in_(sorted(subjects))))
    )


def _waiting(session: Session, asked: Sequence[RaiseTask]) -> set[tuple[str, str | None]]:
    """Say which accounts already wait for which kind of task."""
    accounts = sorted({c.account_id for c in asked if c.account_id})
    if not accounts:
        return set()
    rows = session.execute(
        select(TaskRow.kind, TaskRow.account_id).where(
            TaskRow.account_id.in_(accounts), TaskRow.done_at.is_(None)
        )
    )
    return {(kind, account_id) for kind, account_id in rows}


def _who_work_here(session: Session, ids: Collection[str | None]) -> set[str | None]:
    """Say which of these can be given a task; nobody in particular always can."""
    wanted = sorted(id_ for id_ in ids if id_)
    if not wanted:
        return {None}
    return {None, *session.scalars(WORKS_HERE.where(_user.c.user_id.in_(wanted)))}


def _known(
    session: Session,
    key: Any,  # noqa: ANN401 - a column
    ids: Collection[str | None],
) -> set[str | None]:
    """Say which of these ids a table holds; no id at all is always known."""
    wanted = sorted(id_ for id_ in ids if id_)
    if not wanted:
        return {None}
    return {None, *session.scalars(select(key).where(key.in_(wanted)))}
