"""The device's half of a conversation: what to ask next, and when there is nothing left to ask."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sync.device_steps import (
    Absorb,
    CheckSeal,
    Copy,
    Device,
    Draw,
    ReadClock,
    ReadCopy,
    Renumber,
    Send,
    Taken,
)
from sync.protocol import ENVELOPES_MAX, RECORDS_MAX, Reply, Request
from sync.steps import Steps, ask

ROUNDS_MAX = 1_000
"""Requests one sync may make before it stops and leaves the rest to the next."""

MENDING_MAX = 5
"""Times one sync asks to have its copy mended, or a purge confirmed, before it leaves off."""

STEADY_SECONDS = 300.0
"""How long to wait between syncs while the office answers."""

STEADY_SPREAD = 0.3
"""By which part of itself that wait differs, so that a team's devices do not all ask at once."""

RETRY_SECONDS_MIN = 5.0
RETRY_SECONDS_MAX = 900.0
"""The longest wait while the office cannot be reached; most are shorter, and each is drawn."""

_DOUBLINGS_MAX = 8


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How far a sync has come, and what is not as it should be when it ends.

    `differs`, `parked` and `forked` say what they say in `Taken`.
    """

    received: int = 0
    expected: int = 0
    sent: int = 0
    mended: int = 0
    differs: bool = False
    parked: bool = False
    forked: bool = False


def converse(
    *, records_max: int = RECORDS_MAX, envelopes_max: int = ENVELOPES_MAX
) -> Steps[Device, Progress]:
    """Ask the office again and again, until both sides hold the same.

    Leaving it at any step is safe, because everything it has learnt is in the vault.
    """
    progress = Progress()
    copy = yield from _read_copy(envelopes_max)
    for _round in range(ROUNDS_MAX):
        request = request_of(copy, records_max)
        reply = yield from ask(Send(request))
        sealed = yield from ask(CheckSeal(reply))
        clock = yield from ask(ReadClock())
        taken = yield from ask(Absorb(reply, clock, sealed))
        progress = _counted(progress, reply, taken)
        if _is_the_end(reply, taken):
            break
        before, copy = copy, (yield from _read_copy(envelopes_max))
        if not _goes_on(before, copy, reply, taken, progress):
            break
    return progress


def _read_copy(envelopes_max: int) -> Steps[Device, Copy]:
    """Ask what there is to say, once a vault that was copied has a name of its own."""
    copy = yield from ask(ReadCopy(envelopes_max))
    if copy.forked:
        yield from ask(Renumber())
        copy = yield from ask(ReadCopy(envelopes_max))
    return copy


def request_of(copy: Copy, records_max: int = RECORDS_MAX) -> Request:
    """Say what a device has to say."""
    return Request(
        store_id=copy.store_id,
        epoch=copy.epoch,
        cursor=copy.cursor,
        envelopes=copy.waiting,
        places=copy.places,
        signatures=copy.signatures,
        purged=copy.purged,
        records_max=records_max,
        manifest=copy.manifest,
        confirm=copy.confirm,
        report=copy.report,
    )


def pause(failures: int) -> Steps[Device, float]:
    """Draw how long to wait: about as long as usual, or anything up to a limit that grows."""
    if not failures:
        spread = STEADY_SECONDS * STEADY_SPREAD
        return (yield from ask(Draw(STEADY_SECONDS - spread, STEADY_SECONDS + spread)))
    limit = RETRY_SECONDS_MIN * 2 ** min(failures, _DOUBLINGS_MAX)
    drawn = yield from ask(Draw(0.0, min(limit, RETRY_SECONDS_MAX)))
    return max(RETRY_SECONDS_MIN, drawn)


def _counted(progress: Progress, reply: Reply, taken: Taken) -> Progress:
    received = progress.received + len(reply.page.records)
    return replace(
        progress,
        received=received,
        expected=received + reply.page.remaining,
        sent=progress.sent + taken.receipts,
        mended=progress.mended + (taken.differs or taken.parked or taken.forked),
        differs=taken.differs,
        parked=taken.parked,
        forked=progress.forked or taken.forked,
    )


def _is_the_end(reply: Reply, taken: Taken) -> bool:
    """Tell that nothing came of a reply that there could be anything to say of."""
    page = reply.page
    settled = taken.receipts or taken.erased or reply.noted or reply.replaces or reply.confirmed
    wrong = taken.differs or taken.parked or taken.forked
    return not (settled or wrong or page.more or page.purges)


def _goes_on(before: Copy, copy: Copy, reply: Reply, taken: Taken, progress: Progress) -> bool:
    """Tell whether another request would bring something new."""
    if taken.differs or taken.parked or taken.forked:
        return progress.mended <= MENDING_MAX
    more_to_read = reply.page.more and copy.cursor != before.cursor
    other_life = copy.epoch != before.epoch and before.epoch is not None
    more_to_send = bool(taken.receipts and copy.waiting)
    more_erased = bool(copy.purged and copy.purged != before.purged)
    return more_to_read or other_life or more_to_send or more_erased
