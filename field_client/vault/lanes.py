"""Where each lane of this vault stands: the number and hash that its next command follows on."""

from __future__ import annotations

from field_client.vault.records import Connection
from shared.commands import Lane
from sync.protocol import GENESIS, Position

NUMBERED_HERE = "coalesce(former_store, '') = ''"
"""Chooses what was numbered under this vault's present name, in the words of the index of numbers."""


def head_of(connection: Connection, lane: Lane) -> Position:
    """Say where a lane stands, whether its last command is still kept here or not."""
    found = connection.execute(
        f"SELECT seq, hash FROM outbox WHERE {NUMBERED_HERE} AND lane = ? "  # noqa: S608 - our own words
        "ORDER BY seq DESC LIMIT 1",
        (lane.value,),
    ).fetchone()
    kept = connection.execute("SELECT value FROM meta WHERE name = ?", (_name(lane),)).fetchone()
    if kept is not None:
        seq, _, head = str(kept[0]).partition(" ")
        if found is None or int(seq) > found[0]:
            return Position(seq=int(seq), head=head)
    return Position(seq=found[0], head=found[1]) if found else Position(head=GENESIS)


def hash_at(connection: Connection, lane: Lane, seq: int) -> str | None:
    """Give the hash after one number of a lane, if that command is still kept here."""
    found = connection.execute(
        f"SELECT hash FROM outbox WHERE {NUMBERED_HERE} AND lane = ? AND seq = ?",  # noqa: S608 - as above
        (lane.value, seq),
    ).fetchone()
    return None if found is None else str(found[0])


def keep_heads(connection: Connection) -> None:
    """Keep where each lane stands apart from its commands, so that any of those may go."""
    for lane in Lane:
        at = head_of(connection, lane)
        if at.seq:
            connection.execute(
                "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE "
                "SET value = excluded.value WHERE value <> excluded.value",
                (_name(lane), f"{at.seq} {at.head}"),
            )


def forget_heads(connection: Connection) -> None:
    """Begin every lane anew, under another name of this vault."""
    connection.executemany("DELETE FROM meta WHERE name = ?", [(_name(lane),) for lane in Lane])


def _name(lane: Lane) -> str:
    return f"lane_{lane.value}"
