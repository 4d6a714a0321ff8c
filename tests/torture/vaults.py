"""Opens the vault of a device that is shut, with its officer's passphrase, and holds it to the office."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from field_client import device_secret
from field_client.leasing import Leasing
from field_client.tablet import homes_in
from field_client.vault import keys
from field_client.vault.opening import DATABASE_FILE
from field_client.vault.store import Store, open_store
from server.demo.pairing import PASSPHRASE
from server.spine import totals
from shared.schemas import digest
from sync.scope import total_of
from tests.torture.counting import LOST, WRONG, Finding, Office

_SCOPE = """
    SELECT a.case_id::text, a.view, r.kind, r.record_id, r.body
    FROM case_access a JOIN field_record r USING (case_id, view)
    WHERE a.officer_id = :officer AND a.granted AND r.body IS NOT NULL
"""

_NOTICED = frozenset({"scope.differs", "receipt.wrong_seal", "lane.forked", "lane.rewound"})


def opened(folder: Path, officer_id: str) -> Store:
    """Open a vault as its own process does."""
    (home,) = homes_in(folder)
    secret = device_secret.load(home.device_secret).secret
    shares = Leasing(home.lease, secret).shares
    factors = keys.Factors(device_secret=secret, passphrase=PASSPHRASE, shares=shares)
    vault = home.vault(officer_id)
    return open_store(vault / DATABASE_FILE, keys.open_vault(vault, factors).db)


def check(office: Office, folder: Path, officer_id: str, label: str) -> list[Finding]:
    """Hold one device's copy to what the office has for its officer."""
    store = opened(folder, officer_id)
    try:
        return [
            *_sound(store, label),
            *_answered(office, store, label),
            *_same(office, store, officer_id, label),
        ]
    finally:
        store.close()


def _sound(store: Store, label: str) -> Iterator[Finding]:
    for pragma in ("integrity_check", "cipher_integrity_check", "foreign_key_check"):
        said = [row[0] for row in store.rows(f"PRAGMA {pragma}")]
        if said not in ([], ["ok"]):
            yield Finding(kind=WRONG, what=f"{pragma}: {said[:3]}", where=label)
    for kind, times, last_at in store.defects():
        if kind in _NOTICED:
            yield Finding(
                kind=WRONG, what=f"noticed {kind} {times} times", where=f"{label} {last_at}"
            )
    left = store.rows("SELECT photograph_id FROM photograph WHERE recorded AND NOT arrived")
    for (photograph_id,) in left:
        yield Finding(
            kind=LOST, what="a photograph never arrived", where=f"{label} {photograph_id}"
        )


def _answered(office: Office, store: Store, label: str) -> Iterator[Finding]:
    """Every command of the vault is in the office, with the same bytes and the answer it was given."""
    known = {
        row.command_id: (row.payload_hash, row.outcome, row.code, list(row.flags))
        for row in office.rows(
            "SELECT command_id::text, payload_hash, outcome, code, flags FROM command "
            "WHERE store_id = :store",
            store=store.store_id(),
        )
    }
    for command_id, name, written, outcome, code, flags in store.rows(
        "SELECT command_id, name, written, outcome, code, flags FROM outbox"
    ):
        where = f"{name} {command_id} on {label}"
        there = known.pop(command_id, None)
        here = (digest(bytes(written)), outcome, code, json.loads(flags or "[]"))
        if there is None:
            yield Finding(kind=LOST, what="is on the device and not in the office", where=where)
        elif there != here:
            what = f"ended as {here[1:]} on the device and {there[1:]} in the office"
            yield Finding(kind=WRONG, what=what, where=where)
    for command_id in known:
        where = f"{command_id} on {label}"
        yield Finding(kind=LOST, what="is in the office and no longer on the device", where=where)


def _same(office: Office, store: Store, officer_id: str, label: str) -> Iterator[Finding]:
    """Byte for byte the device holds its officer's cases, and what leaves is on its way."""
    wanted = _by_key(office.rows(_SCOPE, officer=officer_id))
    held = _by_key(
        store.rows(
            "SELECT case_id, view, kind, record_id, body FROM record r WHERE NOT EXISTS "
            "(SELECT 1 FROM purge p WHERE p.case_id = r.case_id AND p.view = r.view)"
        )
    )
    for key in sorted(wanted.keys() | held.keys()):
        if wanted.get(key) != held.get(key):
            what = (
                "lacks" if key not in held else "has more than" if key not in wanted else "differs"
            )
            yield Finding(kind=WRONG, what=f"{label} {what}: a record", where=" ".join(key[:3]))
    with Session(office.engine) as session:
        kept = totals.of_scope(session, officer_id)
        counted = total_of(totals.counted(session, officer_id))
    if not kept == counted == store.total():
        yield Finding(kind=WRONG, what="totals differ", where=f"{label} {kept} {counted}")


def _by_key(rows: Any) -> Mapping[tuple[str, ...], str]:
    return {tuple(row[:4]): row[4] for row in rows}
