"""`fieldfare bench sync`: the cost of a sync on this machine, beside the floor under it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

from server.app import create_app
from server.bench import steps
from server.bench.council import Council, Sessions, approve_devices, make_council
from server.bench.devices import Devices
from server.bench.floor import FloorServer, RowFloor
from server.bench.line import CountingLine
from server.bench.processor import Processor, postmaster
from server.bench.report import Report
from server.bench.steps import Bench, Size
from server.config import Config
from server.demo.processes import Process
from server.plugged import Plugged
from server.serving import owner_url, running_database
from server.spine import clock
from server.spine.areas import House
from server.spine.database import db
from server.spine.office_seal import OfficeSeal

CASES_MAX = 1_000_000


class Measurements(Plugged):
    """What is measured here, and what the device's own package measures."""

    entry_group = "fieldfare.bench"


@click.group(cls=Measurements)
def bench() -> None:
    """Measure what things cost on this machine."""


@bench.command()
@click.option(
    "--cases",
    type=click.IntRange(2, CASES_MAX),
    default=Size.cases,
    show_default=True,
    help="How many cases the council has.",
)
@click.option(
    "--scope",
    type=click.IntRange(1, 5_000),
    default=Size.scope,
    show_default=True,
    help="How many of them one officer has.",
)
@click.option(
    "--commands",
    type=click.IntRange(1, 10_000),
    default=Size.commands,
    show_default=True,
    help="How many commands step c pushes.",
)
@click.option(
    "--devices",
    type=click.IntRange(2, 50),
    default=Size.devices,
    show_default=True,
    help="How many devices step f syncs at once.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 1_000),
    default=Size.rounds,
    show_default=True,
    help="How often steps b and d are timed.",
)
@click.option(
    "--step",
    "chosen",
    type=click.Choice(list(steps.STEPS)),
    multiple=True,
    help="Only these steps; the first pull always comes first.",
)
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
def sync(*, chosen: tuple[str, ...], as_json: bool, **counts: int) -> None:
    """Sync real vaults with a real office over HTTP, and time it beside a floor.

    The office runs as a process of its own on its own PostgreSQL, in a folder that is deleted
    afterwards; nothing of yours is touched.
    """  # fmt: skip
    size = _size(**counts)
    with prepared(size) as measured:
        report = measure(measured, chosen or tuple(steps.STEPS))
    for line in report.lines():
        click.echo(line, err=as_json)
    if as_json:
        click.echo(report.written())
    sys.exit(1 if report.failed else 0)


def _size(*, cases: int, scope: int, commands: int, devices: int, rounds: int) -> Size:
    """Work out how much each step does; a small council has fewer records that can move."""
    if scope > cases:
        raise click.UsageError("An officer cannot have more cases than the council has.")
    return Size(
        cases=cases,
        scope=scope,
        commands=commands,
        devices=devices,
        rounds=rounds,
        few_rounds=min(rounds, Size.few_rounds),
        inside=min(Size.inside, 3 * scope),
        outside=min(Size.outside, 3 * (cases - scope)),
    )


def measure(measured: Bench, chosen: Sequence[str]) -> Report:
    """Do the steps in their order, saying on the terminal how far they are."""
    report = Report(steps={}, raw={})
    for name, step in steps.STEPS.items():
        if name != "a" and name not in chosen:
            continue
        often = measured.size.rounds if name in steps.OFTEN else measured.size.few_rounds
        with click.progressbar(length=2 * often, label=f"({name})", file=sys.stderr) as bar:
            measured.tell = partial(bar.update, 1)
            report.steps[name], report.raw[name] = step(measured)
    return report


@contextmanager
def prepared(size: Size) -> Iterator[Bench]:
    """Give everything a measurement needs, running; all of it goes when the block ends."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fieldfare-bench-")))
        config = Config(home=folder / "home", database_url=None)
        url = stack.enter_context(running_database(config))
        app = create_app(config, url)
        with app.app_context():
            db.session.remove()
            stack.callback(db.engine.dispose)
        owner = create_engine(owner_url(config, url), hide_parameters=True)
        stack.callback(owner.dispose)
        sessions: Sessions = sessionmaker(owner)  # who may look at tables to plan by afterwards
        door, seal = app.extensions["fieldfare"]["door"], app.extensions["fieldfare"]["seal"]
        with click.progressbar(length=size.cases, label="A council", file=sys.stderr) as bar:
            council = make_council(
                sessions,
                door.house,
                cases=size.cases,
                scope=size.scope,
                now=clock.now(),
                tell=lambda done: bar.update(done - bar.pos),
            )
        yield _running(
            stack, size, config, Made(sessions, door.house, council, seal, owner_url(config, url))
        )


@dataclass(frozen=True)
class Made:
    """The office as it stands before anything runs."""

    sessions: Sessions
    house: House
    council: Council
    seal: OfficeSeal
    url: str


def _running(stack: ExitStack, size: Size, config: Config, made: Made) -> Bench:
    """Start the office, the devices, the counting line and the floor."""
    devices = Devices(config.home.parent / "devices", size.devices)
    stack.callback(devices.end)
    approve_devices(made.sessions, made.council, devices.public_keys, clock.now())
    office = Process("office", home=config.home, FIELDFARE_PORT="0", DATABASE_URL="")
    stack.callback(office.end)
    address = str(office.wait_for("ready")["address"])
    line = CountingLine(int(address.rpartition(":")[2]))
    stack.callback(line.close)
    rows = RowFloor(made.url)
    stack.callback(rows.close)
    server = FloorServer(rows)
    stack.callback(server.close)
    officers = made.council.officers[: size.devices]
    devices.ask("meet", officers=officers, receipt_key=made.seal.public_text)
    devices.ask("go_to", address=address)
    return Bench(
        size=size,
        sessions=made.sessions,
        house=made.house,
        council=made.council,
        devices=devices,
        office=address,
        line=line,
        rows=rows,
        server=server,
        processor=Processor([os.getpid(), office.pid, devices.pid], postmaster(config.home)),
    )
