"""Vaults as they can stand when a device is opened: all the office's answers, too much, nothing, stale."""

from __future__ import annotations

from datetime import timedelta

from field_client import clock
from field_client.vault.store import Store
from shared.commands import Outcome
from sync.protocol import Receipt
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import a_day, case, fill, id_of, place
from tests.field_client.vault.saving import save_visit

ANSWERS: dict[str, tuple[Outcome, str | None]] = {
    "Tom O'Leary": (Outcome.APPLIED, None),
    "Zofia Nowak": (Outcome.FLAGGED, None),
    "Priya Ramanathan": (Outcome.REFUSED, "visit.already_recorded"),
    "Idris Vaughan": (Outcome.QUARANTINED, "authority.never_assigned"),
    "Bramble Tyres Ltd": (Outcome.REVIEW, None),
}
"""What the office says of the visit to each of these people."""


def answers(store: Store, _office: FarOffice) -> None:
    """Have visits that the office accepted, flagged, refused, set aside and holds, and one it has not."""
    now = clock.now()
    fill(store, a_day(now), now)
    for name in (*ANSWERS, "Maryam Castellanos"):
        save_visit(store, name, f"visit of {name}", number="07700900777", picture=jpeg())
    receipts = [
        Receipt(
            command_id=id_of(f"visit of {name} {part}"),
            outcome=outcome,
            code=code,
            received_at=now.isoformat(),
        )
        for name, (outcome, code) in ANSWERS.items()
        for part in ("command", "number", "picture")
    ]
    fill(store, [], now, receipts)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO purge VALUES (?, 'home_visit', 99, 'unassigned', 0)",
            (id_of("Tom O'Leary"),),
        )


def busy(store: Store, _office: FarOffice) -> None:
    """Have more cases than one list shows: forty due, forty before, and forty without a day."""
    now = clock.now()
    today = now.date()
    days = (today, today - timedelta(days=2), None)
    cases = [
        case(
            f"Person {number}",
            place(f"{number} Alder Row", "QZ1 1AB", north=40 * number, east=25 * (number % 9)),
            planned_on=days[number % 3],
        )
        for number in range(120)
    ]
    fill(store, cases, now)


def nothing(store: Store, _office: FarOffice) -> None:
    """Have an officer to whom no case is assigned."""
    fill(store, [], clock.now())


def stale(store: Store, _office: FarOffice) -> None:
    """Have a copy of two days ago, and no office that answers."""
    now = clock.now() - timedelta(days=2)
    fill(store, a_day(now), now)
