"""`fieldfare audit`: seal now, export the sealed history, and verify an export without any database."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from server.audit import checkpoints, exporting, sealing
from server.audit.checking import check_audit
from server.audit.jobs import checkpoint_key
from server.audit.sources import after
from server.audit.verifying import verify
from server.config import Config
from server.keeping.commands import REFUSED, Bar
from server.keeping.jobs import THE_OFFICE
from server.serving import running_database
from server.spine import clock
from server.spine.reads import log_read
from shared.commands import Actor
from shared.errors import RuleBroken

AMISS = 1
"""How a command ends that found something amiss."""

_UNREADABLE = frozenset(
    {
        "audit.no_file",
        "audit.not_export",
        "audit.not_checkpoint",
        "audit.nothing",
        "audit.export_there",
    }
)
"""Refusals that say nothing of the history: what was asked could not be done."""

_file = click.Path(dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """The sealed history of the office: seal it, export it, verify an export."""


@audit.command("seal")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
@click.pass_obj
def seal_now(config: Config, /, *, as_json: bool) -> None:
    """Seal everything recorded until now, and sign a checkpoint over it."""
    with _said(as_json=as_json), _opened(config) as engine, Bar("Sealing") as bar:
        sealed = _seal_all(engine, bar)
        with Session(engine) as session, session.begin():
            checkpoints.sign(session, checkpoint_key(config), clock.now(), at_once=True)
        with Session(engine) as session, session.begin():
            if config.checkpoints_to is not None:
                checkpoints.copy_all(session, config.checkpoints_to, clock.now())
        with Session(engine) as session:
            last = session.scalars(checkpoints.NEWEST).one()
        told = {"sealed": sealed, "entries": last.entries, "head": last.head}
        told |= {"copied_to": last.copied_to, "problem": last.problem}
    if last.problem:
        sys.exit(_refuse(RuleBroken(last.problem), as_json=as_json))
    went = f"The checkpoint is in {last.copied_to}." if last.copied_to else _NOWHERE
    words = f"Sealed {sealed} new entries, {last.entries} in all. {went}"
    click.echo(json.dumps(told) if as_json else words)


_NOWHERE = "The checkpoint is kept nowhere else: name a folder in FIELDFARE_CHECKPOINTS_TO."


def _seal_all(engine: Engine, bar: Bar) -> int:
    """Seal until nothing is left, waiting for a worker that is at it."""
    sealed = 0
    with Session(engine) as session:
        rows = after(sealing.last_place(session))
        waiting = session.scalar(select(func.count()).select_from(rows)) or 0
    while True:
        with Session(engine) as session, session.begin():
            session.execute(sealing.WAIT)
            count = sealing.seal(session, clock.now())
        if not count:
            return sealed
        sealed += count
        bar.tell(min(sealed, waiting), waiting)


@audit.command()
@click.argument("file", type=_file)
@click.option("--headers", is_flag=True, help="Leave out every text: ids and codes only.")
@click.pass_obj
def export(config: Config, /, *, file: Path, headers: bool) -> None:
    """Write every entry to FILE, one line each, as `fieldfare audit verify` reads it."""
    office = Actor(user_id=THE_OFFICE, permissions=frozenset())
    with (
        _said(as_json=False),
        _opened(config) as engine,
        Session(engine) as session,
        Bar("Exporting") as bar,
    ):
        lines = exporting.lines(session, details=not headers, tell=bar.tell)
        log_read(session, office, "audit.export", now=clock.now())
        count = _write(file, lines) - 1
    click.echo(f"{count} entries are in {file}.")


def _write(path: Path, lines: Iterator[bytes]) -> int:
    """Write a file for its owner alone; one that is there already is never written over."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RuleBroken("audit.export_there", file=str(path)) from error
    except OSError as error:
        raise RuleBroken("audit.no_file", file=str(path)) from error
    count = 0
    with os.fdopen(handle, "wb") as file:
        for count, line in enumerate(lines, 1):  # noqa: B007 - how many there were
            file.write(line)
    return count


@audit.command("verify")
@click.argument("file", type=_file)
@click.option("--checkpoint", "held", type=_file, multiple=True, required=True, help="Its file.")
@click.option("--public-key", help="The key that checkpoints must have been signed with.")
@click.option("--json", "as_json", is_flag=True, help="End with one line of JSON.")
def verify_export(
    *, file: Path, held: tuple[Path, ...], public_key: str | None, as_json: bool
) -> None:
    """Verify the export FILE against checkpoints; exit 1 when something is amiss."""
    with _said(as_json=as_json), Bar("Verifying") as bar:
        known = [checkpoints.read(path) for path in held]
        found = verify(file, known, public_key=public_key, tell=bar.tell)
    if as_json:
        click.echo(json.dumps({"whole": True, **asdict(found)}))
        return
    click.echo(
        f"Whole: nothing is amiss in {found.entries} entries, of which the checkpoints hold "
        f"{found.held}, signed with {', '.join(found.public_keys)}. {found.details} texts are what "
        f"was sealed; {found.withheld} were erased or left out. Their officers’ own keys signed "
        f"{found.signed} commands."
    )


@click.command("audit")
@click.pass_obj
def check_history(config: Config, /) -> None:
    """Check that the office holds what was sealed, and its checkpoints say so; exit 1 if not."""
    with _said(as_json=True), _opened(config) as engine, Bar("Checking") as bar:
        key = checkpoint_key(config).public_text
        with Session(engine) as session:
            found = check_audit(session, config.checkpoints_to, key, bar.tell)
    click.echo(json.dumps({"whole": True, **asdict(found)}))


@contextmanager
def _opened(config: Config) -> Iterator[Engine]:
    """Give the office's database, running and migrated."""
    with running_database(config) as url:
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True)
        try:
            yield engine
        finally:
            engine.dispose()


@contextmanager
def _said(*, as_json: bool) -> Iterator[None]:
    """End with one sentence, and for programs its code and the entry it speaks of."""
    try:
        yield
    except RuleBroken as wrong:
        sys.exit(_refuse(wrong, as_json=as_json))


def _refuse(wrong: RuleBroken, *, as_json: bool) -> int:
    if as_json:
        told = {"whole": False, "refused": wrong.code, "entry": wrong.values.get("seq")}
        click.echo(json.dumps(told))
    click.echo(wrong.sentence(), err=True)
    return REFUSED if wrong.code in _UNREADABLE else AMISS
