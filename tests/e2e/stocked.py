"""Gives the fictional council one of every kind of thing, so that no page of its office is bare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask
from sqlalchemy import NullPool, create_engine

from server.app import create_app
from server.config import Config
from server.spine import clock
from server.spine.database import db
from shared.commands import Actor
from tests.e2e.council import RunningCouncil
from tests.e2e.stock import Stock
from tests.e2e.stocked_hidden import add_hidden_records
from tests.e2e.stocked_people import (
    add_cases_nobody_has,
    add_conflicts,
    add_holds,
    add_markers,
    add_people,
    add_premises,
)
from tests.e2e.stocked_sync import add_contacts, add_what_happened_between
from tests.e2e.stocked_teams import add_teams
from tests.e2e.stocked_work import (
    add_devices,
    add_plans,
    add_tasks,
    add_users,
    add_visits,
    add_what_is_set_aside,
)
from tests.server.access.conftest import Office

KINDS = (
    add_people,
    add_premises,
    add_markers,
    add_conflicts,
    add_holds,
    add_visits,
    add_plans,
    add_tasks,
    add_cases_nobody_has,
    add_what_is_set_aside,
    add_devices,
    add_users,
    add_teams,
    add_hidden_records,
    add_contacts,
    add_what_happened_between,
)
"""In this order: later ones look at what the earlier have added."""


@contextmanager
def office_beside(council: RunningCouncil) -> Iterator[Office]:
    """Open the council's office a second time, in this process, to give it commands."""
    config = Config(home=council.home, database_url=council.url, port=0)
    app = create_app(config, council.url)
    root = Actor(
        user_id=clock.new_id(),
        permissions=frozenset(app.extensions["fieldfare"]["house"].permissions),
    )
    try:
        yield Office(app=app, root=root, engine=create_engine(council.url, poolclass=NullPool))
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@dataclass
class Stocked:
    """What a walk through the office starts at, besides its first page: one of every kind."""

    starts: list[str]
    app: Flask
    permissions: dict[str, frozenset[str]]
    """What each user may do, by the name they sign in with."""


def add_every_kind(stock: Stock) -> Stocked:
    """Add one of every kind of thing."""
    for add in KINDS:
        add(stock)
    permissions = {name: stock.office.actor(id_).permissions for name, id_ in stock.users.items()}
    return Stocked(starts=stock.starts, app=stock.office.app, permissions=permissions)
