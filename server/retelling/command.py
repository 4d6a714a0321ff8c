"""`fieldfare check case`: a case as it stood at a time, in words or as JSON, from the log alone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime

import click
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.access.tables import UserRow
from server.cases.tables import CaseRow
from server.cli import office
from server.config import Config
from server.retelling.folds import Knowledge, retell
from server.retelling.picture import Picture, picture_of
from server.retelling.reading import read_changes
from server.spine import clock
from server.spine.database import db
from shared.presentation import day as day_in_words
from shared.presentation import money
from shared.values import is_id

NOT_FOUND = 1
REFUSED = 2


@click.command("case")
@click.argument("case")
@click.option("--at", help="A time with its zone, such as 2027-03-04T10:00+00:00; now unless said.")
@click.option("--json", "as_json", is_flag=True, help="Write it as one line of JSON.")
@click.pass_obj
def check_case(config: Config, /, case: str, at: str | None, *, as_json: bool) -> None:
    """Rebuild a case, by its id or reference, as it stood at a time."""
    moment = _moment(at)
    with office(config):
        session = db.session()
        found = _find(session, case)
        if found is None:
            click.echo(f"There is no case {case} here.", err=True)
            sys.exit(NOT_FOUND)
        known, picture = rebuild(session, found.case_id, moment)
        names = _names(session, picture) if picture else {}
    if picture is None:
        click.echo(f"The case {found.reference} was not opened yet.", err=True)
        sys.exit(NOT_FOUND)
    if as_json:
        told = {"at": moment.isoformat(), "reference": found.reference, **picture.plain()}
        told |= {"erased": known.erased, "not_told": known.not_told}
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in in_words(found.reference, moment, picture, names):
        click.echo(line)
    for line in _caveats(known, picture):
        click.echo(line)


def rebuild(session: Session, case_id: str, at: datetime) -> tuple[Knowledge, Picture | None]:
    """Tell a case again up to a time: what was known, and what its page would have shown."""
    known = retell(case_id, read_changes(session, case_id, at))
    return known, picture_of(known, at.astimezone(clock.LOCAL).date())


def _moment(written: str | None) -> datetime:
    if written is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        click.echo("Write the time with its day and zone, such as 2027-03-04T10:00+00:00", err=True)
        sys.exit(REFUSED)
    return moment


def _find(session: Session, case: str) -> CaseRow | None:
    wanted = CaseRow.reference == case.upper()
    if is_id(case):
        wanted = or_(wanted, CaseRow.case_id == case)
    return session.scalar(select(CaseRow).where(wanted))


def _names(session: Session, picture: Picture) -> dict[str, str]:
    """Name the officers; users are never renamed."""
    ids = {each.officer_id for each in picture.officers}
    ids |= {each.officer_id for each in picture.planned}
    ids |= {each.officer_id for each in picture.visits}
    query = select(UserRow.user_id, UserRow.name).where(UserRow.user_id.in_(sorted(ids)))
    return {row.user_id: row.name for row in session.execute(query)}


def in_words(
    reference: str, at: datetime, picture: Picture, names: Mapping[str, str]
) -> Iterator[str]:
    """Say a picture line by line."""
    state = "open" if picture.open else "closed"
    yield f"Case {reference} as it stood on {_when(at)}: {state}"
    yield f"  {picture.name or 'Nobody is named'}"
    if picture.lines:
        yield f"  {', '.join([*picture.lines, picture.postcode])}"
    for officer in picture.officers:
        until = f" until {_when(officer.revoked_at)}" if officer.revoked_at else ""
        name = names.get(officer.officer_id, officer.officer_id)
        yield f"Officer: {name}, since {_when(officer.granted_at)}{until}"
    yield from _about(picture)
    yield from _work(picture, names)


def _about(picture: Picture) -> Iterator[str]:
    for kind in picture.markers:
        yield f"Marker: {kind}"
    for debt in picture.debts:
        held = f", on hold: {', '.join(debt.holds)}" if debt.holds else ""
        yield (
            f"Debt: {debt.debt_type} {debt.account_reference}, "
            f"{money(debt.balance_pence)}, {debt.stage}{held}"
        )
    for person in picture.people:
        role = " (principal)" if person.principal else ""
        yield ", ".join([f"Person: {person.name}{role}", *person.phone_numbers])


def _work(picture: Picture, names: Mapping[str, str]) -> Iterator[str]:
    for planned in picture.planned:
        name = names.get(planned.officer_id, planned.officer_id)
        yield f"Planned: {day_in_words(planned.planned_on)}, {name}, {planned.purpose}"
    for visit in picture.visits:
        name = names.get(visit.officer_id, visit.officer_id)
        yield f"Visit: {_when(visit.happened_at)}, {name}, {visit.outcome}, {visit.review}"
        yield from [f"  {line}" for line in visit.notes.splitlines()]
    for field in picture.differing:
        yield f"Officer and office differed about: {field}"


def _caveats(known: Knowledge, picture: Picture) -> Iterator[str]:
    if picture.recorded_later:
        yield f"Debts and people of the case that were recorded only later: {picture.recorded_later}."
    if known.erased:
        yield f"Personal text of {known.erased} changes has been erased since, and is not shown."
    for name, count in sorted(known.not_told.items()):
        yield f"Not told here: {count} changes of the kind {name}."


def _when(at: datetime) -> str:
    return f"{at.astimezone(clock.LOCAL):%d %B %Y %H:%M}"
