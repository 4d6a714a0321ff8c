"""Vaults as each version of the program left them, written once and opened by every later one.

When the schema moves on, `python -m tests.field_client.vault.frozen` writes the one that is missing;
what is there already is never written again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault import database as opening
from field_client.vault import drafts, photographs
from field_client.vault.drafts import Draft
from field_client.vault.execute import Saving, execute
from field_client.vault.pictures import read_picture
from field_client.vault.schema import SCHEMA_VERSION, STEPS
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from shared.contacts import RecordPhoneNumber
from shared.photographs import RecordPhotograph
from shared.visits import RecordVisit
from sync.officer_keys import Holder
from sync.protocol import Clock
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import OFFICER, case, id_of, place
from tests.simulation.disk import Disk
from tests.simulation.scripted import SEAL, Commit, Scripted

FOLDER = Path(__file__).with_name("fixtures")
KEY = bytes(range(32))
STORE_ID = id_of("the vault that was frozen")
SAVED_AT = datetime(2027, 3, 1, 8, 30, tzinfo=UTC)
HERE = place("1 Market Place", "QZ1 1AA")
TABLES = ("meta", "record", "outbox", "purge", "draft", "photograph", "officer_key")


def the_office() -> Scripted:
    """Give the office that these vaults speak to: one case was taken away since they were frozen."""
    return Scripted(
        commits=[
            Commit(cases=tuple(case(name, HERE) for name in ("One", "Two"))),
            Commit(cases=(case("Three", HERE),), leave=(id_of("Two"),)),
        ]
    )


def fill(store: Store) -> None:
    """Do a morning's work: one visit answered, one queued with a number and a photograph, a draft."""
    store.put("store_id", STORE_ID)
    store.make_key(
        Holder(office=SEAL.public_text, device_id=id_of("the device it was on"), officer_id=OFFICER)
    )
    office = the_office()
    office.commits = office.commits[:1]
    syncing = Syncing(store, office, lambda least, _most: least, office_key=SEAL.public_text)
    assert syncing.sync_once().problem is None
    _visit(store, "answered")
    assert syncing.sync_once().problem is None
    _visit(store, "queued", more=True)
    drafts.keep(
        store,
        Draft(
            draft_id=id_of("draft"), case_id=id_of("Two"), kind="visit", saved_at=SAVED_AT,
            typed={"notes": ("Siân said the gate 🚪",)},
        ),
    )  # fmt: skip


def _visit(store: Store, name: str, *, more: bool = False) -> None:
    visit_id, case_id = id_of(f"visit {name}"), id_of("One")
    commands: list[RecordVisit | RecordPhoneNumber | RecordPhotograph] = [
        RecordVisit(
            visit_id=visit_id, case_id=case_id, happened_at=SAVED_AT, outcome="no_answer",
            notes=f"A visit that was {name}.",
        )
    ]  # fmt: skip
    if more:
        picture = read_picture(jpeg())
        photographs.keep(store, picture, visit_id=visit_id, case_id=case_id, purpose="premises")
        commands += [
            RecordPhoneNumber(
                contact_id=id_of("contact"), case_id=case_id, person_id=id_of("person One"),
                number="07700900123",
            ),
            RecordPhotograph(
                photograph_id=picture.photograph_id, visit_id=visit_id, case_id=case_id,
                purpose="premises", size_bytes=len(picture.body),
            ),
        ]  # fmt: skip
    execute(
        store,
        OFFICER,
        [Saving(command_id=id_of(f"{name} {type(c).__name__}"), command=c) for c in commands],
        clock=Clock(wall=SAVED_AT.isoformat(), monotonic=1.0, boot="the first", offset=0.5),
        now=SAVED_AT,
        group=visit_id,
    )
    photographs.note_recorded(store, visit_id)


def write(path: Path, version: int) -> None:
    """Write a vault as the program of a version left it, and what was queued in it beside it."""
    disk = Disk(0)
    today = open_store(disk.folder / "vault.db", bytearray(KEY), drive=disk)
    fill(today)
    with (
        patch.object(opening, "STEPS", STEPS[:version]),
        patch.object(opening, "SCHEMA_VERSION", version),
    ):
        old = open_store(path, bytearray(KEY))
    with old.transaction() as connection:
        for table in TABLES:
            _copy(today, connection, table)
    old.close()
    today.close()


def _copy(today: Store, connection: sqlcipher.Connection, table: str) -> None:
    """Copy a table, as far as both versions have its columns."""
    columns = f"SELECT name FROM pragma_table_info('{table}')"  # noqa: S608 - our own words
    known = {row[0] for row in today.rows(columns)}
    shared = [row[0] for row in connection.execute(columns) if row[0] in known]
    if not shared:
        return  # there was no such table yet
    names, marks = ", ".join(shared), ", ".join("?" for _ in shared)
    connection.executemany(
        f"INSERT INTO {table} ({names}) VALUES ({marks})",  # noqa: S608 - our own words
        today.rows(f"SELECT {names} FROM {table}"),  # noqa: S608 - our own words
    )


def main() -> None:
    """Write the vaults that are missing."""
    FOLDER.mkdir(exist_ok=True)
    for version in range(1, SCHEMA_VERSION + 1):
        path = FOLDER / f"vault_v{version}.db"
        if not path.exists():
            write(path, version)


if __name__ == "__main__":
    main()
