"""What was set aside: looked at by a person, who says what they did about it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema
from sqlalchemy import column, select, table
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.spine.areas import Recorded
from server.spine.tables import CommandRow
from server.worktray.tables import ExaminationRow
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.errors import RuleBroken, register
from shared.fields import Answer, CleanText
from shared.values import is_id

NOTE_MAX = 1_000
"""Characters that may be said about what was done."""

_set_aside = table("set_aside", column("digest"))
_DIGEST = re.compile(r"[0-9a-f]{64}")

register({"aside.unknown": mark("This is not known here: open the worktray again")})


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
    note: str = field(metadata=PERSONAL)


@dataclass(frozen=True, kw_only=True)
class AsideFacts:
    """What an examination looks at."""

    known: bool
    examined: bool


def record_examination(
    facts: AsideFacts, command: RecordExamination, _occasion: Occasion
) -> Decision:
    """Record that somebody looked; that somebody else did so already changes nothing."""
    if not facts.known:
        raise RuleBroken("aside.unknown")
    if facts.examined:
        return Decision()
    return Decision(changes=(SetAsideExamined(subject=command.subject, note=command.note),))


def aside_facts(session: Session, commands: Sequence[Command]) -> list[AsideFacts]:
    """Load what these examinations look at."""
    asked = [command for command in commands if isinstance(command, RecordExamination)]
    subjects = {command.subject for command in asked}
    ids = sorted(subject for subject in subjects if is_id(subject))
    known = set(
        session.scalars(
            select(CommandRow.command_id).where(
                CommandRow.command_id.in_(ids), CommandRow.outcome == "quarantined"
            )
        )
    )
    known |= set(
        session.scalars(
            select(_set_aside.c.digest).where(_set_aside.c.digest.in_(sorted(subjects)))
        )
    )
    examined = set(
        session.scalars(
            select(ExaminationRow.subject).where(ExaminationRow.subject.in_(sorted(subjects)))
        )
    )
    return [
        AsideFacts(known=command.subject in known, examined=command.subject in examined)
        for command in asked
    ]


def examined(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write down who looked at what."""
    session.execute(
        insert(ExaminationRow).on_conflict_do_nothing(),
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
