"""Approves a device from a process of its own, and prints how it ended."""

from __future__ import annotations

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from server.access.device_commands import ApproveDevice
from server.app import create_app
from server.config import Config
from server.spine import clock
from server.spine.execute import Door
from server.spine.orders import Order
from shared.commands import Actor


def main(url: str, approver_id: str, device_id: str) -> None:
    """Approve it."""
    with tempfile.TemporaryDirectory() as home:
        app = create_app(Config(home=Path(home), database_url=url), url)
        door: Door = app.extensions["fieldfare"]["door"]
        now = datetime.now(UTC)
        order = Order(
            command=ApproveDevice(device_id=device_id),
            command_id=clock.new_id(),
            actor=Actor(user_id=approver_id, permissions=frozenset({"devices.approve"})),
            happened_at=now,
        )
        with app.app_context():
            sys.stdout.write(f"{door.execute(order, now=now).outcome.value}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
