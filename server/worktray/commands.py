"""What is asked on the worktray: raise, give out and finish a task; look at what was set aside."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from marshmallow import Schema

from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command
from shared.day_fields import DayField
from shared.errors import register
from shared.fields import Answer, Choice, CleanText, IdField
from shared.values import is_id

KINDS: dict[str, str] = {
    "find_liable": mark("Find who is liable"),
    "ring_back": mark("Ring someone back"),
    "check_details": mark("Check details"),
    "decide": mark("Decide what to do next"),
}
"""What sort of thing is to be done."""

NOTE_MAX = 1_000
"""Characters a note may have."""

_DIGEST = re.compile(r"[0-9a-f]{64}")

register(
    {
        "task.exists": mark("This task has already been raised"),
        "task.about_nothing": mark("Choose the account, the person or the case it is about"),
        "task.subject_unknown": mark("What this task is about is not known here: search again"),
        "task.unknown": mark("This task is not known here: open the worktray again"),
        "task.finished": mark("This task has already been finished"),
        "task.owner_unknown": mark("Choose someone who works on the worktray"),
        "aside.unknown": mark("This is not known here: open the worktray again"),
    }
)


@dataclass(frozen=True, kw_only=True)
class RaiseTask(Command):
    """Ask for something to be done; a kind that an account already waits for is not asked twice."""

    name: ClassVar[str] = "RaiseTask"
    task_id: str
    kind: str
    account_id: str | None = None
    person_id: str | None = None
    case_id: str | None = None
    owner_id: str | None = None
    due_on: date | None = None
    note: str = ""


class RaiseTaskSchema(Schema):
    """How `RaiseTask` is written in a form and in a message."""

    task_id = IdField(required=True)
    kind = Choice(
        KINDS,
        required=True,
        metadata={"label": mark("What is to be done?"), "missing": mark("Select what to do")},
    )
    account_id = IdField(load_default=None, allow_none=True)
    person_id = IdField(load_default=None, allow_none=True)
    case_id = IdField(load_default=None, allow_none=True)
    owner_id = IdField(load_default=None, allow_none=True, metadata={"label": mark("Who does it?")})
    due_on = DayField(load_default=None, allow_none=True, metadata={"label": mark("Do it by")})
    note = CleanText(
        load_default="", characters_max=NOTE_MAX, lines=True, metadata={"label": mark("Note")}
    )


@dataclass(frozen=True, kw_only=True)
class TaskRaised(Change):
    """Something was asked to be done."""

    name: ClassVar[str] = "TaskRaised"
    task_id: str
    kind: str
    account_id: str | None
    person_id: str | None
    case_id: str | None
    owner_id: str | None
    due_on: date | None
    note: str = field(default="", metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class AssignTask(Command):
    """Give a task to someone, or to nobody in particular."""

    name: ClassVar[str] = "AssignTask"
    task_id: str
    owner_id: str | None


class AssignTaskSchema(Schema):
    """How `AssignTask` is written in a form and in a message."""

    task_id = IdField(required=True)
    owner_id = IdField(load_default=None, allow_none=True, metadata={"label": mark("Who does it?")})


@dataclass(frozen=True, kw_only=True)
class TaskAssigned(Change):
    """A task was given to someone, or to nobody in particular."""

    name: ClassVar[str] = "TaskAssigned"
    task_id: str
    kind: str
    account_id: str | None
    person_id: str | None
    case_id: str | None
    owner_id: str | None


@dataclass(frozen=True, kw_only=True)
class FinishTask(Command):
    """Say that a task is done, and what came of it."""

    name: ClassVar[str] = "FinishTask"
    task_id: str
    note: str


class FinishTaskSchema(Schema):
    """How `FinishTask` is written in a form and in a message."""

    task_id = IdField(required=True)
    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={"label": mark("What came of it?"), "missing": mark("Enter what came of it")},
    )


@dataclass(frozen=True, kw_only=True)
class TaskFinished(Change):
    """A task was done."""

    name: ClassVar[str] = "TaskFinished"
    task_id: str
    kind: str
    account_id: str | None
    person_id: str | None
    case_id: str | None
    note: str = field(metadata=PERSONAL)


class SubjectField(Answer):
    """What was set aside: a command by its id, other bytes by their digest."""

    sentences: ClassVar[Mapping[str, str]] = {
        "missing": mark("Choose one of the items shown"),
        "invalid": mark("Choose one of the items shown"),
    }

    def check(self, value: object) -> str:
        """Return the subject, if it is an id or a digest."""
        if not isinstance(value, str) or not (is_id(value) or _DIGEST.fullmatch(value)):
            raise self.refusal("invalid")
        return value


@dataclass(frozen=True, kw_only=True)
class RecordExamination(Command):
    """Say that somebody has looked at what was set aside, and what they did about it."""

    name: ClassVar[str] = "RecordExamination"
    subject: str
    note: str


class RecordExaminationSchema(Schema):
    """How `RecordExamination` is written in a form and in a message."""

    subject = SubjectField(required=True)
    note = CleanText(
        required=True,
        characters_max=NOTE_MAX,
        lines=True,
        metadata={
            "label": mark("What have you done about it?"),
            "missing": mark("Enter what you have done about it"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class SetAsideExamined(Change):
    """Somebody has looked at what was set aside."""

    name: ClassVar[str] = "SetAsideExamined"
    subject: str
    case_id: str | None = None
    note: str = field(metadata=PERSONAL)
