"""How a screen gives several commands at once: each on its own, or all of them or none."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from flask import current_app

from server.spine import clock
from server.spine.execute import Door
from server.spine.orders import Order, Result
from server.spine.permissions import signed_in
from server.spine.web import refuse_out_of_sight
from shared.commands import Command
from shared.values import is_id


def give_each(commands: Sequence[Command], command_id: str | None = None) -> list[Result]:
    """Give commands that stand or fall each by itself; every one gets a result, refused or not.

    Their ids follow from the one id the page offered, so pressing twice gives each once.
    """
    refuse_out_of_sight(_door().house, commands)
    return _door().execute_many(_orders(commands, command_id, group=None), now=clock.now())


def give_together(commands: Sequence[Command], command_id: str | None = None) -> list[Result]:
    """Give commands that are done all or not at all; raises RuleBroken with the first refusal."""
    refuse_out_of_sight(_door().house, commands)
    orders = _orders(commands, command_id, group=clock.new_id())
    results = _door().execute_many(orders, now=clock.now())
    for result in sorted(results, key=lambda each: each.code == "command.group_refused"):
        result.raise_if_refused()
    return results


def _door() -> Door:
    door: Door = current_app.extensions["fieldfare"]["door"]
    return door


def _orders(
    commands: Sequence[Command], command_id: str | None, *, group: str | None
) -> list[Order]:
    offered = uuid.UUID(command_id if command_id and is_id(command_id) else clock.new_id())
    now = clock.now()
    given: Counter[str] = Counter()
    orders = []
    for command in commands:
        key = f"{command.name} {given[command.name]}"
        given[command.name] += 1
        orders.append(
            Order(
                command=command,
                command_id=str(uuid.uuid5(offered, key)),
                actor=signed_in().actor,
                happened_at=now,
                group=group,
            )
        )
    return orders
