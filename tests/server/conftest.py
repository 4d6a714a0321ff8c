"""Gives tests of the office its one door on a real PostgreSQL, with every area assembled."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as time_of_day
from pathlib import Path

import pytest
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from server.app import house
from server.spine import clock
from server.spine.database_roles import office_url
from server.spine.execute import Door
from tests.conftest import HOME_VARIABLE
from tests.server.office import Office

LAST_MOMENTS = timedelta(seconds=30)
"""Longer than a test to which it matters what day it is, on the busiest machine."""


@pytest.fixture(autouse=True)
def _one_day() -> None:
    """Begin no test in the last moments of a day, so that today is one day until it ends."""
    for zone in (UTC, clock.LOCAL):
        now = datetime.now(zone)
        next_day = datetime.combine(now.date() + timedelta(days=1), time_of_day(), zone)
        left = next_day.astimezone(UTC) - now.astimezone(UTC)
        if left < LAST_MOMENTS:
            time.sleep(left.total_seconds() + 0.1)


@pytest.fixture(scope="session")
def compiled() -> FileSystemBytecodeCache:
    """Compile each template of the office once a run, because every test makes an app of its own."""
    folder = Path(os.environ[HOME_VARIABLE]) / "office-templates"
    folder.mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder))


@pytest.fixture
def sessions(database_url: str) -> Iterator[sessionmaker[Session]]:
    """Open sessions on a fresh, migrated database."""
    engine = create_engine(
        office_url(database_url),
        hide_parameters=True,
        pool_size=8,
        connect_args={"options": "-c lock_timeout=20s"},
    )
    yield sessionmaker(engine)
    engine.dispose()


@pytest.fixture
def door(sessions: sessionmaker[Session]) -> Door:
    """Assemble the office's one door."""
    return Door(sessions=sessions, house=house())


@pytest.fixture
def office(door: Door, sessions: sessionmaker[Session]) -> Office:
    """Give the office, with someone in it who may do everything."""
    return Office(door=door, sessions=sessions)
