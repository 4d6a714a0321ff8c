"""Serves an office of a test on a port of this machine, as devices reach it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from waitress.server import create_server

from field_client.office_link import OfficeAddress
from tests.server.access.conftest import Office


@contextmanager
def served(office: Office) -> Iterator[OfficeAddress]:
    """Serve the office on a port of this machine."""
    server = create_server(office.app, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()

    def stop() -> None:
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.close()

    try:
        yield OfficeAddress(scheme="http", host="127.0.0.1", port=server.effective_port)
    finally:
        server.trigger.pull_trigger(stop)
        thread.join(timeout=60)
        server.task_dispatcher.shutdown()
