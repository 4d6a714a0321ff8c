"""How each change on the worktray alters rows."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from server.spine.areas import Recorded
from server.worktray.aside_commands import SetAsideReplayed
from server.worktray.commands import SetAsideExamined, TaskAssigned, TaskFinished, TaskRaised
from server.worktray.tables import ExaminationRow, HandedOverRow, ReplayRow, TaskRow
from shared.refused import LOOK, RefusalAnswered


def raised(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new tasks."""
    session.execute(
        insert(TaskRow),
        [
            {
                "task_id": change.task_id,
                "kind": change.kind,
                "account_id": change.account_id,
                "person_id": change.person_id,
                "case_id": change.case_id,
                "owner_id": change.owner_id,
                "due_on": change.due_on,
                "note": change.note,
                "raised_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, TaskRaised)
        ],
    )


def assigned(session: Session, recorded: Sequence[Recorded]) -> None:
    """Give tasks to their new owners."""
    for item in recorded:
        if isinstance(item.change, TaskAssigned):
            session.execute(
                update(TaskRow)
                .where(TaskRow.task_id == item.change.task_id)
                .values(owner_id=item.change.owner_id)
            )


def finished(session: Session, recorded: Sequence[Recorded]) -> None:
    """Mark tasks as done; what came of each is kept in the log."""
    for item in recorded:
        if isinstance(item.change, TaskFinished):
            session.execute(
                update(TaskRow)
                .where(TaskRow.task_id == item.change.task_id)
                .values(done_at=item.recorded_at, done_by=item.actor_id)
            )


def examined(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write down who looked at what."""
    session.execute(
        upsert(ExaminationRow).on_conflict_do_nothing(),
        [
            {
                "subject": change.subject,
                "note": change.note,
                "examined_by": item.actor_id,
                "examined_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, SetAsideExamined)
        ],
    )


def handed_over(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep what somebody is to look at; what was only set aside stands in the log."""
    rows = [
        {
            "command_id": change.refused_id,
            "officer_id": change.officer_id,
            "reason": change.reason,
            "handed_at": item.recorded_at,
        }
        for item in recorded
        if isinstance(change := item.change, RefusalAnswered) and change.choice == LOOK
    ]
    if rows:
        session.execute(upsert(HandedOverRow).on_conflict_do_nothing(), rows)


def replayed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep what was recorded in an officer's name, each once: two at once meet here."""
    session.execute(
        insert(ReplayRow),
        [
            {
                "subject": change.subject,
                "replay_id": change.replay_id,
                "officer_id": change.officer_id,
                "original_id": change.original_id,
                "case_id": change.case_id,
                "replayed_by": item.actor_id,
                "replayed_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, SetAsideReplayed)
        ],
    )


RECORDERS = {
    TaskRaised: raised,
    TaskAssigned: assigned,
    TaskFinished: finished,
    SetAsideExamined: examined,
    SetAsideReplayed: replayed,
    RefusalAnswered: handed_over,
}
