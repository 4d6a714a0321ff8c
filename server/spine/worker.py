"""The worker process: takes jobs from the queue, does them one by one, and writes how each ended."""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import procrastinate
import psycopg
from flask import Flask
from procrastinate import exceptions
from procrastinate.job_context import AbortReason, JobContext
from procrastinate.retry import RetryStrategy
from sqlalchemy import func, make_url, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.spine import clock
from server.spine.areas import Chore, House
from server.spine.database import db
from server.spine.execute import will_pass
from server.spine.jobs import ENDS, QUEUE_SCHEMA, QUEUE_TASK, PutBack, Stopped, Work
from server.spine.let_go import LetGo
from server.spine.tables import JobRow
from shared.commands import Actor
from shared.errors import RuleBroken

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 5.0
"""How often a worker says that it is alive."""

STALLED_SECONDS = 30.0
"""After how long without a word its jobs are given to another."""

LEAVE_SECONDS = 5.0
"""How long a job in hand may go on after the worker was told to stop, before it is put back."""

AGAIN_SECONDS = 1.0
"""How long a worker whose database has gone away waits before it looks for it again."""

ANSWER_SECONDS = 5
"""How long it waits for a database that does not answer before it takes it to have gone away."""

TRIES_MAX = 5
"""Times a job is begun; one that takes its worker down with it each time is given up."""

_PERMISSIONS = text("""
    SELECT DISTINCT permission FROM "user"
    JOIN user_role USING (user_id) JOIN role_permission USING (role)
    WHERE active AND user_id = :user_id
""")


class JobFailed(Exception):  # noqa: N818 - what the queue is told; the row says the rest
    """A job came to an end that was not meant; its incident is in the log and in its row."""


def run_worker(app: Flask, *, wait: bool = True) -> None:
    """Do jobs until told to stop, or until none is left when not to `wait`."""
    asyncio.run(_until_told(app) if wait else _work(app, wait=False))


async def _until_told(app: Flask) -> None:
    """Work until told to stop; a database that went away is waited for, because it comes back."""
    told = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows, where the process simply ends
            asyncio.get_running_loop().add_signal_handler(name, told.set)
    while not told.is_set():
        working = asyncio.create_task(_work(app, wait=True))
        stopping = asyncio.create_task(told.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if told.is_set():
            await cancel_until_ended(working, again_seconds=4 * LEAVE_SECONDS)
            return
        try:
            await working
        except (exceptions.ConnectorException, psycopg.OperationalError):
            logger.exception("the database has gone away")
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), AGAIN_SECONDS)


async def _work(app: Flask, *, wait: bool) -> None:
    let_go = LetGo(HEARTBEAT_SECONDS)
    queue = _queue(app, let_go)
    _take_up_chores(queue, app, let_go, come_round=wait)
    await _see_that_it_answers(app)
    async with queue.open_async():
        await _give_back_stalled(queue)
        watching = asyncio.create_task(_watch(queue, let_go))
        try:
            await queue.run_worker_async(
                wait=wait,
                listen_notify=wait,
                delete_jobs="successful",
                shutdown_graceful_timeout=LEAVE_SECONDS,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
                install_signal_handlers=False,
            )
        finally:
            await cancel_until_ended(watching, again_seconds=AGAIN_SECONDS)


async def cancel_until_ended(task: asyncio.Task[None], *, again_seconds: float) -> None:
    """Cancel a task until it has ended, whichever way that is.

    Once may not be enough: before Python 3.12 `asyncio.wait_for`, through which every connection
    of the queue is waited for, forgets a cancellation that comes just as what it waits for does.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again_seconds)
    if not task.cancelled() and (fault := task.exception()):
        logger.error("what was to be cancelled had failed", exc_info=fault)


async def _see_that_it_answers(app: Flask) -> None:
    """Connect once before the queue does, whose own tries lie ever further apart.

    Raises psycopg.OperationalError when the database does not answer.
    """
    connection = await psycopg.AsyncConnection.connect(
        _address(app), connect_timeout=ANSWER_SECONDS
    )
    await connection.close()


def _address(app: Flask) -> str:
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"]).set(drivername="postgresql")
    return url.render_as_string(hide_password=False)


def _queue(app: Flask, let_go: LetGo) -> procrastinate.App:
    """Open the queue on the office's own database, with its one task."""
    connector = procrastinate.PsycopgConnector(
        conninfo=_address(app),
        kwargs={"options": f"-c search_path={QUEUE_SCHEMA},public"},
        timeout=ANSWER_SECONDS,
    )
    queue = procrastinate.App(connector=connector)
    again = RetryStrategy(retry_exceptions=(PutBack, DBAPIError))

    @queue.task(name=QUEUE_TASK, pass_context=True, retry=again)
    def work(context: JobContext, *, job_id: str) -> None:
        try:
            with app.app_context():
                do(app, job_id, context)
        finally:
            let_go.add(context.job)

    return queue


def _take_up_chores(
    queue: procrastinate.App, app: Flask, let_go: LetGo, *, come_round: bool
) -> None:
    """Know each chore and have the queue bring it round; of several workers one does it each time."""
    house: House = app.extensions["fieldfare"]["house"]
    for chore in house.chores:

        def work(
            context: JobContext,
            timestamp: int,  # noqa: ARG001 - what the queue gives
            chore: Chore = chore,
        ) -> None:
            try:
                with app.app_context():
                    do_chore(chore)
            finally:
                let_go.add(context.job)

        task = queue.task(
            name=chore.name, queueing_lock=chore.name, lock=chore.name, pass_context=True
        )(work)
        if come_round:
            queue.periodic(cron=chore.cron)(task)


def do_chore(chore: Chore) -> None:
    """Do a chore once; one that fails is logged and comes round again."""
    try:
        with _session() as session, session.begin():
            count = chore.run(session, clock.now())
    except Exception:
        incident = secrets.token_hex(4)
        logger.exception("chore failed", extra={"incident": incident, "code": chore.name})
        return
    if count:
        logger.info("chore done: %s", count, extra={"code": chore.name})


async def _watch(queue: procrastinate.App, let_go: LetGo) -> None:
    """Look again and again for jobs that nobody is at any more, and put them back in the queue."""
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        try:
            await _give_back_stalled(queue)
            await let_go.give_back(queue.job_manager)
        except exceptions.ConnectorException:
            logger.exception("could not look for stalled jobs")


async def _give_back_stalled(queue: procrastinate.App) -> None:
    manager = queue.job_manager
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        with suppress(exceptions.ConnectorException):
            await manager.retry_job(job)


def do(app: Flask, job_id: str, context: JobContext) -> None:
    """Do one job and write how it ended, whatever happens on the way."""
    house: House = app.extensions["fieldfare"]["house"]
    row = _begin(job_id)
    if row is None:
        return
    try:
        if context.job.attempts >= TRIES_MAX:
            raise JobFailed("every worker that began it came to an end")  # noqa: TRY301 - as any fault
        ending = house.jobs[row.name](_work_of(app, row, context))
        _end(job_id, "done", ending.written())
    except Stopped:
        _end(job_id, "stopped", {})
    except PutBack:
        _put_back(job_id)
        raise
    except RuleBroken as refusal:
        _end(job_id, "refused", {"refusal": refusal.code, "values": refusal.values})
    except Exception as fault:
        if isinstance(fault, DBAPIError) and will_pass(fault):
            raise  # the queue does it again; what was done stands, and is not done twice
        incident = secrets.token_hex(4)
        logger.exception("job failed", extra={"incident": incident, "job_id": job_id})
        _end(job_id, "failed", {}, incident)
        raise JobFailed(incident) from fault


def _work_of(app: Flask, row: JobRow, context: JobContext) -> Work:
    with _session() as session:
        may = frozenset(session.scalars(_PERMISSIONS, {"user_id": row.asked_by}))
    return Work(
        job_id=row.job_id,
        actor=Actor(user_id=row.asked_by, permissions=may),
        arguments=row.arguments,
        door=app.extensions["fieldfare"]["door"],
        interrupted=lambda: context.abort_reason() == AbortReason.SHUTDOWN,
    )


def _begin(job_id: str) -> JobRow | None:
    """Mark a job as running; one that was stopped or has ended is not begun."""
    with _session() as session, session.begin():
        return session.scalar(
            update(JobRow)
            .where(JobRow.job_id == job_id, JobRow.state.not_in(ENDS))
            .values(
                state=_unless_stopping("running"),
                started_at=func.coalesce(JobRow.started_at, clock.now()),
            )
            .returning(JobRow)
        )


def _put_back(job_id: str) -> None:
    with _session() as session, session.begin():
        session.execute(
            update(JobRow)
            .where(JobRow.job_id == job_id, JobRow.state == "running")
            .values(state="waiting")
        )


def _unless_stopping(state: str) -> Any:  # noqa: ANN401 - an expression of SQL
    return func.coalesce(func.nullif(JobRow.state, "waiting"), state)


def _end(job_id: str, state: str, result: Mapping[str, Any], incident: str | None = None) -> None:
    with _session() as session, session.begin():
        session.execute(
            update(JobRow)
            .where(JobRow.job_id == job_id)
            .values(state=state, ended_at=clock.now(), result=dict(result), incident=incident)
        )


def _session() -> Session:
    return db.session.session_factory(expire_on_commit=False)
