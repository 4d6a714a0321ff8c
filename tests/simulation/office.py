"""The office under simulation: the real door and hub, held before any statement a seed chooses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import psycopg
from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it ships no types
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from server.spine.areas import House
from server.spine.execute import Door
from server.spine.office_seal import OfficeSeal
from server.spine.orders import Order, Result
from server.sync_api.store import OfficeOnPostgres
from shared.commands import Actor
from sync import hub
from sync.protocol import Reply, Request
from sync.steps import run

LOCK_TIMEOUT = "4ms"
"""Whoever holds a lock here is held too, so waiting longer for it would change nothing."""

WAITED_TOO_LONG = {"55P03", "40P01", "40001"}
"""How PostgreSQL says that another writer stands in the way."""

SEAL = OfficeSeal(b"the simulated office's own key..")
"""What every simulated office signs with; devices are given its public half."""

CHUNK = 4
"""Commands a transaction applies at most, small so that chunks end in the middle of things."""


class Busy(Exception):  # noqa: N818 - it says what the office is
    """Somebody who is held stands in the way: ask again later."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Where a call is held: before one of its statements, or before one of its commits."""

    statement: int = 0
    commit: int = 0

    def __str__(self) -> str:
        """Name it as the trace does."""
        return f"commit {self.commit}" if self.commit else f"statement {self.statement}"


class _Running(greenlet):  # type: ignore[misc]  # as above
    """A greenlet that knows which call it runs."""

    call: Call


@dataclass(eq=False, kw_only=True)
class Call:
    """One thing asked of the office, in a greenlet of its own so that it can be held half-way."""

    label: str
    work: Callable[[], Any]
    hold: Hold | None = None
    statements: int = 0
    answer: Any = None
    failure: Exception | None = None
    commits: int = 0
    runs: _Running = field(init=False)

    def __post_init__(self) -> None:
        self.runs = _Running(self._run)
        self.runs.call = self

    def _run(self) -> None:
        try:
            self.answer = self.work()
        except DBAPIError as refused:
            waited = getattr(refused.orig, "sqlstate", None) in WAITED_TOO_LONG
            self.failure = Busy() if waited else refused
        except Exception as failure:  # noqa: BLE001 - whatever it is, the checks will name it
            self.failure = failure

    @property
    def ended(self) -> bool:
        """Tell whether the office has answered, or was stopped."""
        return bool(self.runs.dead)

    @property
    def is_busy(self) -> bool:
        """Tell whether the office gave up because another call stood in its way."""
        return isinstance(self.failure, Busy)

    @property
    def was_lost(self) -> bool:
        """Tell whether the office was stopped before it answered."""
        return self.ended and self.answer is None and self.failure is None


@dataclass(frozen=True, kw_only=True)
class Engines:
    """Two ways into one database: the office's, and one that looks on."""

    office: Engine
    watch: Engine
    lines: set[psycopg.Connection]
    """The office's connections, whoever in it holds them."""

    def dispose(self) -> None:
        """Close every connection."""
        self.office.dispose()
        self.watch.dispose()

    @property
    def in_use(self) -> bool:
        """Tell whether somebody in the office holds a connection."""
        return any(
            line.info.transaction_status != TransactionStatus.IDLE
            for line in self.lines
            if not line.closed
        )

    def cut(self) -> None:
        """Lose the office's connections, and whatever has not been committed on them."""
        for line in self.lines:
            if not line.closed:
                line.rollback()
                line.close()
        self.lines.clear()
        self.office.dispose()


def connect(url: str) -> Engines:
    """Connect to a database so that the office's calls can be held before any statement."""
    engine = create_engine(
        url,
        pool_size=8,
        connect_args={"options": f"-c lock_timeout={LOCK_TIMEOUT} -c synchronous_commit=off"},
    )
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "commit", _before_commit)
    lines: set[psycopg.Connection] = set()
    event.listen(engine, "connect", lambda line, _record: lines.add(line))
    watch = create_engine(url, isolation_level="AUTOCOMMIT")
    return Engines(office=engine, watch=watch, lines=lines)


def _before_statement(*_event: Any) -> None:
    current = getcurrent()
    if isinstance(current, _Running):
        current.call.statements += 1
        if current.call.hold == Hold(statement=current.call.statements):
            _hold(current)


def _before_commit(_connection: Connection) -> None:
    current = getcurrent()
    if isinstance(current, _Running):
        current.call.commits += 1
        if current.call.hold == Hold(commit=current.call.commits):
            _hold(current)


def _hold(current: _Running) -> None:
    """Give the turn back to the scheduler, in the middle of a call."""
    assert current.parent is not None, "a call has been started by the scheduler"
    current.parent.switch()


class Office:
    """One office process after another on one database; stopping one ends whatever it was doing."""

    def __init__(self, engines: Engines, house: House) -> None:
        self._engines = engines
        self.door = Door(sessions=sessionmaker(engines.office), house=house)
        self.held: list[Call] = []

    def take_small_steps(self) -> None:
        """Have transactions end in the middle of things from now on."""
        self.door = replace(self.door, chunk_max=CHUNK)

    def stop(self) -> None:
        """End the process as a power cut would: what had not been committed is gone."""
        for call in self.held:
            call.runs.throw()
        self.held.clear()
        self._engines.cut()

    def close(self) -> None:
        """Leave nothing behind; connections nobody holds are left to the next office."""
        if self.held or self._engines.in_use:
            self.stop()

    def go_on(self, call: Call) -> bool:
        """Let a call run until it is held or ends; tell whether it has ended."""
        call.runs.switch()
        held = not call.ended
        if held and call not in self.held:
            self.held.append(call)
        elif not held and call in self.held:
            self.held.remove(call)
        return call.ended

    def store(self, actor: Actor, now: datetime) -> OfficeOnPostgres:
        """Give what does the steps of a conversation with a device."""
        return OfficeOnPostgres(door=self.door, actor=actor, now=now, seal=SEAL)

    # What is asked of it

    def conversation(
        self, request: Request, actor: Actor, now: datetime, hold: Hold | None
    ) -> Call:
        """Ask for the answer to a device's request."""

        def work() -> Reply:
            return run(hub.answer(request), self.store(actor, now))

        return Call(label="conversation", work=work, hold=hold)

    def orders(self, orders: Sequence[Order], now: datetime, hold: Hold | None) -> Call:
        """Ask for what someone in the office asks."""

        def work() -> list[Result]:
            return self.door.execute_many(orders, now=now)

        return Call(label="orders", work=work, hold=hold)
