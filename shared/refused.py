"""Refused: what an officer says is to become of something of theirs that the office did not take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from marshmallow import Schema

from shared.case_file import CaseFile
from shared.catalogue import mark
from shared.commands import PERSONAL, Change, Command, Decision, Occasion
from shared.fields import Choice, CleanText, IdField

LOOK, WITHDRAW = "look", "withdraw"

CHOICES: dict[str, str] = {
    LOOK: mark("Send it to the office as it is, for a person to look at"),
    WITHDRAW: mark("Set it aside: it is not needed any more"),
}
"""What may become of it, besides being changed and saved again; nothing is ever deleted by it."""

REASON_MAX = 1_000
"""Characters a reason may have."""


@dataclass(frozen=True, kw_only=True)
class RecordRefusalAnswer(Command):
    """Say what is to become of a command that was refused, and why."""

    name: ClassVar[str] = "RecordRefusalAnswer"
    answer_id: str
    refused_id: str
    case_id: str
    choice: str
    reason: str


class RecordRefusalAnswerSchema(Schema):
    """How `RecordRefusalAnswer` is written in a form and in a message."""

    answer_id = IdField(required=True)
    refused_id = IdField(required=True)
    case_id = IdField(required=True)
    choice = Choice(
        CHOICES,
        required=True,
        metadata={
            "label": mark("What is to become of it?"),
            "missing": mark("Select what is to become of it"),
        },
    )
    reason = CleanText(
        required=True,
        characters_max=REASON_MAX,
        lines=True,
        metadata={
            "label": mark("What should the office know?"),
            "missing": mark("Write in a few words why"),
        },
    )


@dataclass(frozen=True, kw_only=True)
class RefusalAnswered(Change):
    """An officer said what is to become of something that was refused."""

    name: ClassVar[str] = "RefusalAnswered"
    answer_id: str
    refused_id: str
    case_id: str
    officer_id: str
    choice: str
    reason: str = field(metadata=PERSONAL)


def record_refusal_answer(
    _case: CaseFile, command: RecordRefusalAnswer, occasion: Occasion
) -> Decision:
    """Record what the officer said, whatever the case now says."""
    return Decision(
        changes=(
            RefusalAnswered(
                answer_id=command.answer_id,
                refused_id=command.refused_id,
                case_id=command.case_id,
                officer_id=occasion.actor.user_id,
                choice=command.choice,
                reason=command.reason,
            ),
        )
    )
