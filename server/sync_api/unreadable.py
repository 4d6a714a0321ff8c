"""What a device sent that cannot be read as a command: kept whole and set aside, never dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema
from sqlalchemy.orm import Session

from server.spine.areas import Handling
from shared.catalogue import mark
from shared.commands import Command, CommandType, Decision, Kind, Occasion, Outcome
from shared.errors import RuleBroken, register
from sync.officer_keys import UNSIGNED, WRONG_SIGNATURE

register(
    {
        "envelope.unreadable": mark(
            "The office could not read this and keeps it as it was sent: ask the office"
        ),
        "command.unreadable": mark("The office could not read this: a supervisor will look at it"),
        UNSIGNED: mark(
            "This came without your own signature, so the office keeps it: a supervisor will look at it"
        ),
        WRONG_SIGNATURE: mark(
            "The signature under this is not yours, so the office keeps it: a supervisor will look at it"
        ),
        "lane.forked": mark(
            "These records were copied, and the other copy sent something first."
            " The office keeps this for a person to look at"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Unreadable(Command):
    """A place in the queue for an envelope whose command cannot be read; its bytes are kept."""

    name: ClassVar[str] = "Unreadable"
    code: str
    case_id: str | None = None


def set_aside(_facts: object, command: Unreadable, _occasion: Occasion) -> Decision:
    """Refuse what cannot be read, which sets it aside because it came from a device."""
    raise RuleBroken(command.code)


def _no_facts(_session: Session, commands: Sequence[Command]) -> list[None]:
    return [None for _command in commands]


@dataclass(frozen=True, kw_only=True)
class AlreadyRecorded(Command):
    """A place in the queue for what somebody recorded in its officer's name before it came."""

    name: ClassVar[str] = "AlreadyRecorded"
    case_id: str | None


def recorded_before(_facts: object, _command: AlreadyRecorded, _occasion: Occasion) -> Decision:
    """Change nothing: it has had its effect."""
    return Decision(ending=Outcome.DUPLICATE)


RECORDED_BEFORE = Handling(
    kind=CommandType(
        command=AlreadyRecorded,
        schema=Schema(),
        rule=recorded_before,
        kind=Kind.FACT,
        needs="visits.record",
    ),
    facts=_no_facts,
)

HANDLING = Handling(
    kind=CommandType(
        command=Unreadable, schema=Schema(), rule=set_aside, kind=Kind.FACT, needs="visits.record"
    ),
    facts=_no_facts,
)
