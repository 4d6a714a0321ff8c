"""The command that starts the device: `fieldfare field`."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from field_client import incidents
from field_client.home import HOME_VARIABLE, tablet_folder
from field_client.keeper import IDLE_SECONDS, Keeper
from field_client.tablet import Tablet
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
    help=f"The folder of this tablet; without it, `field` in {HOME_VARIABLE} or the usual place.",
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
    """Open the device that an officer carries, or the tablet that several share."""
    incidents.log_to_stderr()
    if rescue_to is not None:
        _rescue(Tablet(tablet_folder(home)), rescue_to)
        return
    keeper = Keeper(
        tablet_folder(home), announce=_print_address if browser else None, idle_seconds=idle_seconds
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


def _rescue(tablet: Tablet, folder: Path) -> None:
    """Write a file for each officer with unsent work; fail unless there is one and none is missing."""
    nothing = RuleBroken("rescue.nothing")
    written, refused = 0, nothing
    try:
        for device in tablet.found():
            try:
                click.echo(device.rescue_to(folder))
                written += 1
            except RuleBroken as refusal:
                refused = refusal if refusal.code != nothing.code else refused
    except RuleBroken as refusal:
        refused = refusal
    except OSError as fault:
        raise click.ClickException(f"The file could not be written: {fault.strerror}") from None
    if refused is not nothing or not written:
        raise click.ClickException(refused.sentence())


def _print_address(event: str, address: str) -> None:
    click.echo(json.dumps({"event": event, "address": address}))
    sys.stdout.flush()
