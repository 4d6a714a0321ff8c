"""The device's half of a conversation: what to ask next, and when there is nothing left to ask."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

from sync.protocol import ENVELOPES_MAX, RECORDS_MAX, DeviceStore, Reply, Request

ROUNDS_MAX = 1_000
"""Requests one sync may make before it stops and leaves the rest to the next."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a sync has come, for a person to see."""

    received: int = 0
    expected: int = 0
    sent: int = 0


def converse(
    store: DeviceStore, *, records_max: int = RECORDS_MAX, envelopes_max: int = ENVELOPES_MAX
) -> Generator[Request, Reply, Progress]:
    """Yield each request to send and take each reply, until both sides hold the same.

    The caller does the sending, so this loop needs no network; leaving it at any point is safe
    because everything it has learnt is in the store.
    """
    progress = Progress()
    for _round in range(ROUNDS_MAX):
        request = Request(
            store_id=store.store_id(),
            epoch=store.epoch(),
            cursor=store.cursor(),
            envelopes=tuple(store.waiting(envelopes_max)),
            purged=tuple(store.purged()),
            records_max=records_max,
        )
        reply = yield request
        store.absorb(reply)
        received = progress.received + len(reply.page.records)
        progress = Progress(
            received=received,
            expected=received + reply.page.remaining,
            sent=progress.sent + len(reply.receipts),
        )
        if not reply.page.more and not _has_more_to_say(store, request, reply):
            break
    return progress


def _has_more_to_say(store: DeviceStore, request: Request, reply: Reply) -> bool:
    """Tell whether another request would bring something new: commands, or a case erased by now."""
    erased = tuple(store.purged())
    return bool(reply.receipts and store.waiting(1)) or bool(erased and erased != request.purged)
