"""Sends the bytes of photographs to the office, part by part, going on where the office says it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import partial

from field_client.answers import Answer
from field_client.vault import photographs
from field_client.vault.photographs import KeptPhotograph
from field_client.vault.store import Store
from shared.catalogue import mark
from sync.blob_session import Answered, Asking, Ending, Sending
from sync.blobs import DAMAGED, NOT_A_PICTURE, SIZE, TOO_LARGE

Ask = Callable[[Asking], Answer]
"""Carries one request to the office and gives its answer; raises when no office answered."""

Check = Callable[[Answer], None]
"""Raises when the office's answer is about the device and not about one photograph."""

WIFI_ONLY = "photographs_on_wifi_only"
"""Under which name the vault keeps the rule; without a word of the officer it holds."""

DAMAGED_HERE = "photograph.damaged_here"
"""Why a photograph whose bytes are no longer what they were is not sent again."""

REFUSED: dict[str, str] = {
    NOT_A_PICTURE: mark("It is not a plain photograph, and the office keeps nothing else"),
    SIZE: mark("It is not as large as it was when the visit was saved"),
    TOO_LARGE: mark("It is larger than any the office keeps"),
    DAMAGED_HERE: mark("It was damaged on this device after it was taken"),
}
"""Why the office will never keep a photograph; what to do then is the same for all."""


class Waits(StrEnum):
    """Why photographs are held back on this connection."""

    NO = ""
    COSTS = "costs"
    NOT_KNOWN = "not_known"


def is_wifi_only(store: Store) -> bool:
    """Tell whether photographs are held back where sending may cost money."""
    return store.get(WIFI_ONLY) != "no"


def waits(store: Store, metered: bool | None) -> Waits:  # noqa: FBT001 - the keeper's own answer
    """Say whether photographs wait: on a connection that costs, and on one nobody can tell of."""
    if not is_wifi_only(store) or metered is False:
        return Waits.NO
    return Waits.COSTS if metered else Waits.NOT_KNOWN


def ready(store: Store) -> list[KeptPhotograph]:
    """List the photographs whose visit the office has answered for, the oldest visit's first."""
    waiting = photographs.waiting(store)
    if not waiting:
        return []  # as mostly, and all that was saved here would be read for it
    accepted = {
        (str(row[0]), str(row[1]))
        for row in store.rows(
            "SELECT json_extract(CAST(written AS TEXT), '$.body.photograph_id'), "
            "json_extract(CAST(written AS TEXT), '$.body.visit_id') FROM outbox "
            "WHERE name = 'RecordPhotograph' AND outcome IN "
            "('applied', 'merged', 'no_change', 'flagged', 'duplicate')"
        )
    }
    return [p for p in waiting if (p.photograph_id, p.visit_id) in accepted]


def upload(store: Store, photograph: KeptPhotograph, ask: Ask, check: Check) -> Iterator[int]:
    """Send one photograph, yielding how many bytes of it the office holds as it goes.

    Leaving it at any point is safe: the next time begins where the office stopped.
    """
    name = photograph.photograph_id
    sending = Sending(
        photograph_id=name,
        size_bytes=photograph.size_bytes,
        read=partial(photographs.part, store, name),
        address=photograph.address,
    )
    address = photograph.address
    while (asking := sending.next()) is not None:
        answer = ask(asking)
        check(answer)
        sending.take(Answered(status=answer.status, headers=answer.headers))
        if sending.address != address:
            address = sending.address
            photographs.note_address(store, name, address)
        if sending.code == DAMAGED and not photographs.is_whole(store, photograph):
            photographs.note_refused(store, name, DAMAGED_HERE)
            return
        if sending.ending is Ending.ARRIVED:
            photographs.note_arrived(store, name)
        elif sending.ending is Ending.REFUSED:
            photographs.note_refused(store, name, sending.code)
        yield sending.held
