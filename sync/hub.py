"""The office's half of a conversation, as one readable list of steps over whatever store it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from shared.commands import Lane, Outcome
from shared.schemas import digest
from sync.protocol import Envelope, OfficeStore, Position, Receipt, Reply, Request
from sync.wire import NotAMessage, chain_hash, read_envelope


def answer(request: Request, store: OfficeStore, server_time: str) -> Reply:
    """Take what a device did, then tell it what moved; asking again after a lost reply is harmless."""
    store.begin(request.store_id)
    receipts = _take(request, store)
    store.note_purged(request.store_id, request.purged)
    return Reply(
        epoch=store.epoch(),
        server_time=server_time,
        receipts=receipts,
        positions=store.positions(request.store_id),
        page=store.page(request.cursor, request.records_max),
    )


def _take(request: Request, store: OfficeStore) -> tuple[Receipt, ...]:
    """Answer every envelope: known ones from memory, new ones by deciding, the rest set aside."""
    receipts: list[Receipt] = []
    readable: list[Envelope] = []
    for written in request.envelopes:
        envelope = _read(written, request.store_id)
        if envelope is None:
            aside = store.set_aside(request.store_id, written, "envelope.unreadable")
            receipts.extend(() if aside is None else (aside,))
        else:
            readable.append(envelope)
    known = store.receipts([envelope.command_id for envelope in readable])
    receipts.extend(
        _remembered(envelope, *known[envelope.command_id])
        for envelope in readable
        if envelope.command_id in known
    )
    fresh = [envelope for envelope in readable if envelope.command_id not in known]
    receipts.extend(store.accept(next_in_line(fresh, dict(store.positions(request.store_id)))))
    return tuple(receipts)


def _read(written: bytes, store_id: str) -> Envelope | None:
    """Read an envelope if it is one and belongs to the vault that sent it."""
    try:
        envelope = read_envelope(written)
    except NotAMessage:
        return None
    return envelope if envelope.store_id == store_id else None


def _remembered(envelope: Envelope, payload_hash: str, receipt: Receipt) -> Receipt:
    """Give the stored answer again, or say that the id has been used for something else."""
    if digest(envelope.written) == payload_hash:
        return receipt
    return replace(receipt, outcome=Outcome.QUARANTINED, code="command.id_reused", commit=None)


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
