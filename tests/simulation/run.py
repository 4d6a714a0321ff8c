"""Runs seeds: each tells one story on a shared database, and a broken one says which and why."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from server.app import house
from server.spine.database import migrate
from server.spine.postgres import EmbeddedPostgres
from tests.simulation.broken import Broken
from tests.simulation.office import connect
from tests.simulation.story import Story

PROCESSES_MAX = 2
"""Processes that share the seeds, each with a database of its own."""

SHARE_MAX = 10
"""Seeds given to a process at a time."""

SHARE_MAX_UNTIL_FIRST = 2
"""The same when the first broken one is all that is wanted, so that few are told in vain."""

WAIT_SECONDS_MAX = 60

MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of a random name is made in it

SHOWN_MAX = 3
"""Broken seeds whose traces are shown; one is enough to begin with."""

TRACE_SHOWN = 25
"""Last lines of a broken seed's trace that are shown; a replay shows all of it."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How one seed ended: what was broken, if anything, and what led to it."""

    seed: int
    steps: int
    trace: tuple[str, ...]
    property: str | None = None
    seen: str = ""

    def lines(self, trace_max: int | None = None) -> Iterator[str]:
        """Say it for a person."""
        shown = self.trace if trace_max is None else self.trace[-trace_max:]
        yield from shown
        if self.property is None:
            yield f"seed {self.seed}: every property held over {self.steps} steps"
        else:
            yield f"seed {self.seed}: {self.property} does not hold: {self.seen}"
            yield f"fieldfare simulate --replay {self.seed}"


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a run ended."""

    ended: tuple[Ended, ...]
    seconds: float

    @property
    def broken(self) -> tuple[Ended, ...]:
        """List the seeds in which a property did not hold."""
        return tuple(each for each in self.ended if each.property)

    @property
    def steps(self) -> int:
        """Count the steps of all seeds."""
        return sum(each.steps for each in self.ended)

    def lines(self, *, whole: bool) -> Iterator[str]:
        """Say it for a person: the whole of one seed, or what broke and how much was told."""
        if whole:
            for each in self.ended:
                yield from each.lines()
            return
        for each in self.broken[:SHOWN_MAX]:
            yield from each.lines(TRACE_SHOWN)
        yield (
            f"{len(self.ended)} seeds, {self.steps} steps, {self.seconds:.0f} seconds: "
            f"{len(self.broken)} broken"
        )

    def written(self) -> str:
        """Write it as one line of JSON."""
        failed = [{"seed": b.seed, "property": b.property, "seen": b.seen} for b in self.broken]
        return json.dumps(
            {
                "seeds": len(self.ended),
                "failed": failed,
                "steps": self.steps,
                "seconds": round(self.seconds, 1),
            }
        )


def run_seeds(url: str, seeds: Sequence[int], *, stop_at_first: bool = False) -> list[Ended]:
    """Tell the stories of some seeds, one after the other, on one database that is migrated."""
    engines = connect(url)
    office = house()
    ended: list[Ended] = []
    try:
        for seed in seeds:
            with tempfile.TemporaryDirectory(prefix="fieldfare-seed-", dir=_memory()) as folder:
                ended.append(_tell(Story(seed, engines, office, Path(folder))))
            if stop_at_first and ended[-1].property:
                break
    finally:
        engines.dispose()
    return ended


def _memory() -> str | None:
    """Name a folder in memory if there is one: vaults wait for the disk at each of their commits."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


def _tell(story: Story) -> Ended:
    """Tell one story; what breaks it is an answer, not an error."""
    broken: Broken | None = None
    try:
        story.tell()
    except Broken as found:
        broken = found
    return Ended(
        seed=story.seed,
        steps=story.steps,
        trace=tuple(story.trace),
        property=broken.property if broken else None,
        seen=broken.seen if broken else "",
    )


def simulate(seeds: Sequence[int], *, stop_at_first: bool = False) -> Report:
    """Tell the stories of all the seeds on a PostgreSQL of their own, in two processes if many."""
    began = time.monotonic()
    size = SHARE_MAX_UNTIL_FIRST if stop_at_first else SHARE_MAX
    shares = [seeds[at : at + size] for at in range(0, len(seeds), size)]
    with databases(min(PROCESSES_MAX, len(shares))) as urls:
        if len(urls) == 1:
            ended = run_seeds(urls[0], seeds, stop_at_first=stop_at_first)
        else:
            ended = _in_processes(urls, shares, stop_at_first=stop_at_first)
    return Report(
        ended=tuple(sorted(ended, key=lambda each: each.seed)),
        seconds=time.monotonic() - began,
    )


def _in_processes(
    urls: Sequence[str], shares: Sequence[Sequence[int]], *, stop_at_first: bool
) -> list[Ended]:
    """Give each process a database of its own, and each that is free the next share of the seeds."""
    context = get_context("spawn")
    free = context.Queue()
    for url in urls:
        free.put(url)
    ended: list[Ended] = []
    with ProcessPoolExecutor(
        len(urls), mp_context=context, initializer=_take_database, initargs=(free,)
    ) as pool:
        running = [pool.submit(_run_share, share, stop_at_first=stop_at_first) for share in shares]
        for future in as_completed(running):
            ended.extend(future.result())
            if stop_at_first and ended[-1].property:
                pool.shutdown(wait=False, cancel_futures=True)
                break
    return ended


_own: list[str] = []


def _take_database(free: Queue[str]) -> None:
    """Remember which database this process is to use."""
    _own.append(free.get(timeout=WAIT_SECONDS_MAX))


def _run_share(seeds: Sequence[int], *, stop_at_first: bool) -> list[Ended]:
    return run_seeds(_own[0], seeds, stop_at_first=stop_at_first)


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
