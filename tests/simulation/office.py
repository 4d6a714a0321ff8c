"""The office under simulation: the real door and hub, held before any statement a seed chooses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from greenlet import getcurrent, greenlet  # type: ignore[import-untyped]  # it ships no types
from sqlalchemy import Connection, Engine, event, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from server.access.tables import UserRow
from server.spine.areas import House
from server.spine.execute import Door
from server.spine.office_seal import OfficeSeal
from server.spine.orders import Order, Result
from server.sync_api.store import OfficeOnPostgres
from shared.commands import Actor
from sync import hub
from sync.office_steps import Aside
from sync.protocol import Reply, Request
from sync.steps import run
from tests.simulation.books import Books

WAITED_TOO_LONG = {"55P03", "40P01", "40001"}
"""How PostgreSQL says that another writer stands in the way."""

SEAL = OfficeSeal(b"the simulated office's own key..")
"""What every simulated office signs with; devices are given its public half."""

CHUNK = 4
"""Commands a transaction applies at most, small so that chunks end in the middle of things."""


class Busy(Exception):  # noqa: N818 - it says what the office is
    """Somebody who is held stands in the way: ask again later."""


class Suspended(Exception):  # noqa: N818 - it says what the officer is
    """The officer of this device may not speak at present; what came was set aside."""


@dataclass(frozen=True, kw_only=True)
class Hold:
    """Where a call is held: before one of its transactions, statements or commits.

    `ends` says that the office's process ends there, and whatever else it was at.
    """

    transaction: int = 0
    statement: int = 0
    commit: int = 0
    ends: bool = False

    def __str__(self) -> str:
        """Name it as the trace does."""
        places = ("transaction", "statement", "commit")
        return next(f"{place} {at}" for place in places if (at := getattr(self, place)))


class _Running(greenlet):  # type: ignore[misc]  # as above
    """A greenlet that knows which call it runs."""

    call: Call


@dataclass(eq=False, kw_only=True)
class Call:
    """One thing asked of the office, in a greenlet of its own so that it can be held half-way."""

    label: str
    work: Callable[[], Any]
    hold: Hold | None = None
    answer: Any = None
    failure: Exception | None = None
    reached: Counter[str] = field(default_factory=Counter)
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


def listen(engine: Engine) -> None:
    """Have the calls of the office on this engine held where they are to be held."""
    event.listen(engine, "before_cursor_execute", _before_statement)
    event.listen(engine, "begin", _before_transaction)
    event.listen(engine, "commit", _before_commit)


def _before_statement(*_event: Any) -> None:
    _reach("statement")


def _before_transaction(_connection: Connection) -> None:
    _reach("transaction")


def _before_commit(_connection: Connection) -> None:
    _reach("commit")


def _reach(place: str) -> None:
    """Give the turn back to the scheduler if this is where a call is to be held."""
    current = getcurrent()
    if not isinstance(current, _Running):
        return
    call = current.call
    call.reached[place] += 1
    if call.hold and getattr(call.hold, place) == call.reached[place]:
        assert current.parent is not None, "a call has been started by the scheduler"
        current.parent.switch()


class Office:
    """One office process after another on one database; stopping one ends whatever it was doing."""

    def __init__(self, books: Books, house: House) -> None:
        self._books = books
        self.door = Door(sessions=sessionmaker(books.office), house=house)
        self.held: list[Call] = []

    def take_small_steps(self) -> None:
        """Have transactions end in the middle of things from now on."""
        self.door = replace(self.door, chunk_max=CHUNK)

    def stop(self) -> None:
        """End the process as a power cut would: what had not been committed is gone."""
        for call in self.held:
            call.runs.throw()
        self.held.clear()
        self._books.cut()

    def close(self) -> None:
        """Leave nothing behind; connections nobody holds are left to the next office."""
        if self.held or self._books.in_use:
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

    def _is_suspended(self, user_id: str) -> bool:
        with self.door.sessions() as session, session.begin():
            found = session.scalar(select(UserRow.active).where(UserRow.user_id == user_id))
            return not found

    # What is asked of it

    def conversation(
        self, request: Request, actor: Actor, now: datetime, hold: Hold | None
    ) -> Call:
        """Ask for the answer to a device's request."""

        def work() -> Reply:
            store = self.store(actor, now)
            if self._is_suspended(actor.user_id):
                if request.envelopes:
                    kept = [Aside(written, "device.suspended") for written in request.envelopes]
                    store.set_aside(request.store_id, kept)
                raise Suspended
            return run(hub.answer(request), store)

        return Call(label="conversation", work=work, hold=hold)

    def orders(self, orders: Sequence[Order], now: datetime, hold: Hold | None) -> Call:
        """Ask for what someone in the office asks."""

        def work() -> list[Result]:
            return self.door.execute_many(orders, now=now)

        return Call(label="orders", work=work, hold=hold)
