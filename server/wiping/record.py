"""How each change to the erasing of a device alters rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from server.spine.areas import Recorded, Recorder
from server.spine.clock import LOCAL
from server.wiping.commands import DeviceWiped, WipeOrdered
from server.wiping.incidents import incident
from server.wiping.tables import WipeRow
from shared.commands import Change


def wipe_ordered(session: Session, recorded: Sequence[Recorded]) -> None:
    """Write orders, with what is known of each device now: later nobody can tell any more."""
    for item in recorded:
        if isinstance(item.change, WipeOrdered):
            today = item.recorded_at.astimezone(LOCAL).date()
            session.execute(
                insert(WipeRow).values(
                    wipe_id=item.change.wipe_id,
                    device_id=item.change.device_id,
                    ordered_by=item.change.ordered_by,
                    ordered_at=item.recorded_at,
                    incident=incident(session, item.change.device_id, today),
                )
            )


def device_wiped(session: Session, recorded: Sequence[Recorded]) -> None:
    """Keep receipts beside their orders."""
    for item in recorded:
        if isinstance(item.change, DeviceWiped):
            session.execute(
                update(WipeRow)
                .where(WipeRow.wipe_id == item.change.wipe_id)
                .values(receipt=asdict(item.change), acknowledged_at=item.recorded_at)
            )


RECORDERS: dict[type[Change], Recorder] = {WipeOrdered: wipe_ordered, DeviceWiped: device_wiped}
