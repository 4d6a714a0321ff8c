"""`fieldfare import`: take a file of accounts in, or say how its columns would be read."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import click
from flask import Flask

from server.cli import office
from server.config import Config
from server.interop import cells, queries
from server.interop.cells import CellRefused
from server.interop.choosing import Chosen, choose
from server.interop.decoding import decode
from server.interop.guessing import Guess, guess_line, guess_sheet
from server.interop.intake import Declared
from server.interop.lines import Rejected
from server.interop.profile_files import ProfileInvalid, names
from server.interop.reading import MEGABYTES_MAX, read
from server.interop.rejects import rejects_file
from server.interop.running import NEEDED, FileProblem, GivenFile, Import, Importer
from server.interop.telling import guess_as_data, guess_in_words, summary
from server.spine import clock
from server.spine.execute import Door
from shared.commands import Actor
from shared.debts import DEBT_TYPES
from shared.errors import RuleBroken
from shared.values import Pence

COMMAND_LINE = "00000000-0000-4000-8000-0000000000c1"
"""Who takes a file in where nobody has signed in: whoever may run programs on the office's machine."""

REFUSED = 2
"""How the command ends when a file or a profile cannot be used."""

_kind = click.option(
    "--debt-type", type=click.Choice(list(DEBT_TYPES)), help="The kind of debt, for a guess."
)


@click.group("import")
def import_group() -> None:
    """Take in files from other systems."""


@import_group.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--profile",
    required=True,
    help=f"How to read it: {', '.join(names())}, the path of a profile, or guess.",
)
@click.option(
    "--reported-on",
    type=click.DateTime(["%Y-%m-%d", "%d/%m/%Y"]),
    help="The day the balances are of, where no column says; today unless said.",
)
@click.option("--rows", type=click.IntRange(min=0), help="How many rows the file should have.")
@click.option("--sum", "pounds", help="What its balances should add to, in pounds.")
@click.option("--dry-run", is_flag=True, help="Say what would happen, and write nothing.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.option("--rejects", type=click.Path(dir_okay=False, path_type=Path), help="Write them here.")
@_kind
@click.pass_obj
def accounts(config: Config, /, file: BinaryIO, **asked: object) -> None:
    """Take a file of accounts in; a second time it changes only what has moved."""
    options = _Options(asked)
    with _refusing(), _opened(config, file, options) as (app, chosen, given):
        door: Door = app.extensions["fieldfare"]["door"]
        done, rejected = _take_in(door, given, trial=options.trial)
        for line in summary(done, chosen.profile.title, trial=options.trial):
            click.echo(line)
        if options.rejects is not None:
            _write_rejects(options.rejects, done, rejected())
    if options.as_json:
        click.echo(json.dumps(done.tally.figures()))


@contextmanager
def _opened(
    config: Config, file: BinaryIO, options: _Options
) -> Iterator[tuple[Flask, Chosen, GivenFile]]:
    """Read the file and the profile, and only then open the office."""
    chosen, given = _given(file, options)
    with office(config) as app:
        yield app, chosen, given


class _Options:
    """What was asked for, each by its own type."""

    def __init__(self, asked: dict[str, object]) -> None:
        self.profile = str(asked["profile"])
        reported_on, rows = asked["reported_on"], asked["rows"]
        self.reported_on = reported_on.date() if isinstance(reported_on, datetime) else None
        self.rows = rows if isinstance(rows, int) else None
        self.pounds = str(asked["pounds"]) if asked["pounds"] is not None else None
        self.rejects = asked["rejects"] if isinstance(asked["rejects"], Path) else None
        self.debt_type = str(asked["debt_type"]) if asked["debt_type"] else None
        self.trial = bool(asked["dry_run"])
        self.as_json = bool(asked["as_json"])


def _given(file: BinaryIO, options: _Options) -> tuple[Chosen, GivenFile]:
    data = file.read(MEGABYTES_MAX * 1_000_000 + 1)
    chosen = choose(options.profile, data, debt_type=options.debt_type)
    return chosen, GivenFile(
        name=Path(file.name).name,
        data=data,
        profile=chosen.profile,
        reported_on=options.reported_on,
        declared=Declared(rows=options.rows, sum_pence=_pence(options.pounds)),
    )


def _pence(pounds: str | None) -> Pence | None:
    try:
        return cells.pence(pounds) if pounds is not None else None
    except CellRefused:
        raise click.BadParameter("Enter an amount such as 1,234.50", param_hint="--sum") from None


def _take_in(
    door: Door, given: GivenFile, *, trial: bool
) -> tuple[Import, Callable[[], Sequence[Rejected]]]:
    """Take the file in or only check it; answers also how to come by the rows not taken."""
    importer = Importer(
        import_id=clock.new_id(),
        door=door,
        actor=Actor(user_id=COMMAND_LINE, permissions=NEEDED),
        clock=clock.now,
    )
    kept: list[Rejected] = []
    with _progress("Checking" if trial else "Taking in") as reached:
        done = (
            importer.check(given, reached, kept.extend) if trial else importer.run(given, reached)
        )

    def rejected() -> Sequence[Rejected]:
        if done.import_id is None:
            return kept
        with door.sessions() as session:
            return queries.rejects_of(session, done.import_id)

    return done, rejected


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is on standard error, where it does not stand between the figures."""
    with click.progressbar(length=1, label=label, file=sys.stderr) as bar:

        def reached(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        yield reached


def _write_rejects(path: Path, done: Import, rejected: Sequence[Rejected]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(rejects_file(done.header, rejected))
    click.echo(f"Rows that were not taken, with the reasons: {path}")


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn a refusal into its sentences on standard error."""
    try:
        yield
    except (FileProblem, ProfileInvalid) as refusal:
        for reason in refusal.reasons:
            click.echo(reason.sentence(), err=True)
        sys.exit(REFUSED)
    except RuleBroken as refusal:
        click.echo(refusal.sentence(), err=True)
        sys.exit(REFUSED)


@import_group.command()
@click.argument("file", type=click.File("rb"))
@click.option("--lines", is_flag=True, help="Guess for each value of the column header_row.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
@_kind
def guess(file: BinaryIO, *, lines: bool, as_json: bool, debt_type: str | None) -> None:
    """Say which of our fields each column of a file would feed, and why; `-` reads standard input."""
    with _refusing():
        data = file.read(MEGABYTES_MAX * 1_000_000 + 1)
        if lines:
            for name, answer in _guesses(data, debt_type):
                _say_one_of_many(name, answer, as_json=as_json)
            return
        answer = guess_sheet(read(data), debt_type=debt_type)
    if as_json:
        click.echo(json.dumps(guess_as_data(answer), ensure_ascii=False))
    else:
        click.echo("\n".join(guess_in_words(answer)))
    sys.exit(REFUSED if answer.refused else 0)


def _guesses(data: bytes, debt_type: str | None) -> Iterator[tuple[str, Guess]]:
    """Guess for every header row of a list of them; the first column names each."""
    rows = csv.DictReader(decode(data).text.splitlines(keepends=True))
    if "header_row" not in (rows.fieldnames or ()):
        raise click.BadParameter("The file needs a column header_row", param_hint="--lines")
    for row in rows:
        yield (
            next(iter(row.values())) or "",
            guess_line(row["header_row"] or "", debt_type=debt_type),
        )


def _say_one_of_many(name: str, answer: Guess, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"name": name, **guess_as_data(answer)}, ensure_ascii=False))
    elif answer.refused is not None:
        click.echo(f"{name}  refused   {answer.refused.sentence()}")
    else:
        used = sum(bool(column.fields) for column in answer.columns)
        click.echo(f"{name}  proposed  {used} of {len(answer.columns)} columns are read")
