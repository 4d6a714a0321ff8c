"""`fieldfare run`: the office, a worker and a paired device, on a fictional council's data."""

from __future__ import annotations

import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import click
from sqlalchemy import select

from server.access.tables import UserRow
from server.app import create_app
from server.config import Config
from server.demo.council import USERS, NotEmpty, Size, make_council
from server.demo.pairing import PASSPHRASE, pair
from server.demo.processes import NotReady, Process
from server.serving import running_database
from server.spine import clock
from server.spine.database import db

LOOK_SECONDS = 1.0
"""How often the device is asked whether it has a new address to print."""


@click.command()
@click.option("--households", default=Size.households, show_default=True, help="How large a town.")
@click.pass_obj
def run(config: Config, *, households: int) -> None:
    """Start the office, a worker and a device on a fictional council's data."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ExitStack() as stack:
        url = stack.enter_context(running_database(config))
        officer_id = prepare(config, url, replace(Size(), households=households))
        office, address = stack.enter_context(started_office(config))
        worker = Process("worker", home=config.home)
        stack.callback(worker.end)
        device = Process("field", "--browser", home=config.home)
        stack.callback(device.end)
        _say(address)
        _say_device(*_ready_device(address, device, officer_id))
        click.echo("\nready. Press Ctrl-C to stop everything.")
        _watch(office, worker, device)


def prepare(config: Config, url: str, size: Size) -> str:
    """Make the fictional council unless it is there already; answers the officer's id."""
    app = create_app(config, url)
    with app.app_context():
        with click.progressbar(length=100, label="Making a fictional council") as bar:

            def tell(done: int, total: int) -> None:
                bar.update(done * 100 // total - bar.pos)

            try:
                make_council(app.extensions["fieldfare"]["door"], clock.now(), size, tell)
            except NotEmpty:
                bar.update(100)
        officer_id = db.session.scalar(
            select(UserRow.user_id).where(UserRow.sign_in == USERS[0].sign_in)
        )
        db.session.remove()
        db.engine.dispose()
    if officer_id is None:
        raise click.ClickException(
            "This database holds an office of its own: name another folder in FIELDFARE_HOME."
        )
    return officer_id


@contextmanager
def started_office(config: Config, port: int | None = None) -> Iterator[tuple[Process, str]]:
    """Run the office beside this process until the block ends."""
    chosen = str(config.port if port is None else port)
    office = Process("office", home=config.home, FIELDFARE_PORT=chosen)
    try:
        yield office, office.wait_for("ready")["address"]
    except NotReady as failure:
        raise click.ClickException(str(failure)) from failure
    finally:
        office.end()


def _ready_device(address: str, device: Process, officer_id: str) -> tuple[str, str]:
    """Pair the device the first time; afterwards it is only locked. Answers event and address."""
    said = device.wait_for("enrol", "locked")
    if said["event"] == "locked":
        return "locked", said["address"]
    paired = pair(address, device, said["address"], USERS[0].sign_in, officer_id)
    return "unlocked", paired.for_a_person


def _say(address: str) -> None:
    """Say where to click and who may sign in."""
    width = max(len(user.sign_in) for user in USERS)
    click.echo(f"\nThe office:  {address}\n")
    for user in USERS:
        click.echo(f"  {user.sign_in:<{width}}  {user.password}  ({user.name}, {user.role})")


def _say_device(event: str, address: str) -> None:
    """Say where the device's pages are now."""
    click.echo(f"\nThe device:  {address}")
    click.echo(f"  {event}; it works once, for an hour. Passphrase: {PASSPHRASE}")
    if not shutil.which("fieldfare"):
        click.echo("  .venv/bin/fieldfare field opens a device of its own in a window.")


def _watch(office: Process, worker: Process, device: Process) -> None:
    """Print each new address of the device until something ends or somebody presses Ctrl-C."""
    try:
        while office.is_running() and worker.is_running():
            said = device.latest("locked", "unlocked", "enrol")
            if said:
                _say_device(said["event"], said["address"])
            time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        click.echo("\nStopping.")
        return
    raise click.ClickException(f"A process has ended; see the logs in {office.log.parent}")
