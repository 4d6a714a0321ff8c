"""Gives what was set aside to the one door again: mended, in its officer's name, once."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from server.spine.execute import Door
from server.spine.orders import Order, Result
from server.worktray.aside_commands import ReplaySetAside
from server.worktray.aside_forms import command_of
from server.worktray.aside_sent import FROM_A_DEVICE, Sent
from shared.catalogue import mark
from shared.commands import Actor, Command, CommandType
from shared.errors import RuleBroken, register

register(
    {
        "aside.incomplete": mark(
            "Something this needs is missing or cannot be read: record it on the case’s own pages"
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class Replayer:
    """Somebody recording in officers' names, by the office's own door."""

    door: Door
    actor: Actor
    now: datetime

    def replay(
        self, sent: Sent, kind: CommandType, case_id: str, mended: Mapping[str, Any], offered: str
    ) -> Result:
        """Record one thing; the same press again is the same command.

        Raises RuleBroken, with nothing recorded, when the rules refuse it or it was recorded before.
        """
        try:
            command = command_of(kind, sent, case_id, mended, offered)
        except (ValidationError, TypeError) as fault:
            raise RuleBroken("aside.incomplete") from fault
        orders = self._orders(sent, command, kind, case_id, offered)
        results = self.door.execute_many(orders, now=self.now)
        for result in sorted(results, key=lambda each: each.code == "command.group_refused"):
            result.raise_if_refused()
        return results[-1]

    def follow(
        self, waiting: Sequence[Sent], case_id: str, offered: str
    ) -> list[tuple[Sent, str | None]]:
        """Record what waited beside it, each by itself; say which were refused, and why."""
        ended: list[tuple[Sent, str | None]] = []
        for sent in waiting:
            try:
                self.replay(sent, _kind(sent), case_id, {}, _id(offered, sent.subject))
                ended.append((sent, None))
            except RuleBroken as refusal:
                ended.append((sent, refusal.sentence()))
        return ended

    def _orders(
        self, sent: Sent, command: Command, kind: CommandType, case_id: str, offered: str
    ) -> list[Order]:
        """Say that it is recorded, and record it: both or neither."""
        note = ReplaySetAside(
            subject=sent.subject,
            replay_id=_id(offered, "record"),
            officer_id=sent.officer_id,
            original_id=sent.original_id,
            case_id=case_id,
        )
        group = _id(offered, "together")
        giver = replace(self.actor, permissions=self.actor.permissions | {kind.needs})
        return [
            Order(
                command=note,
                command_id=_id(offered, "note"),
                actor=self.actor,
                happened_at=self.now,
                group=group,
            ),
            Order(
                command=command,
                command_id=note.replay_id,
                actor=giver,
                happened_at=sent.happened_at,
                group=group,
                in_name_of=sent.officer_id,
            ),
        ]


def _kind(sent: Sent) -> CommandType:
    if sent.name not in FROM_A_DEVICE:
        raise RuleBroken("aside.incomplete")
    return FROM_A_DEVICE[sent.name]


def _id(offered: str, word: str) -> str:
    return str(uuid.uuid5(uuid.UUID(offered), word))
