"""What reaches the door and what leaves it: one command with its giver, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.catalogue import mark
from shared.commands import Actor, Change, Command, Outcome
from shared.errors import RuleBroken, register
from shared.schemas import canonical, digest, write_body

register(
    {
        "authority.lacking": mark("You are not allowed to do this: ask your supervisor"),
        "authority.never_assigned": mark("This case was never assigned to you: ask the office"),
        "command.unknown": mark("The office does not know this kind of work: update the device"),
        "command.id_reused": mark("This was sent before with other content: ask the office"),
        "command.group_refused": mark("Something that belongs with this was not accepted"),
        "command.waits": mark(
            "The office keeps this beside what it belongs to, which it could not take yet"
        ),
        "command.failed": mark(
            "The office could not record this: it is kept for a person to look at"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """One command as it reaches the door, with who gave it, when, and where it came from."""

    command: Command
    command_id: str
    actor: Actor
    happened_at: datetime
    payload_hash: str = ""
    store_id: str | None = None
    lane: str | None = None
    seq: int | None = None
    group: str | None = None
    envelope: bytes | None = None
    signature: str | None = None
    """What its officer's key signed of the envelope where it stands in its lane, as it came."""

    knew: bool = False
    """Its device had read that the case was taken from its officer when the command was given."""

    in_name_of: str | None = None
    """Whose word it is, when somebody records for an officer what their device could not."""

    @property
    def voice(self) -> Actor:
        """Say whose word the rule hears; whoever gave the command is answerable for it in the log."""
        if self.in_name_of is None:
            return self.actor
        return replace(self.actor, user_id=self.in_name_of)

    @property
    def hash(self) -> str:
        """Name the content, so that an id used again for something else is noticed."""
        return self.payload_hash or digest(canonical([self.command.name, write_body(self.command)]))


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one command ended."""

    command_id: str
    outcome: Outcome
    code: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    at_field: str | None = None
    flags: tuple[str, ...] = ()
    commit: int | None = None
    received_at: datetime | None = None
    changes: tuple[Change, ...] = ()

    def raise_if_refused(self) -> Result:
        """Turn a refusal back into the error a screen shows."""
        if self.outcome in {Outcome.REFUSED, Outcome.QUARANTINED}:
            raise RuleBroken(self.code or "command.failed", field=self.at_field, **self.values)
        return self
