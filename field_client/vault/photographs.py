"""Keeps photographs in the vault, from the moment they are taken until the office has their bytes."""

from __future__ import annotations

from dataclasses import dataclass

from field_client.vault.pictures import Picture, check_picture
from field_client.vault.store import Store
from shared.errors import RuleBroken

PHOTOGRAPHS_MAX = 12
"""Photographs one visit may hold."""


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


def keep(store: Store, picture: Picture, *, visit_id: str, case_id: str, purpose: str) -> None:
    """Keep a photograph for a visit, then read it back and look at it before saying that it is kept."""
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
    """List the photographs of saved visits that the office does not have yet, oldest first."""
    return _kept(store, "WHERE recorded AND NOT arrived")


_COLUMNS = "photograph_id, visit_id, case_id, purpose, length(body), recorded, arrived"


def _kept(store: Store, where: str, *values: str) -> list[KeptPhotograph]:
    return [
        KeptPhotograph(
            photograph_id=photograph_id,
            visit_id=visit_id,
            case_id=case_id,
            purpose=purpose,
            size_bytes=size_bytes,
            recorded=bool(recorded),
            arrived=bool(arrived),
        )
        for photograph_id, visit_id, case_id, purpose, size_bytes, recorded, arrived in store.rows(
            f"SELECT {_COLUMNS} FROM photograph {where} ORDER BY rowid",  # noqa: S608 - our own words
            values,
        )
    ]


def body(store: Store, photograph_id: str) -> bytes | None:
    """Give a photograph's bytes, if this device holds them."""
    found = store.rows("SELECT body FROM photograph WHERE photograph_id = ?", (photograph_id,))
    return bytes(found[0][0]) if found else None


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
