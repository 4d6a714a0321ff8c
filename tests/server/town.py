"""The office behind the screens that a test looks at, so that what is on them was made by commands."""

from __future__ import annotations

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from server.spine import clock
from tests.server.day import Browser, Day
from tests.server.office import Office


def office_of(day: Day) -> Office:
    """Open the door that the screens of this day use."""
    sessions = sessionmaker(create_engine(day.url, hide_parameters=True, pool_size=1))
    return Office(door=day.app.extensions["fieldfare"]["door"], sessions=sessions, now=clock.now())


def someone_who_may(day: Day, *permissions: str) -> Browser:
    """Give somebody who may do exactly this a browser; without a list, everything."""
    everything = tuple(day.app.extensions["fieldfare"]["house"].permissions)
    return day.browser(day.someone("Carys Bell", permissions or everything))
