"""The lanes of a vault at the office: how far each was taken, held while commands are decided."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from server.access.tables import LanePositionRow
from sync.protocol import GENESIS, Envelope
from sync.wire import chain_hash


class LaneMoved(Exception):  # noqa: N818 - it says what was found
    """Something else has taken the next number of a lane meanwhile."""


def hold(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Lock the lanes that these commands go on in, and see that each still follows.

    Positions that were read before say nothing by now. This is asked before anything else is
    locked, so that requests of one vault take turns. Raises LaneMoved.
    """
    firsts = {
        (envelope.store_id, envelope.lane.value): envelope for envelope in reversed(envelopes)
    }
    for (store_id, lane), envelope in sorted(firsts.items(), key=lambda item: item[0]):
        if (envelope.seq, envelope.prev) == (1, GENESIS):
            session.execute(
                insert(LanePositionRow)
                .values(store_id=store_id, lane=lane, seq=0, head=GENESIS)
                .on_conflict_do_nothing()
            )
        at = session.execute(
            select(LanePositionRow.seq, LanePositionRow.head)
            .where(LanePositionRow.store_id == store_id, LanePositionRow.lane == lane)
            .with_for_update()
        ).one_or_none()
        if at is None or (at.seq + 1, at.head) != (envelope.seq, envelope.prev):
            raise LaneMoved


def move_on(session: Session, envelopes: Sequence[Envelope]) -> None:
    """Take each lane to its last envelope."""
    lasts = {(envelope.store_id, envelope.lane.value): envelope for envelope in envelopes}
    for (store_id, lane), envelope in lasts.items():
        moved = insert(LanePositionRow).values(
            store_id=store_id,
            lane=lane,
            seq=envelope.seq,
            head=chain_hash(envelope.prev, envelope.written),
        )
        session.execute(
            moved.on_conflict_do_update(
                index_elements=["store_id", "lane"],
                set_={"seq": moved.excluded.seq, "head": moved.excluded.head},
                where=LanePositionRow.seq < moved.excluded.seq,
            )
        )
