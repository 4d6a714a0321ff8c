"""A small fictional council running for real: its office process, and what tests ask about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from server.config import Config
from server.demo.council import Size
from server.demo.processes import Process
from server.demo.run import prepare
from server.serving import running_database
from tests.conftest import connection_string

SMALL = Size(households=40, businesses=4, cases=10)


@dataclass
class RunningCouncil:
    """An office that runs on a database of its own."""

    home: Path
    url: str
    officer_id: str
    address: str
    office: Process

    @property
    def port(self) -> int:
        """Give the office's port."""
        return int(self.address.rpartition(":")[2])

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Look into the database beside the office."""
        with psycopg.connect(connection_string(self.url)) as connection:
            return list(connection.execute(query, values))


@contextmanager
def running_council(home: Path, size: Size = SMALL) -> Iterator[RunningCouncil]:
    """Make a council in this home and run its office until the block ends."""
    config = Config(home=home, database_url=None, port=0)
    with running_database(config) as url:
        officer_id = prepare(config, url, size)
        office = Process("office", home=home, FIELDFARE_PORT="0")
        try:
            address = office.wait_for("ready")["address"]
            yield RunningCouncil(home, url, officer_id, address, office)
        finally:
            office.end()
