"""Keeps photographs in the vault, from the moment they are taken until the office has their bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from field_client.vault.pictures import Picture, check_picture
from field_client.vault.store import Store
from shared.errors import RuleBroken

PHOTOGRAPHS_MAX = 12
"""Photographs one visit may hold."""

_READ_BYTES = 256 * 1024


@dataclass(frozen=True, kw_only=True)
class KeptPhotograph:
    """What is known of a photograph on this device, without its bytes."""

    photograph_id: str
    visit_id: str
    case_id: str
    purpose: str
    size_bytes: int
    recorded: bool
    arrived: bool
    address: str | None = None
    refused: str | None = None
    settled: bool = False

    @property
    def needs_you(self) -> bool:
        """Tell whether the office will never keep it and the officer has not dealt with that."""
        return self.refused is not None and not self.settled


def keep(store: Store, picture: Picture, *, visit_id: str, case_id: str, purpose: str) -> None:
    """Keep a photograph for a visit, then read it back and look at it before saying that it is kept."""
    store.make_room()
    with store.transaction() as connection:
        others = [p for p in of_visit(store, visit_id) if p.photograph_id != picture.photograph_id]
        if len(others) >= PHOTOGRAPHS_MAX:
            raise RuleBroken("photograph.too_many", field="photograph", most=PHOTOGRAPHS_MAX)
        connection.execute(
            "INSERT INTO photograph (photograph_id, visit_id, case_id, purpose, body) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (photograph_id, visit_id) DO UPDATE "
            "SET purpose = excluded.purpose WHERE NOT recorded",
            (picture.photograph_id, visit_id, case_id, purpose, picture.body),
        )
    try:
        check_picture(body(store, picture.photograph_id) or b"", picture.photograph_id)
    except RuleBroken:
        remove(store, visit_id, picture.photograph_id)
        raise


def of_visit(store: Store, visit_id: str) -> list[KeptPhotograph]:
    """List the photographs of a visit in the order they were taken."""
    return _kept(store, "WHERE visit_id = ?", visit_id)


def waiting(store: Store) -> list[KeptPhotograph]:
    """List the photographs of saved visits the office is still to have, the oldest visit's first."""
    return _kept(
        store,
        "WHERE recorded AND NOT arrived AND refused IS NULL",
        order="(SELECT min(outbox.rowid) FROM outbox WHERE group_id = photograph.visit_id), rowid",
    )


def unarrived(store: Store) -> list[tuple[int, str]]:
    """List the photographs of saved visits that the office has not got, by their turn and name."""
    return [
        (int(turn), str(photograph_id))
        for turn, photograph_id in store.rows(
            "SELECT min(rowid), photograph_id FROM photograph "
            "WHERE recorded AND NOT arrived AND refused IS NULL "
            "GROUP BY photograph_id ORDER BY 1"
        )
    ]


_COLUMNS = (
    "photograph_id, visit_id, case_id, purpose, length(body), recorded, arrived, address, refused, "
    "settled_at"
)


def _kept(store: Store, where: str, *values: str, order: str = "rowid") -> list[KeptPhotograph]:
    return [
        KeptPhotograph(
            photograph_id=row[0],
            visit_id=row[1],
            case_id=row[2],
            purpose=row[3],
            size_bytes=row[4],
            recorded=bool(row[5]),
            arrived=bool(row[6]),
            address=row[7],
            refused=row[8],
            settled=row[9] is not None,
        )
        for row in store.rows(
            f"SELECT {_COLUMNS} FROM photograph {where} ORDER BY {order}",  # noqa: S608 - our own words
            values,
        )
    ]


def body(store: Store, photograph_id: str) -> bytes | None:
    """Give a photograph's bytes, if this device holds them."""
    found = store.rows("SELECT body FROM photograph WHERE photograph_id = ?", (photograph_id,))
    return bytes(found[0][0]) if found else None


def part(store: Store, photograph_id: str, start: int, length: int) -> bytes:
    """Give some of a photograph's bytes, so that sending it never takes the whole into memory."""
    found = store.rows(
        "SELECT substr(body, ?, ?) FROM photograph WHERE photograph_id = ?",
        (start + 1, length, photograph_id),
    )
    return bytes(found[0][0]) if found else b""


def is_whole(store: Store, photograph: KeptPhotograph) -> bool:
    """Tell whether the bytes kept here still are what the photograph is named by."""
    seen = hashlib.sha256()
    for start in range(0, photograph.size_bytes, _READ_BYTES):
        seen.update(part(store, photograph.photograph_id, start, _READ_BYTES))
    return seen.hexdigest() == photograph.photograph_id


def remove(store: Store, visit_id: str, photograph_id: str) -> None:
    """Take a photograph off a visit that is not saved yet."""
    with store.transaction() as connection:
        connection.execute(
            "DELETE FROM photograph WHERE visit_id = ? AND photograph_id = ? AND NOT recorded",
            (visit_id, photograph_id),
        )


def forget_unrecorded(store: Store, visit_id: str) -> None:
    """Delete the photographs of a visit that will not be saved."""
    with store.transaction() as connection:
        connection.execute(
            "DELETE FROM photograph WHERE visit_id = ? AND NOT recorded", (visit_id,)
        )


def move(store: Store, visit_id: str, to_visit_id: str) -> None:
    """Give the photographs of a visit the office refused to the one recorded in its place."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photograph SET visit_id = ?, recorded = 0 WHERE visit_id = ? AND NOT arrived",
            (to_visit_id, visit_id),
        )


def note_recorded(store: Store, visit_id: str) -> None:
    """Note that the visit of these photographs has been saved, so that they are to be sent."""
    with store.transaction() as connection:
        connection.execute("UPDATE photograph SET recorded = 1 WHERE visit_id = ?", (visit_id,))


def note_arrived(store: Store, photograph_id: str) -> None:
    """Note that the office has the bytes, checked against their name."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photograph SET arrived = 1 WHERE photograph_id = ?", (photograph_id,)
        )


def note_address(store: Store, photograph_id: str, address: str | None) -> None:
    """Note where the office goes on with a photograph, so that a cut upload is not begun again."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photograph SET address = ? WHERE photograph_id = ?", (address, photograph_id)
        )


def note_refused(store: Store, photograph_id: str, code: str) -> None:
    """Note that the office will never keep a photograph: it is said, and not sent again."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photograph SET refused = ?, address = NULL "
            "WHERE photograph_id = ? AND NOT arrived",
            (code, photograph_id),
        )


def settle(store: Store, visit_id: str, now: datetime) -> None:
    """Note that the officer has dealt with the refused photographs of a visit."""
    with store.transaction() as connection:
        connection.execute(
            "UPDATE photograph SET settled_at = ? "
            "WHERE visit_id = ? AND refused IS NOT NULL AND settled_at IS NULL",
            (now.isoformat(), visit_id),
        )
