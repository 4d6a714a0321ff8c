"""What a stocked council knows of people: debts, markers, holds, and where it and officers differ."""

from __future__ import annotations

from datetime import timedelta

from server.cases.commands import CloseCase, OpenCase
from server.people.commands import OpenPerson
from server.people.markers import EndMarker, RecordMarker
from server.reconciling.commands import DecideConflict
from server.recovery.commands import PlaceHold
from server.spine import clock
from shared.details import CorrectDetails
from shared.markers import AddMarker, ProposeMarkerRemoval
from tests.e2e.premises import premises
from tests.e2e.stock import Stock

LONG_NAME = "Featherstonehaugh-Cholmondeley of Llanfairpwllgwyngyll"
"""A surname as long as they come, because a page that holds it holds every other."""

SEEN = {
    "dangerous_dog": "A large dog was loose in the front garden. Seen by the meter reader.",
    "threats": "Shouted on the doorstep that the next caller would be sorry. Heard by two officers.",
    "weapon": "Something like a sword hung in the hall. Seen by an officer through the door.",
}
"""What markers say."""


def add_people(stock: Stock) -> None:
    """Add somebody with a very long name, and somebody about whom nothing is known."""
    for forenames, surname in (("Maximiliana Wilhelmina", LONG_NAME), ("Bo", "Li")):
        person_id = clock.new_id()
        stock.give(
            OpenPerson(person_id=person_id, kind="individual", forenames=forenames, surname=surname)
        )
        stock.starts.append(f"/people/{person_id}")


def add_premises(stock: Stock) -> None:
    """Add somebody with more debts than one page shows, as a ratepayer with many premises has."""
    person_id, payment_id = clock.new_id(), clock.new_id()
    for kind in premises(person_id, payment_id, stock.today):
        stock.give_all(*kind)
    stock.starts += [f"/people/{person_id}", f"/payments/{payment_id}/reverse"]


def add_markers(stock: Stock) -> None:
    """Warn of a person, of their place, of the other one who owes, and of nothing any more."""
    case_id, person_id, debts = stock.cases[0]
    ((other,),) = stock.council.ask(
        "SELECT person_id FROM liable_party WHERE debt_id = %s AND person_id <> %s LIMIT 1",
        debts[0],
        person_id,
    )
    ((place,),) = stock.council.ask(
        "SELECT address_id FROM residence WHERE person_id = %s AND until IS NULL LIMIT 1",
        person_id,
    )
    ended = clock.new_id()
    for marker_id, kind, about in (
        (clock.new_id(), "threats", {"person_id": person_id}),
        (clock.new_id(), "dangerous_dog", {"address_id": str(place)}),
        (clock.new_id(), "threats", {"person_id": str(other)}),
        (ended, "weapon", {"person_id": person_id}),
    ):
        stock.give(
            RecordMarker(
                marker_id=marker_id,
                kind=kind,
                note=SEEN[kind],
                from_on=stock.today - timedelta(days=90),
                review_on=stock.today + timedelta(days=60),
                **about,
            )
        )
    stock.give(EndMarker(marker_id=ended, reason="It was a toy."))
    stock.starts += [f"/people/{person_id}", f"/people/{other}", f"/cases/{case_id}"]


def add_conflicts(stock: Stock) -> None:
    """Have an officer and the office differ: about two details, about a warning, and once decided."""
    case_id, person_id, _debts = stock.cases[1]
    asked = {"case_id": case_id, "person_id": person_id}
    warned = AddMarker(
        marker_id=clock.new_id(), kind="unsafe_premises", note="The stairs are gone.", **asked
    )
    stock.give(warned, stock.officer)
    for said in (
        {
            "preferred_contact": "phone",
            "language": "Welsh",
            "household": "Two sons, both away.",
        },
        {
            "preferred_contact": "letter",
            "language": "Polish",
            "household": "A lodger upstairs.",
        },
    ):
        edits = {name: {"was": "", "now": now} for name, now in said.items()}
        stock.give(CorrectDetails(edit_id=clock.new_id(), edits=edits, **asked), stock.officer)
    stock.give(
        ProposeMarkerRemoval(
            proposal_id=clock.new_id(),
            case_id=case_id,
            marker_id=warned.marker_id,
            reason="There are new stairs: I walked up them.",
        ),
        stock.officer,
    )
    for conflict_id, name in stock.council.ask("SELECT conflict_id, field FROM conflict"):
        stock.starts.append(f"/conflicts/{conflict_id}")
        if name == "preferred_contact":
            stock.give(
                DecideConflict(
                    conflict_id=str(conflict_id),
                    case_id=case_id,
                    answer="office",
                    claims_seen=1,
                    note="She rang us on Monday.",
                ),
                stock.office.actor(stock.users["caseworker"]),
            )


def add_holds(stock: Stock) -> None:
    """Hold one debt now, one until lately, and one from next week on."""
    for number, (reason, first, last) in enumerate(
        (("breathing_space", -5, None), ("dispute", -40, -2), ("bereavement", 7, 40))
    ):
        _case_id, _person_id, debts = stock.cases[number % 3]
        stock.give(
            PlaceHold(
                hold_id=clock.new_id(),
                debt_id=debts[0],
                reason=reason,
                note="Asked for by a debt adviser on the telephone.",
                from_on=stock.today + timedelta(days=first),
                last_day=None if last is None else stock.today + timedelta(days=last),
            )
        )


def add_cases_nobody_has(stock: Stock) -> None:
    """Close a case and open one that nobody has."""
    rows = stock.council.ask(
        "SELECT DISTINCT person_id FROM liable_party WHERE person_id NOT IN "
        '(SELECT person_id FROM "case" WHERE person_id IS NOT NULL) ORDER BY 1 LIMIT 2'
    )
    for number, (person_id,) in enumerate(rows):
        case_id = clock.new_id()
        stock.give(OpenCase(case_id=case_id, person_id=str(person_id)))
        if number:
            stock.give(CloseCase(case_id=case_id))
        stock.starts.append(f"/cases/{case_id}")
