"""The office's half of a conversation, as one readable list of steps over whatever store it is given."""

from __future__ import annotations

from collections.abc import Sequence

from shared.commands import Lane, Outcome
from shared.schemas import digest
from sync.protocol import Envelope, OfficeStore, Position, Receipt, Reply, Request
from sync.wire import NotAMessage, chain_hash, read_envelope


def answer(request: Request, store: OfficeStore, server_time: str) -> Reply:
    """Take what a device did, then tell it what moved; asking again after a lost reply is harmless."""
    store.begin(request.store_id)
    receipts = _take(request, store)
    noted = store.note_purged(request.store_id, request.purged, request.cursor)
    return Reply(
        epoch=store.epoch(),
        server_time=server_time,
        receipts=receipts,
        positions=store.positions(request.store_id),
        noted=tuple(noted),
        page=store.page(request.cursor, request.records_max),
    )


def _take(request: Request, store: OfficeStore) -> tuple[Receipt, ...]:
    """Answer every envelope: known ones from memory, new ones by deciding, the rest set aside.

    An id used again for something else takes its place in the lane like any other command, so that
    what stands behind it is not held up. A number that others have taken comes from a copy of the
    vault that went its own way: its work is kept, but only a person can say what becomes of it.
    Positions are read before receipts, or a number just taken would look like one.
    """
    receipts: list[Receipt] = []
    readable: list[Envelope] = []
    for written in request.envelopes:
        envelope = _read(written, request.store_id)
        if envelope is None:
            aside = store.set_aside(request.store_id, written, "envelope.unreadable")
            receipts.extend(() if aside is None else (aside,))
        else:
            readable.append(envelope)
    positions = store.positions(request.store_id)
    known = store.receipts([envelope.command_id for envelope in readable])
    fresh: list[Envelope] = []
    for envelope in readable:
        payload_hash, receipt = known.get(envelope.command_id, ("", None))
        at = positions.get(envelope.lane, Position())
        passed = envelope.seq <= at.seq
        if receipt is not None and payload_hash == digest(envelope.written):
            receipts.append(receipt)
        elif receipt is not None:
            store.set_aside(envelope.store_id, envelope.written, "command.id_reused")
            receipts.extend([_id_reused(envelope)] if passed else ())
            fresh.extend(() if passed else [envelope])
        elif passed or (envelope.seq == at.seq + 1 and envelope.prev != at.head):
            store.set_aside(envelope.store_id, envelope.written, "lane.forked")
        else:
            fresh.append(envelope)
    receipts.extend(store.accept(next_in_line(fresh, dict(positions))))
    return tuple(receipts)


def _read(written: bytes, store_id: str) -> Envelope | None:
    """Read an envelope if it is one and belongs to the vault that sent it."""
    try:
        envelope = read_envelope(written)
    except NotAMessage:
        return None
    return envelope if envelope.store_id == store_id else None


def _id_reused(envelope: Envelope) -> Receipt:
    """Say that an id was used before for something else."""
    return Receipt(
        command_id=envelope.command_id, outcome=Outcome.QUARANTINED, code="command.id_reused"
    )


def next_in_line(
    envelopes: Sequence[Envelope], positions: dict[Lane, Position]
) -> tuple[Envelope, ...]:
    """Keep, lane by lane, those that follow on: the next number, naming the right predecessor.

    What does not follow on is left without a receipt: the device sees in `positions` where the
    office stands, and sends from there.
    """
    kept: list[Envelope] = []
    for envelope in sorted(envelopes, key=lambda e: (e.lane != Lane.URGENT, e.seq)):
        at = positions.get(envelope.lane, Position())
        if envelope.seq == at.seq + 1 and envelope.prev == at.head:
            kept.append(envelope)
            positions[envelope.lane] = Position(
                seq=envelope.seq, head=chain_hash(at.head, envelope.written)
            )
    return tuple(kept)
