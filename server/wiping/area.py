"""What the area of wiping hands to the office."""

from __future__ import annotations

from server.spine.areas import Alarm, Area, Handling, NavigationLink
from server.wiping import queries, record, rules
from server.wiping.commands import (
    OrderWipe,
    OrderWipeSchema,
    RecordWipeReceipt,
    RecordWipeReceiptSchema,
)
from server.wiping.device_api import wiping_api
from server.wiping.screens import screens
from shared.catalogue import mark
from shared.commands import Command, CommandType, Kind, Touched


def _in_turn(command: Command) -> Touched:
    """Decide what is about one device in turn, after whatever revoked it; this locks no person's row."""
    return Touched(person_ids=frozenset({str(getattr(command, "device_id", ""))}))


AREA = Area(
    name="wiping",
    commands=(
        Handling(
            kind=CommandType(
                command=OrderWipe,
                schema=OrderWipeSchema(),
                rule=rules.order_wipe,
                kind=Kind.DECISION,
                needs="devices.manage",
            ),
            facts=queries.facts,
            subjects=_in_turn,
        ),
        Handling(
            kind=CommandType(
                command=RecordWipeReceipt,
                schema=RecordWipeReceiptSchema(),
                rule=rules.record_receipt,
                kind=Kind.FACT,
                needs="visits.record",
            ),
            facts=queries.facts,
            subjects=_in_turn,
        ),
    ),
    recorders=record.RECORDERS,
    permissions={
        "wipes.see": mark("See which devices have not confirmed that they were erased"),
        "incidents.see": mark("Open the record of a lost device"),
    },
    screens=(screens, wiping_api),
    alarms=(Alarm(needs="wipes.see", endpoint="wiping.every_wipe", find=queries.alarm),),
    navigation=(
        NavigationLink(text=mark("Lost devices"), endpoint="wiping.every_wipe", needs="wipes.see"),
    ),
)
