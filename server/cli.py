"""The command `fieldfare`: every job of the office by name, and the device's, which plugs in."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib import import_module

import click
from flask import Flask

from server.config import Config, from_environment
from server.plugged import Plugged
from server.serving import running_database

LATER = {
    "audit": "server.audit.commands:audit",
    "bench": "server.bench.command:bench",
    "run": "server.demo.run:run",
    "demo": "server.demo.day:demo",
    "doctor": "server.doctor.command:doctor",
    "import": "server.interop.command:import_group",
    "openapi": "server.published.command:openapi",
    "backup": "server.keeping.commands:backup",
    "restore": "server.keeping.commands:restore_command",
    "simulate": "server.simulate_command:simulate",
    "torture": "server.torture_command:torture",
}
"""Commands that need much of the program, loaded only when they are asked for."""


class Commands(Plugged):
    """The commands of this package, and those that other packages registered."""

    entry_group = "fieldfare.commands"

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every command."""
        return sorted({*super().list_commands(ctx), *LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command, loading what it needs only when it is asked for."""
        if cmd_name in LATER:
            module, _, name = LATER[cmd_name].partition(":")
            ours: click.Command = getattr(import_module(module), name)
            return ours
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands)
@click.pass_context
def main(context: click.Context) -> None:
    """Fieldfare: home visits and tracing for a council's debt recovery team, and its office."""
    context.obj = from_environment(os.environ)


@contextmanager
def office(config: Config) -> Iterator[Flask]:
    """Give a command the office it works on, its database running and migrated."""
    from server.app import create_app  # noqa: PLC0415 - `fieldfare field` need not load the office
    from server.spine.database import db  # noqa: PLC0415 - read in where it is used

    with running_database(config) as url:
        app = create_app(config, url)
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                db.engine.dispose()


@main.command("office")
@click.pass_obj
def serve_office(config: Config) -> None:
    """Serve the office's screens and devices on a loopback address.

    It does not start when a user has a password that is printed in the software.
    """
    from server.doctor.posture import refuse_published_passwords  # noqa: PLC0415 - read in where it is used
    from server.serving import serve  # noqa: PLC0415 - read in where it is used
    from server.spine.database import db  # noqa: PLC0415 - read in where it is used

    with office(config) as app:
        if not config.demonstration:
            refuse_published_passwords(db.session())
            db.session.remove()
        serve(app, config)


@main.command()
@click.pass_obj
def worker(config: Config) -> None:
    """Do the long work that screens ask for."""
    from server.spine.worker import run_worker  # noqa: PLC0415 - read in where it is used

    with office(config) as app:
        run_worker(app)


@main.command()
@click.pass_obj
def migrate(config: Config) -> None:
    """Bring the database up to this version's tables."""
    with running_database(config):
        click.echo("The database is up to date.")


CHECKS_LATER = {
    "audit": "server.audit.commands:check_history",
    "case": "server.retelling.command:check_case",
}


class Checks(click.Group):
    """The checks, of which some need much of the program."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List every check."""
        return sorted({*super().list_commands(ctx), *CHECKS_LATER})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a check, loading what it needs only when it is asked for."""
        if cmd_name not in CHECKS_LATER:
            return super().get_command(ctx, cmd_name)
        module, _, name = CHECKS_LATER[cmd_name].partition(":")
        found: click.Command = getattr(import_module(module), name)
        return found


@main.group(cls=Checks)
def check() -> None:
    """Check that what is stored still adds up."""


@check.command()
@click.pass_obj
def ledger(config: Config) -> None:
    """Check that every balance equals the sum of its transactions; exit 1 when one does not."""
    from server.accounts.ledger import check_ledger  # noqa: PLC0415 - read in where it is used
    from server.spine.database import db  # noqa: PLC0415 - read in where it is used

    with office(config):
        found = check_ledger(db.session())
    click.echo(json.dumps(asdict(found)))
    sys.exit(0 if found.clean else 1)


@check.command()
@click.pass_obj
def records(config: Config) -> None:
    """Check that every field record is what its case's rows say; exit 1 when one is not."""
    from server.app import house  # noqa: PLC0415 - read in where it is used
    from server.spine.database import db  # noqa: PLC0415 - read in where it is used
    from server.spine.projections import check_all  # noqa: PLC0415 - read in where it is used

    with office(config):
        checked, stale = check_all(db.session(), house())
    click.echo(json.dumps({"cases": checked, "stale": stale}))
    sys.exit(1 if stale else 0)
