"""The command that tells simulated days of devices and an office, from a checkout of the source."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import click

CHECKOUT = Path(__file__).resolve().parent.parent
"""Where the tests stand beside this package, if this is a checkout."""

SEEDS_MAX = 1_000_000


@click.command()
@click.option(
    "--seeds",
    type=click.IntRange(1, SEEDS_MAX),
    default=100,
    show_default=True,
    help="How many days to tell.",
)
@click.option(
    "--from",
    "seed_from",
    type=click.IntRange(1, SEEDS_MAX),
    default=1,
    show_default=True,
    help="The first of them.",
)
@click.option("--replay", type=click.IntRange(1, 2 * SEEDS_MAX), help="Tell one day, step by step.")
@click.option(
    "--postgres",
    "where",
    flag_value="POSTGRES",
    help="Keep the office's records on PostgreSQL, and hold its calls inside transactions too.",
)
@click.option(
    "--compare",
    "where",
    flag_value="BOTH",
    help="Tell each day in memory and again on PostgreSQL, and see that it goes the same way.",
)
@click.option("--first", is_flag=True, help="Stop at the first day that breaks a property.")
@click.option("--json", "as_json", is_flag=True, help="Say how it ended as one line of JSON.")
def simulate(
    *,
    seeds: int,
    seed_from: int,
    replay: int | None,
    where: str | None,
    first: bool,
    as_json: bool,
) -> None:
    """Tell days of several devices, an office and a bad network; exit 1 when a property breaks.

    Each seed is one day and always the same one. The real programs run; only the network, the
    clocks, the ids and the order of things are drawn.
    """
    if not (CHECKOUT / "tests" / "simulation" / "run.py").is_file():
        raise click.ClickException(
            "Simulations run from a checkout of the source: clone it, and run this there."
        )
    sys.path.insert(0, str(CHECKOUT))
    run = importlib.import_module("tests.simulation.run")
    chosen = [replay] if replay else list(range(seed_from, seed_from + seeds))
    with click.progressbar(length=len(chosen), label="Days", file=sys.stderr) as bar:
        report = run.simulate(
            chosen, where=run.Where[where or "MEMORY"], stop_at_first=first, told=bar.update
        )
    for line in report.lines(whole=replay is not None):
        click.echo(line, err=as_json)
    if as_json:
        click.echo(report.written())
    sys.exit(1 if report.broken else 0)
