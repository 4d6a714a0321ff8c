"""Gives tests of the office its one door on a real PostgreSQL, with every area assembled."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

from server.app import house
from server.spine.execute import Door
from tests.server.office import Office


@pytest.fixture
def sessions(database_url: str) -> Iterator[sessionmaker[Session]]:
    """Open sessions on a fresh, migrated database."""
    engine = create_engine(
        database_url,
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
