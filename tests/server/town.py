"""The office behind the screens that a test looks at, so that what is on them was made by commands."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import NullPool

from server.spine import clock
from server.spine.execute import Door
from tests.server.day import Browser, Day
from tests.server.office import Office


def office_of(day: Day) -> Office:
    """Give commands to the office of these screens, through a door of the test's own."""
    engine = create_engine(day.url, hide_parameters=True, poolclass=NullPool)
    sessions = sessionmaker(engine)
    door = Door(sessions=sessions, house=day.app.extensions["fieldfare"]["house"])
    return Office(door=door, sessions=sessions, now=clock.now())


def someone_who_may(day: Day, *permissions: str) -> Browser:
    """Give somebody who may do exactly this a browser; without a list, everything."""
    everything = tuple(day.app.extensions["fieldfare"]["house"].permissions)
    return day.browser(day.someone("Carys Bell", permissions or everything))
