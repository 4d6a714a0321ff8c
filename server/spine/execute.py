"""The one door for every write: lock, load, decide, record, project, number, all in one transaction."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from time import sleep

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from server.spine import change_log, projections
from server.spine.areas import House
from server.spine.locks import cases_concerned, lock, lock_more_cases
from server.spine.orders import Order, Result
from server.spine.waves import subjects, work_through
from server.spine.written import Written
from shared.commands import Outcome

logger = logging.getLogger(__name__)

CHUNK_MAX = 100
"""Commands that one transaction applies at most; a group is never split."""

TRIES_MAX = 6
"""Times a transaction is tried again after a deadlock or a serialization failure."""

REST_SECONDS = 0.01
"""The longest rest before a second try; each further one may be twice as long, and all are drawn, so
that two writers who met do not meet again at once."""

_TRY_AGAIN = {"40001", "40P01", "55P03", "23505"}

_WILL_PASS = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that say something of the server or of other writers, nothing of the command:
the connection, a rollback, no room, an object in use, an operator, the system below."""

First = Callable[[Session, Sequence[Order]], None]
"""Something to hold and to see to before anything else of a transaction; what it raises ends it."""

Beside = Callable[[Session, Sequence[Result]], None]
"""Something to write in the same transaction, such as how far a device's lane has been taken."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """The door of one office: its database and what its areas declared."""

    sessions: Callable[[], Session]
    house: House
    chunk_max: int = CHUNK_MAX
    first: First | None = None
    draw: Callable[[float, float], float] = secrets.SystemRandom().uniform
    rest: Callable[[float], None] = sleep

    def execute(self, order: Order, *, now: datetime) -> Result:
        """Execute one command."""
        return self.execute_many([order], now=now)[0]

    def execute_many(
        self, orders: Sequence[Order], *, now: datetime, beside: Beside | None = None
    ) -> list[Result]:
        """Execute commands in order, a chunk a transaction; every command gets a result.

        Raises DBAPIError, with the chunks before it done, when the database is busy or away: whoever
        asked asks again, because setting a visit aside for that would lose it among the faults.
        """
        results: list[Result] = []
        for chunk in _chunks(orders, self.chunk_max):
            try:
                results.extend(self._transaction(chunk, now, beside))
            except DBAPIError as error:
                if will_pass(error):
                    raise
                logger.exception("a chunk was refused by the database and is retried one by one")
                for alone in _groups(chunk):
                    results.extend(self._alone(alone, now, beside))
        return results

    def _alone(
        self, orders: Sequence[Order], now: datetime, beside: Beside | None
    ) -> Sequence[Result]:
        """Execute one command or group; what the database refuses is set aside, never dropped."""
        try:
            return self._transaction(orders, now, beside)
        except DBAPIError as error:
            if will_pass(error):
                raise
            incident = secrets.token_hex(4)
            logger.exception("command set aside, incident %s", incident)
            with self.sessions() as session, session.begin():
                self._hold(session, orders)
                results = [
                    Result(
                        command_id=order.command_id,
                        outcome=Outcome.QUARANTINED,
                        code="command.failed",
                        values={"incident": incident},
                        received_at=now,
                    )
                    for order in orders
                ]
                change_log.write_commands(session, orders, results, now)
                if beside:
                    beside(session, results)
            return results

    def _hold(self, session: Session, orders: Sequence[Order]) -> None:
        """Hold what must be held still before anything else is locked."""
        if self.first:
            self.first(session, orders)

    def _transaction(
        self, orders: Sequence[Order], now: datetime, beside: Beside | None
    ) -> Sequence[Result]:
        """Run one transaction, again when the database says that two writers met."""
        for attempt in range(TRIES_MAX):
            try:
                with self.sessions() as session, session.begin():
                    Written(session)
                    return self._apply(session, orders, now, beside)
            except DBAPIError as error:
                code = getattr(error.orig, "sqlstate", None)
                if code not in _TRY_AGAIN or attempt == TRIES_MAX - 1:
                    raise
            self.rest(self.draw(0.0, REST_SECONDS * 2**attempt))
        raise AssertionError("the last try returns or raises")

    def _apply(
        self, session: Session, orders: Sequence[Order], now: datetime, beside: Beside | None
    ) -> Sequence[Result]:
        """Do everything one transaction does, in the one order that keeps it safe."""
        self._hold(session, orders)
        locked = lock(session, subjects(self.house, orders))
        known = change_log.known_results(session, orders)
        fresh = [order for order in orders if order.command_id not in known]
        worked = work_through(session, self.house, fresh, now)
        concerned = cases_concerned(session, worked.touched)
        lock_more_cases(session, concerned - locked)
        projections.refresh(session, self.house, concerned)
        number = projections.take_commit_number(session)
        decided = {id_: replace(r, commit=number) for id_, r in worked.results.items()}
        change_log.write_commands(session, fresh, list(decided.values()), now)
        results = [(known | decided)[order.command_id] for order in orders]
        if beside:
            beside(session, results)
        return results


def will_pass(error: DBAPIError) -> bool:
    """Tell whether the same commands can be accepted later, nothing being wrong with them."""
    code = getattr(error.orig, "sqlstate", None)
    if code is None:
        return isinstance(error, OperationalError)
    return str(code).startswith(_WILL_PASS)


def _groups(orders: Sequence[Order]) -> Iterator[list[Order]]:
    """Split into groups that stand or fall together; an order without a group is one by itself."""
    group: list[Order] = []
    for order in orders:
        if group and (order.group is None or order.group != group[-1].group):
            yield group
            group = []
        group.append(order)
    if group:
        yield group


def _chunks(orders: Sequence[Order], chunk_max: int) -> Iterator[list[Order]]:
    """Fill transactions up to their size without splitting a group or repeating an id."""
    chunk: list[Order] = []
    for group in _groups(orders):
        ids = {order.command_id for order in chunk}
        if chunk and (
            len(chunk) + len(group) > chunk_max or ids & {order.command_id for order in group}
        ):
            yield chunk
            chunk = []
        chunk.extend(group)
    if chunk:
        yield chunk
