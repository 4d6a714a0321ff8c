"""The command that ends a real office's processes at random, from a checkout of the source."""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path

import click

from server.config import Config

CHECKOUT = Path(__file__).resolve().parent.parent
"""Where the tests stand beside this package, if this is a checkout."""

KILLS_MAX = 100_000
SEEDS_MAX = 1_000_000


@click.command()
@click.option(
    "--kills",
    type=click.IntRange(1, KILLS_MAX),
    default=50,
    show_default=True,
    help="How many processes to kill.",
)
@click.option(
    "--seed",
    type=click.IntRange(1, SEEDS_MAX),
    default=1,
    show_default=True,
    help="What is drawn: who does what, what is killed and when, what becomes of a connection.",
)
@click.option("--resume", is_flag=True, help="Go on with a run that was interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Say how it ended as one line of JSON.")
@click.pass_obj
def torture(config: Config, *, kills: int, seed: int, resume: bool, as_json: bool) -> None:
    """Kill processes of a real office and its devices; exit 1 when anything is lost or doubled.

    An office, its worker, PostgreSQL and three devices are started in a folder of their own, people
    work at all of them, and one process after the other is killed at random points and started again.
    """
    if not (CHECKOUT / "tests" / "torture" / "run.py").is_file():
        raise click.ClickException(
            "This runs from a checkout of the source: clone it, and run this there."
        )
    sys.path.insert(0, str(CHECKOUT))
    run = importlib.import_module("tests.torture.run")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with click.progressbar(length=kills, label="Killing", file=sys.stderr) as bar:

        def tell(done: int, what: str) -> None:
            bar.label = f"Killing ({what})"
            bar.update(done - bar.pos)

        try:
            report = run.torture(
                config.home / "torture", kills, seed=seed, resume=resume, tell=tell
            )
        except run.CannotGoOn as reason:
            raise click.ClickException(str(reason)) from reason
    for line in report.sentences():
        click.echo(line, err=as_json)
    if as_json:
        click.echo(report.written())
    sys.exit(0 if report.clean else 1)
