"""Recording in an officer's name what their device sent and the office could not take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from marshmallow import Schema

from server.worktray.commands import SubjectField
from shared.catalogue import mark
from shared.commands import Change, Command, Decision, Occasion
from shared.errors import RuleBroken, register
from shared.fields import IdField

register(
    {
        "aside.replayed": mark("This has been recorded already: open the worktray again"),
        "aside.arrived": mark("This has arrived by itself meanwhile: open the worktray again"),
    }
)


@dataclass(frozen=True, kw_only=True)
class ReplaySetAside(Command):
    """Say that what was set aside is recorded by another command, which goes with this one."""

    name: ClassVar[str] = "ReplaySetAside"
    subject: str
    replay_id: str
    """The command that records it, decided in the same transaction or neither."""

    officer_id: str
    original_id: str | None = None
    case_id: str | None = None


class ReplaySetAsideSchema(Schema):
    """How `ReplaySetAside` is written."""

    subject = SubjectField(required=True)
    replay_id = IdField(required=True)
    officer_id = IdField(required=True)
    original_id = IdField(load_default=None, allow_none=True)
    case_id = IdField(load_default=None, allow_none=True)


@dataclass(frozen=True, kw_only=True)
class SetAsideReplayed(Change):
    """What was set aside was recorded in its officer's name."""

    name: ClassVar[str] = "SetAsideReplayed"
    subject: str
    replay_id: str
    officer_id: str
    original_id: str | None
    case_id: str | None


@dataclass(frozen=True, kw_only=True)
class ReplayFacts:
    """What a replay looks at."""

    known: bool
    replayed: bool
    arrived: bool


def replay_set_aside(facts: ReplayFacts, command: ReplaySetAside, _occasion: Occasion) -> Decision:
    """Let something be recorded once that was set aside and has not come by itself."""
    if not facts.known:
        raise RuleBroken("aside.unknown")
    if facts.replayed:
        raise RuleBroken("aside.replayed")
    if facts.arrived:
        raise RuleBroken("aside.arrived")
    return Decision(
        changes=(
            SetAsideReplayed(
                subject=command.subject,
                replay_id=command.replay_id,
                officer_id=command.officer_id,
                original_id=command.original_id,
                case_id=command.case_id,
            ),
        )
    )
