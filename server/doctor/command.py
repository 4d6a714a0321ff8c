"""`fieldfare doctor`: how this machine stands, and with `--self-test` what is proved of every promise."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import entry_points
from pathlib import Path

import click

from server.app import create_app
from server.config import Config
from server.doctor import posture, self_test
from server.doctor.promises import Status, Verdict, judge_all, promises
from server.serving import running_database
from server.spine.database import db
from shared.posture import Finding, Level

WIDTH = 10


@click.command()
@click.option("--self-test", "testing", is_flag=True, help="Run the tests of every promise.")
@click.option("--only", multiple=True, metavar="T01", help="Only the tests of these promises.")
@click.option(
    "--device", is_flag=True, help="Look at the device of this machine, not at the office."
)
@click.option("--quick", is_flag=True, help="Leave out the tests that take many minutes.")
@click.option("--json", "as_json", is_flag=True, help="Say it as one line of JSON.")
@click.pass_obj
def doctor(
    config: Config,
    *,
    testing: bool,
    only: tuple[str, ...],
    quick: bool,
    device: bool,
    as_json: bool,
) -> None:
    """Say how this machine stands; exit 1 when people's data are not safe on it.

    With --self-test, prove the promises about security by their numbers instead; exit 1 when one
    fails. What was not run is never counted as proved.
    """
    if testing:
        _self_test(only, quick=quick, as_json=as_json)
    elif device:
        _say(list(_of_device()), as_json=as_json)
    else:
        _say(list(_of_office(config)), as_json=as_json)


def _of_office(config: Config) -> Iterator[Finding]:
    with running_database(config) as url:
        app = create_app(config, url)
        with app.app_context():
            try:
                yield from posture.look(config, db.session())
            finally:
                db.session.remove()
                db.engine.dispose()


def _of_device() -> Iterator[Finding]:
    """Have the device's package look, which plugs in by an entry point."""
    for entry in entry_points(group="fieldfare.posture"):
        look: Callable[[Path | None], Iterable[Finding]] = entry.load()
        yield from look(None)


def _say(findings: Sequence[Finding], *, as_json: bool) -> None:
    for finding in findings:
        click.echo(f"{finding.level.value:<14}{finding.about:<16}{finding.says}", err=as_json)
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings]))
    sys.exit(1 if any(finding.level is Level.STOP for finding in findings) else 0)


def _self_test(only: tuple[str, ...], *, quick: bool, as_json: bool) -> None:
    known = {promise.number for promise in promises()}
    unknown = sorted(set(only) - known)
    if unknown:
        raise click.UsageError(f"There is no promise {', '.join(unknown)}: they are T01 to T76.")
    here = self_test.has_tests()
    proofs = self_test.prove(only, quick=quick) if here else []
    unseen = "no test of it was run" if here else self_test.NO_TESTS
    verdicts = [
        verdict
        for verdict in judge_all(proofs, unseen=unseen)
        if not only or verdict.promise.number in only
    ]
    for line in _table(verdicts):
        click.echo(line, err=as_json)
    if as_json:
        click.echo(json.dumps({each.promise.number: each.plain() for each in verdicts}))
    sys.exit(1 if any(verdict.status is Status.FAIL for verdict in verdicts) else 0)


def _table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    for each in verdicts:
        tests = f"{each.tests} tests" if each.tests else ""
        yield f"{each.promise.number}  {each.status.value:<{WIDTH}}{tests:<{WIDTH}}{each.promise.says}"
        for figure in each.figures:
            yield f"{'':{2 * WIDTH + 5}}{figure}"
        if each.reason:
            yield f"{'':{2 * WIDTH + 5}}{each.status.value}: {each.reason}"
    counted = ", ".join(
        f"{sum(each.status is status for each in verdicts)} {status.value}" for status in Status
    )
    yield counted
