"""Runs seeds: each tells one story, in memory or on PostgreSQL, and a broken one says which and why."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, nullcontext
from enum import Enum
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from server.app import house
from server.spine.areas import House
from server.spine.database import migrate
from server.spine.postgres import EmbeddedPostgres
from tests.simulation import mornings
from tests.simulation.books import Books
from tests.simulation.broken import Broken
from tests.simulation.memory import InMemory
from tests.simulation.office import listen
from tests.simulation.on_postgres import OnPostgres
from tests.simulation.report import Ended, Report
from tests.simulation.story import Story

PROCESSES_MAX = 2
"""Processes that share the seeds, each with a database of its own."""

SHARE_MAX = 10
"""Seeds given to a process at a time."""

SHARE_MAX_UNTIL_FIRST = 2
"""The same when the first broken one is all that is wanted, so that few are told in vain."""

WAIT_SECONDS_MAX = 60


class Where(Enum):
    """What the office of a run keeps its records in."""

    MEMORY = "in memory"
    POSTGRES = "on PostgreSQL, where calls are held inside transactions as well"
    BOTH = "first in memory, then the same day on PostgreSQL, and compared"


Told = Callable[[int], None]
"""Is told how many more seeds have ended."""


def books_at(url: str | None, *, holds_inside: bool = True) -> Books:
    """Open the books of an office: at an address on PostgreSQL, or in memory without one."""
    return OnPostgres(url, holds_inside=holds_inside) if url else InMemory()


def run_seeds(books: Books, seeds: Sequence[int], *, stop_at_first: bool = False) -> list[Ended]:
    """Tell the stories of some seeds one after the other, then close the books."""
    listen(books.office)
    office = house()
    ended: list[Ended] = []
    with _faults_not_logged():
        try:
            morning = mornings.first(books, office)
            for seed in seeds:
                ended.append(_tell(seed, books, office, morning))
                if stop_at_first and ended[-1].property:
                    break
        except Broken as found:
            ended.append(
                Ended(seed=seeds[0], steps=0, trace=(), property=found.property, seen=found.seen)
            )
        finally:
            books.dispose()
    return ended


@contextmanager
def _faults_not_logged() -> Iterator[None]:
    """Keep the office from logging faults that are planted on purpose; it logs again afterwards."""
    logger = logging.getLogger("server")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def run_on_both(url: str, seeds: Sequence[int]) -> list[Ended]:
    """Tell each story in memory and on PostgreSQL; that they differ breaks it as anything else does."""
    in_memory = run_seeds(InMemory(), seeds)
    on_postgres = run_seeds(OnPostgres(url, holds_inside=False), seeds)
    return [here.compared(there) for here, there in zip(in_memory, on_postgres, strict=True)]


def _tell(seed: int, books: Books, office: House, morning: Any) -> Ended:
    """Tell one story; what breaks it is an answer, not an error."""
    broken: Broken | None = None
    story = Story(seed, books, office, morning)
    try:
        story.tell()
    except Broken as found:
        broken = found
    except Exception as failure:  # noqa: BLE001 - whatever it is, it has a seed and a trace
        broken = Broken("P0", f"the day broke off: {failure!r}")
    return Ended(
        seed=story.seed,
        steps=story.steps,
        trace=tuple(story.trace),
        checked=dict(story.watch.checked),
        seen_of=story.watch.digest(),
        property=broken.property if broken else None,
        seen=broken.seen if broken else "",
    )


def simulate(
    seeds: Sequence[int],
    *,
    where: Where = Where.MEMORY,
    stop_at_first: bool = False,
    told: Told = lambda _more: None,
) -> Report:
    """Tell the stories of all the seeds, in two processes if they are many."""
    began = time.monotonic()
    size = SHARE_MAX_UNTIL_FIRST if stop_at_first else SHARE_MAX
    shares = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    count = min(PROCESSES_MAX, len(shares))
    with nullcontext([""] * count) if where is Where.MEMORY else databases(count) as urls:
        if count == 1:
            ended = _run_share(urls[0], where, seeds, stop_at_first=stop_at_first)
            told(len(seeds))
        else:
            ended = _in_processes(urls, where, shares, stop_at_first=stop_at_first, told=told)
    return Report(
        ended=tuple(sorted(ended, key=lambda each: each.seed)),
        seconds=time.monotonic() - began,
    )


def _in_processes(
    urls: Sequence[str],
    where: Where,
    shares: Sequence[Sequence[int]],
    *,
    stop_at_first: bool,
    told: Told,
) -> list[Ended]:
    """Give each process a database of its own, and each that is free the next share of the seeds."""
    context = get_context("spawn")
    free = context.Queue()
    for url in urls:
        free.put(url)
    ended: list[Ended] = []
    pool = ProcessPoolExecutor(
        len(urls), mp_context=context, initializer=_take_database, initargs=(free,)
    )
    try:
        running = [pool.submit(_run_own, where, share, stop_at_first) for share in shares]
        for future in as_completed(running):
            ended.extend(future.result())
            told(len(future.result()))
            if stop_at_first and any(each.property for each in future.result()):
                break
    finally:  # what leaving a `with` does would have what was cancelled done all the same
        pool.shutdown(cancel_futures=True)
    return ended


_own: list[str] = []


def _take_database(free: Queue[str]) -> None:
    """Remember which database this process is to use."""
    _own.append(free.get(timeout=WAIT_SECONDS_MAX))


def _run_own(where: Where, seeds: Sequence[int], stop_at_first: bool) -> list[Ended]:  # noqa: FBT001 - one fact, as it was read
    return _run_share(_own[0], where, seeds, stop_at_first=stop_at_first)


def _run_share(url: str, where: Where, seeds: Sequence[int], *, stop_at_first: bool) -> list[Ended]:
    if where is Where.BOTH:
        return run_on_both(url, seeds)
    return run_seeds(books_at(url), seeds, stop_at_first=stop_at_first)


@contextmanager
def databases(count: int) -> Iterator[list[str]]:
    """Start a PostgreSQL that forgets everything, with some migrated databases in it."""
    with (
        tempfile.TemporaryDirectory(prefix="fieldfare-simulation-") as home,
        EmbeddedPostgres(Path(home), durable=False) as postgres,
    ):
        first = postgres.url("fieldfare")
        migrate(first)
        names = [f"simulation_{number}" for number in range(count)]
        for name in names:
            create_database(first, name, template="fieldfare")
        yield [postgres.url(name) for name in names]


def create_database(url: str, name: str, *, template: str) -> None:
    """Make a database beside another as the copy of one that is migrated."""
    administration = make_url(url).set(drivername="postgresql", database="postgres")
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
        sql.Identifier(name), sql.Identifier(template)
    )
    with psycopg.connect(
        administration.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(statement)
