"""Takes files in for tests: small lists written in place, the real door, and a look at the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from server.interop.intake import Declared
from server.interop.profile_files import from_data
from server.interop.profiles import Profile
from server.interop.running import NEEDED, GivenFile, Import, Importer
from shared.commands import Actor
from tests.server.office import NOW, Office, new_id

SAMPLE = Path(__file__).parents[3] / "server" / "interop" / "samples" / "accounts.csv"

FIELDS: dict[str, Any] = {
    "account_reference": "Ref",
    "payer_name": {"columns": ["Payer"], "optional": True},
    "payer_reference": {"columns": ["Payer ref"], "optional": True},
    "payer_kind": {"columns": ["Kind"], "optional": True},
    "payer_date_of_birth": {"columns": ["Born"], "optional": True},
    "payer_phone": {"columns": ["Phone"], "optional": True},
    "payer_email": {"columns": ["Email"], "optional": True},
    "second_payer_name": {"columns": ["Second"], "optional": True},
    "contact_address": {"columns": ["Write to"], "optional": True, "split": ","},
    "contact_postcode": {"columns": ["Write to code"], "optional": True},
    "property_reference": {"columns": ["Property"], "optional": True},
    "property_address": {"columns": ["Address"], "optional": True, "split": ","},
    "property_postcode": {"columns": ["Postcode"], "optional": True},
    "property_uprn": {"columns": ["UPRN"], "optional": True},
    "property_latitude": {"columns": ["Lat"], "optional": True},
    "property_longitude": {"columns": ["Long"], "optional": True},
    "rateable_value_pounds": {"columns": ["RV"], "optional": True},
    "liable_from": {"columns": ["From"], "optional": True},
    "liable_until": {"columns": ["Until"], "optional": True},
    "debt_reference": {"columns": ["Bill"], "optional": True},
    "period_from": {"columns": ["Year from"], "optional": True},
    "charged": {"columns": ["Charged"], "optional": True},
    "balance": {"columns": ["Owed"], "optional": True},
    "reported_on": {"columns": ["As at"], "optional": True},
    "hold_reason": {"columns": ["Stop"], "optional": True},
    "hold_until": {"columns": ["Stop to"], "optional": True},
}


def profile(heading: Sequence[str], **more: Any) -> Profile:
    """Write a profile for a list with some of these columns."""
    wanted = {
        name: column if isinstance(column, str) else {**column, "optional": False}
        for name, column in FIELDS.items()
        if (column if isinstance(column, str) else column["columns"][0]) in heading
    }
    data: dict[str, Any] = {
        "name": "test",
        "title": "Test",
        "source": "Invented",
        "service": "Revenues",
        "country": "england",
        "debt_type": "council_tax",
        "date_formats": ["YYYY-MM-DD"],
        "merge_organisations": "registered",
        "fields": wanted,
    }
    return from_data({**data, **more})


def written(rows: Sequence[Mapping[str, str]]) -> tuple[list[str], bytes]:
    """Write rows as a file with the columns any of them has."""
    heading = list(dict.fromkeys(name for row in rows for name in row))
    lines = [heading, *([row.get(name, "") for name in heading] for row in rows)]
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    return heading, ("\n".join(quoted) + "\n").encode()


def importer(office: Office, at: datetime = NOW) -> Importer:
    """Take files in as somebody who may."""
    actor = Actor(user_id=new_id(), permissions=NEEDED)
    return Importer(import_id=new_id(), door=office.door, actor=actor, clock=lambda: at)


def given(
    rows: Sequence[Mapping[str, str]],
    *,
    reported_on: date | None = None,
    declared: Declared | None = None,
    **more: Any,
) -> GivenFile:
    """Give a file of these rows."""
    heading, data = written(rows)
    return GivenFile(
        name="list.csv",
        data=data,
        profile=profile(heading, **more),
        reported_on=reported_on,
        declared=declared or Declared(),
    )


def quietly(_done: int, _total: int) -> None:
    """Say nothing of how far it is."""


def take_in(office: Office, *rows: Mapping[str, str], at: datetime = NOW, **more: Any) -> Import:
    """Take a file of these rows in."""
    return importer(office, at).run(given(rows, **more), quietly)


def figures(done: Import) -> tuple[int, int, int, int]:
    """Give created, changed, unchanged, rejected; what was read is always their sum."""
    told = done.tally
    assert told.read == told.created + told.changed + told.unchanged + told.rejected
    assert told.read == done.survey.read
    return told.created, told.changed, told.unchanged, told.rejected


def ask(office: Office, query: str, **values: object) -> list[Any]:
    """Look something up; of one column only the values."""
    with office.look() as session:
        rows = session.execute(text(query), values).all()
    return [row[0] if len(row) == 1 else tuple(row) for row in rows]


LOGGED = ("command", "change", "detail")
DOMAIN = (
    *("account", "debt", "liable_party", "transaction", "hold", "task"),
    *("person", "former_name", "address", "residence", "contact", "search_term"),
    "payer_reference",
)


def everything(office: Office) -> dict[str, list[Any]]:
    """Give every row an import can alter, for showing that one altered nothing."""
    return {
        table: sorted(ask(office, f'SELECT "{table}"::text FROM "{table}"'))  # noqa: S608 - our own words
        for table in DOMAIN
    }


def counted(office: Office) -> list[int]:
    """Count the lines of the log and what else an import writes down."""
    tables = (*LOGGED, "import_file", "import_reject", "imported_account")
    return [ask(office, f'SELECT count(*) FROM "{table}"')[0] for table in tables]  # noqa: S608 - our own words


def logged(office: Office) -> list[str]:
    """Name the commands the office has answered, the imports' own left out."""
    return ask(
        office,
        "SELECT name FROM command WHERE name NOT IN ('BeginImport', 'FinishImport')"
        " UNION ALL SELECT name FROM change WHERE name NOT IN ('ImportBegun', 'ImportFinished')",
    )


def owed(office: Office) -> dict[str, int]:
    """Give the balance of every debt by its reference."""
    return dict(ask(office, "SELECT reference, balance_pence FROM debt"))


def liable(office: Office) -> dict[str, list[str]]:
    """Give who is liable now for each account, by its reference."""
    found: dict[str, list[str]] = {}
    for reference, name in ask(
        office,
        "SELECT DISTINCT account.reference, person.name FROM account JOIN debt USING (account_id)"
        " JOIN liable_party USING (debt_id) JOIN person USING (person_id)"
        " WHERE liable_party.until IS NULL ORDER BY 1, 2",
    ):
        found.setdefault(reference, []).append(name)
    return found


def open_tasks(office: Office) -> list[tuple[str, str]]:
    """Give the tasks that wait, by kind and account."""
    return ask(
        office,
        "SELECT kind, reference FROM task JOIN account USING (account_id)"
        " WHERE done_at IS NULL ORDER BY 1, 2",
    )
