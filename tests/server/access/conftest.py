"""Gives these tests a whole office on a database of their own, and people who work in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, NullPool, create_engine
from sqlalchemy.orm import Session

from server.access import passwords, sessions
from server.access.identity import PLAIN_COOKIE
from server.access.roles import permissions_of
from server.access.user_commands import GrantRole, OpenUser, SetPassword
from server.app import create_app
from server.config import Config
from server.spine import clock
from server.spine.database import db
from server.spine.database_roles import office_url
from server.spine.execute import Door
from server.spine.orders import Order, Result
from shared.commands import Actor, Command

PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - of people who do not exist
ROOT_ID = "00000000-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class Office:
    """An office as tests see it: its app, and short ways to fill it."""

    app: Flask
    root: Actor
    engine: Engine

    @property
    def door(self) -> Door:
        """The one door for every write."""
        door: Door = self.app.extensions["fieldfare"]["door"]
        return door

    @property
    def url(self) -> str:
        """Where its database is."""
        return self.engine.url.render_as_string(hide_password=False)

    def actor(self, user_id: str) -> Actor:
        """Say who a user is and what their roles let them do."""
        with self.session() as session:
            return Actor(user_id=user_id, permissions=permissions_of(session, user_id))

    def session(self) -> Session:
        """Open a session of the database."""
        return Session(self.engine)

    def give(self, command: Command, actor: Actor | None = None, **told: Any) -> Result:
        """Give a command, as whoever may do everything unless someone else is named."""
        now = told.pop("now", None) or datetime.now(UTC)
        order = Order(
            command=command,
            command_id=told.pop("command_id", None) or clock.new_id(),
            actor=actor or self.root,
            happened_at=now,
        )
        with self.app.app_context():
            return self.door.execute(order, now=now)

    def person(self, sign_in: str, *roles: str) -> str:
        """Open a user with roles and the password of these tests."""
        user_id = clock.new_id()
        hashed = _hash_once()
        for command in (
            OpenUser(user_id=user_id, sign_in=sign_in, full_name=sign_in.title()),
            SetPassword(user_id=user_id, password_hash=hashed),
            *(GrantRole(user_id=user_id, role=role) for role in roles),
        ):
            self.give(command).raise_if_refused()
        return user_id

    def give_user_without_password(self, sign_in: str) -> str:
        """Open a user whom nobody has given a password yet."""
        user_id = clock.new_id()
        opened = OpenUser(user_id=user_id, sign_in=sign_in, full_name=sign_in.title())
        self.give(opened).raise_if_refused()
        return user_id

    def client_of(self, user_id: str) -> FlaskClient:
        """Give a browser in which this user is signed in."""
        with self.session() as session, session.begin():
            token = sessions.start(session, user_id, datetime.now(UTC))
        client = self.app.test_client()
        client.set_cookie(PLAIN_COOKIE, token)
        return client


_hashes: list[str] = []


def _hash_once() -> str:
    if not _hashes:
        _hashes.append(passwords.hash_password(PASSWORD))
    return _hashes[0]


@pytest.fixture
def make_app(
    tmp_path: Path, database_url: str, compiled: FileSystemBytecodeCache
) -> Iterator[Callable[..., Flask]]:
    """Build offices on one database, each as a process of its own would, and close them after."""
    made: list[Flask] = []

    def make(**settings: Any) -> Flask:
        app = create_app(
            Config(home=tmp_path, database_url=database_url, **settings), office_url(database_url)
        )
        app.jinja_env.bytecode_cache = compiled
        app.testing = False
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def office(make_app: Callable[..., Flask], database_url: str) -> Office:
    """Give the test an office with the roles of the software and nobody in it."""
    app = make_app()
    permissions = frozenset(app.extensions["fieldfare"]["house"].permissions)
    root = Actor(user_id=ROOT_ID, permissions=permissions)
    engine = create_engine(database_url, poolclass=NullPool)
    return Office(app=app, root=root, engine=engine)
