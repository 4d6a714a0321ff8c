"""Long work: asked for on a screen, kept as a row that a person follows, and queued for a worker."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import procrastinate
from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.spine import clock
from server.spine.database import db
from server.spine.execute import CHUNK_MAX, Door
from server.spine.orders import Order, Result
from server.spine.permissions import signed_in
from server.spine.tables import JobRow
from shared.catalogue import Sentence, mark
from shared.commands import Actor, Command
from shared.values import is_id

STATES: dict[str, str] = {
    "waiting": mark("Waiting to start"),
    "running": mark("Running"),
    "stopping": mark("Stopping"),
    "done": mark("Done"),
    "stopped": mark("Stopped"),
    "refused": mark("Could not be done"),
    "failed": mark("Failed"),
}
"""Where a job stands; the last four are ends."""

ENDS = frozenset({"done", "stopped", "refused", "failed"})

QUEUE_SCHEMA = "procrastinate"
"""The schema in which the queue has its tables, apart from the office's own."""

QUEUE_TASK = "work"
"""The one task the queue knows; which job it is stands in the job's own row."""


class Stopped(Exception):  # noqa: N818 - the person who asked for the job said so
    """Someone asked for the job to stop; what it has done until now stands."""


class PutBack(Exception):  # noqa: N818 - what becomes of the job
    """The worker is going home; another one does the job."""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What came of a job: sentences for whoever asked, where to go on, and figures for programs."""

    lines: tuple[Sentence, ...] = ()
    link: tuple[str, str] | None = None
    """A marked text and the address it leads to."""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def written(self) -> dict[str, Any]:
        """Write it down as the job's row keeps it."""
        return {
            "lines": [{"text": line.text, "values": dict(line.values)} for line in self.lines],
            "link": list(self.link) if self.link else None,
            "figures": dict(self.figures),
        }


@dataclass(frozen=True, kw_only=True)
class Work:
    """One job as the function doing it sees it: who asked, for what, and how to say how far it is.

    A worker that dies leaves its job to another, which does it again from the start: ids made
    by `order` are the same again, so what was done before is answered and not repeated.
    """

    job_id: str
    actor: Actor
    arguments: Mapping[str, Any]
    door: Door
    interrupted: Callable[[], bool]

    def reached(self, done: int, total: int) -> None:
        """Show how far the job is; raises when it is to stop or this worker is going home."""
        with self.door.sessions() as session, session.begin():
            state = session.scalar(
                update(JobRow)
                .where(JobRow.job_id == self.job_id)
                .values(done=done, total=total)
                .returning(JobRow.state)
            )
        if state == "stopping":
            raise Stopped
        if self.interrupted():
            raise PutBack

    def order(self, command: Command, key: str) -> Order:
        """Make an order whose id is the same whenever this job comes to this key."""
        return Order(
            command=command,
            command_id=str(uuid.uuid5(uuid.UUID(self.job_id), key)),
            actor=self.actor,
            happened_at=clock.now(),
        )

    def execute_all(self, orders: Sequence[Order]) -> list[Result]:
        """Put all orders through the door, a chunk a transaction, showing how far it is."""
        results: list[Result] = []
        self.reached(0, len(orders))
        for chunk in _chunks(orders):
            results.extend(self.door.execute_many(chunk, now=clock.now()))
            self.reached(len(results), len(orders))
        return results


def _chunks(orders: Sequence[Order]) -> Iterator[Sequence[Order]]:
    for start_at in range(0, len(orders), CHUNK_MAX):
        yield orders[start_at : start_at + CHUNK_MAX]


def start(title: str, job: str, *, job_id: str | None = None, **arguments: object) -> str:
    """Ask for a job in the name of the person signed in, and give its id.

    `title` is a marked sentence; arguments are ids, codes and figures, never personal. A screen
    that hands in the id it offered the button with asks once, however often it is pressed.
    """
    asked = job_id if job_id and is_id(job_id) else clock.new_id()
    with db.session.session_factory() as session, session.begin():
        ask(session, signed_in().actor.user_id, title, job, job_id=asked, arguments=arguments)
    return asked


def ask(
    session: Session,
    user_id: str,
    title: str,
    job: str,
    *,
    job_id: str,
    arguments: Mapping[str, object],
) -> None:
    """Write a job down and queue it, in the caller's transaction; the same id again does nothing."""
    added = session.scalar(
        insert(JobRow)
        .values(
            job_id=job_id,
            name=job,
            title=title,
            arguments=dict(arguments),
            asked_by=user_id,
            asked_at=clock.now(),
            state="waiting",
        )
        .on_conflict_do_nothing()
        .returning(JobRow.job_id)
    )
    if added is None:
        return
    session.execute(text(f"SET LOCAL search_path TO {QUEUE_SCHEMA}, public"))
    driver = session.connection().connection.driver_connection
    _asking.configure_task(QUEUE_TASK, connection=driver, lock=job_id).defer(job_id=job_id)
    session.execute(text("SET LOCAL search_path TO DEFAULT"))


_asking = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())


def stop(job_id: str) -> bool:
    """Ask a job that has not ended to stop; tell whether there was one."""
    with db.session.session_factory() as session, session.begin():
        now_stopped = session.scalar(
            update(JobRow)
            .where(JobRow.job_id == job_id, JobRow.state == "waiting")
            .values(state="stopped", ended_at=clock.now())
            .returning(JobRow.job_id)
        )
        stopping = session.scalar(
            update(JobRow)
            .where(JobRow.job_id == job_id, JobRow.state == "running")
            .values(state="stopping")
            .returning(JobRow.job_id)
        )
    return bool(now_stopped or stopping)
