"""The command that starts the device: `fieldfare field`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from field_client import incidents
from field_client.device import Device
from field_client.home import HOME_VARIABLE, Home
from field_client.keeper import IDLE_SECONDS, Keeper
from shared.errors import RuleBroken


@click.command()
@click.option(
    "--browser",
    is_flag=True,
    help="For development and tests: open no window, and print each new address as a line of JSON.",
)
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help=f"The folder of this device; without it, `field` in {HOME_VARIABLE} or the usual place.",
)
@click.option(
    "--idle-seconds",
    type=click.IntRange(5, IDLE_SECONDS),
    default=IDLE_SECONDS,
    help="Lock after this long without a touch; it can be shortened, never lengthened.",
)
@click.option(
    "--rescue-to",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Open nothing: write unsent work, sealed to the office, into a file in this folder.",
)
def field(*, browser: bool, home: Path | None, idle_seconds: int, rescue_to: Path | None) -> None:
    """Open the device that an officer carries."""
    incidents.log_to_stderr()
    if rescue_to is not None:
        _rescue(Home.find(home), rescue_to)
        return
    keeper = Keeper(
        Home.find(home), announce=_print_address if browser else None, idle_seconds=idle_seconds
    )

    def stop(_number: int, _frame: FrameType | None) -> None:
        keeper.stop()

    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    try:
        code = keeper.run()
    except RuleBroken as refusal:
        raise click.ClickException(refusal.sentence()) from None
    sys.exit(code)


def _rescue(home: Home, folder: Path) -> None:
    try:
        click.echo(Device(home).rescue_to(folder))
    except RuleBroken as refusal:
        raise click.ClickException(refusal.sentence()) from None
    except OSError as fault:
        raise click.ClickException(f"The file could not be written: {fault.strerror}") from None


def _print_address(event: str, address: str) -> None:
    click.echo(json.dumps({"event": event, "address": address}))
    sys.stdout.flush()
