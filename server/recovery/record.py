"""How each change to holds alters rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from server.recovery.commands import HoldEnded, HoldPlaced
from server.recovery.tables import HoldRow
from server.spine.areas import Recorded, Recorder
from shared.commands import Change


def hold_placed(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write new holds."""
    session.execute(
        insert(HoldRow),
        [
            {
                "hold_id": change.hold_id,
                "debt_id": change.debt_id,
                "reason": change.reason,
                "note": change.note,
                "from_on": change.from_on,
                "until": change.until,
                "placed_by": item.actor_id,
                "placed_at": item.recorded_at,
            }
            for item in recorded
            if isinstance(change := item.change, HoldPlaced)
        ],
    )


def hold_ended(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write the first day that holds no longer cover."""
    session.execute(
        update(HoldRow),
        [
            {"hold_id": change.hold_id, "until": change.until}
            for item in recorded
            if isinstance(change := item.change, HoldEnded)
        ],
    )


RECORDERS: Mapping[type[Change], Recorder] = {HoldPlaced: hold_placed, HoldEnded: hold_ended}
