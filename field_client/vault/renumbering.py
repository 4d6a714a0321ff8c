"""Numbers unsent work anew when this vault turns out to be a copy, so that both copies go on working."""

from __future__ import annotations

import json
from typing import Any

from field_client.vault import lanes, signing
from field_client.vault.absorbing import FORKED
from field_client.vault.records import Connection
from shared.commands import Lane
from shared.schemas import digest
from sync.protocol import GENESIS
from sync.wire import chain_hash, write_envelope

ROOM_BYTES = 200
"""Bytes an envelope may grow by when it is numbered anew; so much is left free when it is written."""


def renumber(connection: Connection, store_id: str) -> None:
    """Take another name and number what has no receipt anew under it, each lane in its order.

    What was answered keeps its number under the earlier name. The bytes that a command had are kept,
    and the new ones name those it was first written as: so the office knows it again if the other
    copy has sent it. What is numbered anew is signed anew.
    """
    former = connection.execute("SELECT value FROM meta WHERE name = 'store_id'").fetchone()[0]
    connection.execute("UPDATE outbox SET former_store = ? WHERE former_store IS NULL", (former,))
    lanes.forget_heads(connection)
    for lane in Lane:
        _renumber_lane(connection, lane, store_id)
    connection.execute("UPDATE meta SET value = ? WHERE name = 'store_id'", (store_id,))
    connection.execute("DELETE FROM meta WHERE name = ?", (FORKED,))
    signing.sign_unsigned(connection)


def _renumber_lane(connection: Connection, lane: Lane, store_id: str) -> None:
    head = GENESIS
    waiting = connection.execute(
        "SELECT command_id, written, first, former_store FROM outbox "
        "WHERE lane = ? AND outcome IS NULL ORDER BY rowid",
        (lane.value,),
    ).fetchall()
    for seq, (command_id, written, first, former) in enumerate(waiting, start=1):
        origin = first or digest(bytes(written))
        connection.execute(
            "INSERT INTO former_envelope VALUES (?, ?, ?)", (command_id, former, written)
        )
        anew = _written_anew(bytes(written), store_id, seq, head, origin)
        head = chain_hash(head, anew)
        connection.execute(
            "UPDATE outbox SET seq = ?, hash = ?, written = ?, first = ?, former_store = NULL, "
            "signature = NULL WHERE command_id = ?",
            (seq, head, anew, origin, command_id),
        )


def _written_anew(written: bytes, store_id: str, seq: int, prev: str, first: str) -> bytes:
    """Write the same command with another number; members this version does not know stay."""
    members: dict[str, Any] = json.loads(written)
    return write_envelope(
        {**members, "store_id": store_id, "seq": seq, "prev": prev, "first": first}
    )
