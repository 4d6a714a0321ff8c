"""The office as its tests speak to it: commands in at the one door, results out, and a look inside."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import NullPool, create_engine
from sqlalchemy.orm import Session, sessionmaker

from server.spine.execute import Door
from server.spine.orders import Order, Result
from server.spine.postgres import DATABASE
from shared.commands import Actor, Command

NOW = datetime(2027, 3, 4, 10, 0, tzinfo=UTC)
"""When things happen in these tests, unless they say otherwise: a Thursday morning."""


def new_id() -> str:
    """Make an id, as whoever acts does."""
    return str(uuid.uuid4())


@contextmanager
def as_owner(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Do what only the owner of the database's tables can do, whom the office's role is not."""
    url = sessions.kw["bind"].url.set(username=DATABASE)
    engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
    with Session(engine) as session, session.begin():
        yield session
    engine.dispose()


@dataclass
class Office:
    """The office as tests speak to it: commands in, results out, and a session to look with."""

    door: Door
    sessions: sessionmaker[Session]
    now: datetime = NOW
    actor: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.actor = Actor(user_id=new_id(), permissions=frozenset(self.door.house.permissions))

    def order(
        self,
        command: Command,
        *,
        at: datetime | None = None,
        actor: Actor | None = None,
        command_id: str | None = None,
        group: str | None = None,
    ) -> Order:
        """Put a command into the form in which it reaches the door."""
        return Order(
            command=command,
            command_id=command_id or new_id(),
            actor=actor or self.actor,
            happened_at=at or self.now,
            group=group,
        )

    def ask(
        self, command: Command, *, at: datetime | None = None, actor: Actor | None = None
    ) -> Result:
        """Give one command and take whatever answer comes."""
        return self.door.execute(self.order(command, at=at, actor=actor), now=at or self.now)

    def give(self, command: Command, *, at: datetime | None = None) -> Result:
        """Give one command that must not be refused."""
        return self.ask(command, at=at).raise_if_refused()

    def give_all(self, commands: Sequence[Command], *, at: datetime | None = None) -> list[Result]:
        """Give many commands at once, as an import does; none may be refused."""
        orders = [self.order(command, at=at) for command in commands]
        results = self.door.execute_many(orders, now=at or self.now)
        return [result.raise_if_refused() for result in results]

    @contextmanager
    def look(self) -> Iterator[Session]:
        """Open a session that only reads."""
        with self.sessions() as session:
            yield session
