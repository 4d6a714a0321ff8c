"""Sends the bytes of photographs to the office, part by part, going on where the office says it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from field_client.answers import Answer
from field_client.vault import photographs
from field_client.vault.store import Store
from sync.blobs import PART_BYTES, PART_TYPE, address_of, read_held

Send = Callable[[str, bytes, str], Answer]
"""Carries one request to the office and gives its answer; raises when no office answered."""

Check = Callable[[Answer], str | None]
"""Raises when the office's answer stops the whole sync; gives the code it refused this one with."""

STARTS_MAX = 3
"""Times one photograph is begun again in one sync before it is left for the next."""


def ready(store: Store) -> list[photographs.KeptPhotograph]:
    """List the photographs whose visit the office has answered for, oldest first."""
    accepted = {
        str(row[0])
        for row in store.rows(
            "SELECT json_extract(CAST(written AS TEXT), '$.body.photograph_id') FROM outbox "
            "WHERE name = 'RecordPhotograph' AND outcome IN "
            "('applied', 'merged', 'no_change', 'flagged', 'duplicate')"
        )
    }
    return [p for p in photographs.waiting(store) if p.photograph_id in accepted]


def upload(store: Store, photograph_id: str, send: Send, check: Check) -> Iterator[int]:
    """Send one photograph, yielding how many bytes of it the office holds as it goes.

    Leaving it at any point is safe: the next time begins where the office stopped.
    """
    body = photographs.body(store, photograph_id) or b""
    answer = send(address_of(photograph_id, 0), b"", PART_TYPE)
    refused, before, starts = check(answer), -1, 0
    while refused is None:
        held = read_held(answer.body)
        yield held.received
        if held.complete:
            photographs.note_arrived(store, photograph_id)
            return
        starts += held.received <= before
        if starts >= STARTS_MAX or not 0 <= held.received < len(body):
            return
        before = held.received
        part = body[held.received : held.received + PART_BYTES]
        answer = send(address_of(photograph_id, held.received), part, PART_TYPE)
        refused = check(answer)
