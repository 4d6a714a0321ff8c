"""Tells the office of photographs that were damaged on this device, so that it waits for them no more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from field_client.vault.execute import Saving, execute
from field_client.vault.store import Store
from field_client.vault.uploads import DAMAGED_HERE
from shared.photographs import RecordPhotographLost
from sync.protocol import Clock

_DAMAGED = "damaged"


def record(store: Store, officer_id: str, *, clock: Clock, now: datetime) -> int:
    """Save a command for each photograph found damaged here that the office was not told of."""
    recorded = 0
    with store.transaction():
        for photograph_id, visit_id, case_id in store.rows(
            "SELECT photograph_id, visit_id, photograph.case_id FROM photograph "
            "WHERE recorded AND NOT arrived AND refused = ? AND EXISTS "
            "(SELECT 1 FROM record WHERE record.case_id = photograph.case_id)",
            (DAMAGED_HERE,),
        ):
            command_id = str(uuid5(UUID(visit_id), f"{RecordPhotographLost.name} {photograph_id}"))
            if store.rows("SELECT 1 FROM outbox WHERE command_id = ?", (command_id,)):
                continue
            lost = RecordPhotographLost(
                photograph_id=photograph_id, visit_id=visit_id, case_id=case_id, reason=_DAMAGED
            )
            saving = Saving(command_id=command_id, command=lost)
            execute(store, officer_id, [saving], clock=clock, now=now)
            recorded += 1
    return recorded
