"""Gives tests of backups an office with a PostgreSQL of its own, because a backup copies all of one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import NullPool

from server.app import house
from server.config import Config
from server.keeping.keys import make_key, read_key
from server.keeping.manifests import Manifest, Store
from server.keeping.restoring import Asked, Restored, restore
from server.keeping.taking import Wanted, take
from server.spine import clock, database
from server.spine.execute import Door
from server.spine.postgres import EmbeddedPostgres
from server.spine.postgres_programs import end_servers
from server.spine.tables import SyncHeadRow
from tests.server.office import Office
from tests.server.scenes import assign_case, open_debt, open_person


@dataclass
class Premises:
    """An office with its own server, a folder for backups and a key kept apart."""

    root: Path
    url: str

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def key(self) -> Path:
        return self.root / "keys" / "key"

    @property
    def folder(self) -> Path:
        return self.root / "backups"

    @property
    def store(self) -> Store:
        return Store(self.folder, read_key(self.key, self.folder))

    @property
    def config(self) -> Config:
        return Config(home=self.home, database_url=None, backup_to=self.folder, backup_key=self.key)

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "FIELDFARE_HOME": str(self.home),
            "FIELDFARE_BACKUP_TO": str(self.folder),
            "FIELDFARE_BACKUP_KEY": str(self.key),
        }

    def office(self, url: str | None = None) -> Office:
        sessions = self.sessions(url)
        return Office(
            door=Door(sessions=sessions, house=house()), sessions=sessions, now=clock.now()
        )

    def sessions(self, url: str | None = None) -> sessionmaker[Session]:
        return sessionmaker(create_engine(url or self.url, poolclass=NullPool))

    def head(self, url: str | None = None) -> SyncHeadRow:
        with self.sessions(url)() as session:
            head = session.query(SyncHeadRow).one()
            session.expunge(head)
            return head

    def wanted(self, **more: Any) -> Wanted:
        asked: dict[str, Any] = {
            "home": self.home,
            "store": self.store,
            "kept": 14,
            "house": house(),
            "clock": clock.now,
            "new_id": clock.new_id,
        }
        return Wanted(**(asked | more))

    def backup(self, **more: Any) -> Manifest:
        return take(self.wanted(**more), self.url)

    def restore(self, into: str = "restored", **more: Any) -> Restored:
        asked: dict[str, Any] = {
            "home": self.root / into,
            "house": house(),
            "clock": clock.now,
            "new_id": clock.new_id,
        }
        return restore(self.store, Asked(**(asked | more)))

    def case(self, surname: str = "Osgood") -> str:
        """Do some work: a person, their debt, and a case an officer has."""
        office = self.office()
        person_id = open_person(office, "Ada", surname)
        return assign_case(office, person_id, open_debt(office, person_id).debt_id)


@pytest.fixture(scope="session")
def cold_home() -> Iterator[Path]:
    """Make one migrated home for all tests to copy."""
    root = Path(tempfile.mkdtemp(prefix="fieldfare-cold-"))
    with EmbeddedPostgres(root / "home") as server:
        database.migrate(server.url("fieldfare"))
    yield root / "home"
    shutil.rmtree(root)


@pytest.fixture
def premises(cold_home: Path) -> Iterator[Premises]:
    """Open an office on a server of its own."""
    root = Path(tempfile.mkdtemp(prefix="fieldfare-kept-"))
    subprocess.run(["cp", "-a", str(cold_home), str(root / "home")], check=True)
    (root / "keys").mkdir(mode=0o700)
    with EmbeddedPostgres(root / "home") as server:
        premises = Premises(root, server.url("fieldfare"))
        make_key(premises.key)
        yield premises
    for data in root.rglob("postgres/data"):
        end_servers(data)
    shutil.rmtree(root)
