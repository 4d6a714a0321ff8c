"""The office's half of a conversation, as one readable list of steps over whatever does them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat

from shared.commands import Lane, Outcome
from shared.schemas import digest
from sync.office_steps import (
    Accept,
    Aside,
    Hear,
    Look,
    LookUp,
    NoteConfirmed,
    NotePurged,
    Office,
    ServerTime,
    SetAside,
    Sign,
    Standing,
    Told,
)
from sync.protocol import (
    LANE_FORKED,
    PROTOCOL_OLDEST,
    PROTOCOL_VERSION,
    RECORDS_MAX,
    UNREADABLE,
    Clock,
    Envelope,
    Page,
    Place,
    Position,
    Receipt,
    Reply,
    Request,
)
from sync.scope import purge_digest
from sync.seals import statement
from sync.steps import Steps, ask
from sync.wire import NotAMessage, chain_hash, read_envelope

TOO_OLD = "protocol.older"
"""The office's refusal (426) of a device whose version it no longer gives pages to."""

ID_REUSED = "command.id_reused"
"""Why a command is set aside whose id was used before for something else."""

TOO_NEW = "protocol.newer"
"""The office's refusal (426) of a device that speaks nothing as old as the office does."""


class Refused(Exception):  # noqa: N818 - it says what became of the request
    """A whole request that is not answered; the reason is a code, and the device keeps everything."""


def answer(
    request: Request, *, oldest: int = PROTOCOL_OLDEST, newest: int = PROTOCOL_VERSION
) -> Steps[Office, Reply]:
    """Take what a device did, then tell it what moved; asking again after a lost reply is harmless.

    What a device did is taken however old the device is. Only pages are for those that can read
    them: an older one is told that there is more, and once it has nothing more to send, it is refused.

    From a device that does not know yet that this database has begun another life, nothing is taken:
    what it sends now may rest on what that life has lost. It is told, and offers everything in order.
    """
    if request.oldest > newest:
        raise Refused(TOO_NEW)
    if request.protocol < oldest and not request.envelopes:
        raise Refused(TOO_OLD)
    receipts: tuple[Receipt, ...] = ()
    sent: Mapping[str, str] = {}
    noted: Sequence[str] = ()
    envelopes, outside = _read_all(request)
    standing = yield from _hear(request, envelopes)
    if standing is not None and request.epoch in {None, standing.epoch}:
        receipts, sent = yield from _take(request, standing, envelopes, outside)
        noted = yield from _note_purged(request)
    told = yield from ask(LookUp(_look_of(request)))
    page = told.page
    if request.protocol < oldest:
        page = Page(start=request.cursor, end=request.cursor, head=request.cursor + 1)
    confirmed = yield from _confirm(request, told)
    return Reply(
        epoch=told.epoch,
        server_time=(yield from ask(ServerTime())),
        receipts=receipts,
        positions=told.positions,
        noted=tuple(noted),
        page=page,
        scope=told.scope if page is told.page else None,
        durable=told.durable,
        replaces=request.epoch if request.epoch not in {None, told.epoch} else None,
        confirmed=confirmed,
        seal=(yield from _seal(request.store_id, told.epoch, receipts, sent, confirmed)),
        store_id=request.store_id,
        protocol=min(request.protocol, newest),
    )


def take_sealed(
    store_id: str,
    envelopes: Sequence[bytes],
    places: Sequence[Place],
    signatures: Sequence[str] = (),
) -> Steps[Office, Mapping[str, Receipt]]:
    """Take commands of a vault that came sealed, by the same steps as those of a request.

    Whoever brings them can be told nothing, so this is all of it. What does not follow on has no
    receipt in the answer.
    """
    request = Request(
        store_id=store_id,
        epoch=None,
        cursor=0,
        envelopes=tuple(envelopes),
        places=tuple(places),
        signatures=tuple(signatures),
    )
    read, outside = _read_all(request)
    standing = yield from _hear(request, read)
    assert standing is not None, "something was brought"
    receipts, _sent = yield from _take(request, standing, read, outside)
    return {receipt.command_id: receipt for receipt in receipts}


def _hear(request: Request, envelopes: Sequence[Envelope]) -> Steps[Office, Standing | None]:
    """Ask how a vault stands that has something to say.

    One that has nothing to say is not heard: that it is this device's shows when it is told what moved.
    """
    if not (request.envelopes or request.purged):
        return None
    ids = tuple(envelope.command_id for envelope in envelopes)
    return (yield from ask(Hear(request.store_id, ids)))


def _take(
    request: Request,
    standing: Standing,
    envelopes: Sequence[Envelope],
    outside: Sequence[tuple[bytes, Place | None]],
) -> Steps[Office, tuple[tuple[Receipt, ...], Mapping[str, str]]]:
    """Answer every envelope: known ones from memory, new ones by deciding, the rest set aside.

    Beside the receipts it gives the SHA-256 of the bytes each command was first written as.
    """
    sorted_out = _sort_out(envelopes, standing)
    aside = (*(Aside(written, UNREADABLE) for written, _place in outside), *sorted_out.aside)
    if aside:
        yield from ask(SetAside(request.store_id, aside))
    following = next_in_line(sorted_out.fresh, dict(standing.positions))
    placed = {place.command_id: written for written, place in outside if place is not None}
    receipts = sorted_out.receipts | {id_: _set_aside(id_, UNREADABLE) for id_ in placed}
    if following:
        accepted = yield from ask(Accept(following))
        receipts |= {receipt.command_id: receipt for receipt in accepted}
    sent = {id_: digest(written) for id_, written in placed.items()}
    sent |= {envelope.command_id: envelope.identity for envelope in envelopes}
    return tuple(receipts.values()), sent


@dataclass(frozen=True)
class _Sorted:
    """What is to become of each envelope."""

    receipts: dict[str, Receipt] = field(default_factory=dict)
    fresh: list[Envelope] = field(default_factory=list)
    aside: list[Aside] = field(default_factory=list)


def _sort_out(envelopes: Sequence[Envelope], standing: Standing) -> _Sorted:
    """Tell what is new from what is known, and from what cannot be of this vault's one chain.

    What is known takes its place in the lane all the same where it was numbered anew, and so does
    an id used again for something else, so that what stands behind is not held up. A number that
    others have taken comes from a copy of the vault that went its own way: its device is told, and
    sends it again under a name of its own.
    """
    found = _Sorted()
    for envelope in envelopes:
        identity, receipt = standing.known.get(envelope.command_id, ("", None))
        at = standing.positions.get(envelope.lane, Position())
        passed = envelope.seq <= at.seq
        following = envelope.seq == at.seq + 1
        if receipt is not None:
            if identity != envelope.identity:
                found.aside.append(Aside(envelope.written, ID_REUSED, envelope.signature))
                receipt = _set_aside(envelope.command_id, ID_REUSED)
            if passed or identity == envelope.identity:
                found.receipts[envelope.command_id] = receipt
            found.fresh.extend(() if passed else [envelope])
        elif passed or (following and envelope.readable and envelope.prev != at.head):
            code = LANE_FORKED if envelope.readable else UNREADABLE
            found.aside.append(Aside(envelope.written, code, envelope.signature))
            found.receipts[envelope.command_id] = _set_aside(envelope.command_id, code)
        else:
            found.fresh.append(envelope)
    return found


def _read_all(request: Request) -> tuple[list[Envelope], list[tuple[bytes, Place | None]]]:
    """Read the envelopes of the vault that speaks; give what has no place in a lane here as it is.

    What cannot be read takes the place its device says it has, so that its lane goes on.
    """
    envelopes: list[Envelope] = []
    outside: list[tuple[bytes, Place | None]] = []
    places = chain(request.places, repeat(None))
    signatures = chain(request.signatures, repeat(""))
    for written, place, signature in zip(request.envelopes, places, signatures, strict=False):
        envelope = _read(written, request.store_id)
        if envelope is not None:
            envelopes.append(replace(envelope, signature=signature))
        elif place is not None and place.lane in frozenset(Lane):
            holding = _holding(place, request.store_id, written)
            envelopes.append(replace(holding, signature=signature))
        else:
            outside.append((written, place))
    return envelopes, outside


def _read(written: bytes, store_id: str) -> Envelope | None:
    try:
        envelope = read_envelope(written)
    except NotAMessage:
        return None
    return envelope if envelope.store_id == store_id else None


def _holding(place: Place, store_id: str, written: bytes) -> Envelope:
    """Put bytes that nobody here can read in the place they hold."""
    return Envelope(
        command_id=place.command_id,
        store_id=store_id,
        lane=Lane(place.lane),
        seq=place.seq,
        prev="",
        name="",
        version=1,
        case_id="",
        seen_commit=0,
        group=None,
        happened_at="",
        clock=Clock(wall="", monotonic=0.0, boot=""),
        body={},
        written=written,
    )


def _set_aside(command_id: str, code: str) -> Receipt:
    """Say that a command was kept whole, and why nothing else became of it."""
    return Receipt(command_id=command_id, outcome=Outcome.QUARANTINED, code=code)


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
        if envelope.seq == at.seq + 1 and (envelope.prev == at.head or not envelope.readable):
            kept.append(replace(envelope, prev=at.head))
            positions[envelope.lane] = Position(
                seq=envelope.seq, head=chain_hash(at.head, envelope.written)
            )
    return tuple(kept)


def _note_purged(request: Request) -> Steps[Office, Sequence[str]]:
    if not request.purged:
        return ()
    return (yield from ask(NotePurged(request.store_id, request.purged, request.cursor)))


def _look_of(request: Request) -> Look:
    return Look(
        store_id=request.store_id,
        epoch=request.epoch,
        cursor=request.cursor,
        records_max=min(request.records_max, RECORDS_MAX),
        manifest=request.manifest,
    )


def _confirm(request: Request, told: Told) -> Steps[Office, str | None]:
    """Say that purges are meant if they are still the ones that were asked about."""
    purges = told.page.purges
    if request.confirm is None or request.confirm != purge_digest(told.epoch, purges):
        return None
    yield from ask(NoteConfirmed(request.store_id, len({purge.case_id for purge in purges})))
    return request.confirm


def _seal(
    store_id: str,
    epoch: str,
    receipts: Sequence[Receipt],
    sent: Mapping[str, str],
    confirmed: str | None,
) -> Steps[Office, str]:
    """Have the office put its name to the receipts, each for the bytes it was sent as."""
    if not receipts and confirmed is None:
        return ""
    told = statement(
        store_id=store_id, epoch=epoch, receipts=receipts, sent=sent, confirmed=confirmed
    )
    return (yield from ask(Sign(told)))
