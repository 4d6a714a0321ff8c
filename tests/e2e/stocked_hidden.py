"""Hidden records of the fictional council: one with a list and a question, openings, something withheld."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from server.need_to_know.commands import AskToLift, GiveAccess, RestrictPerson
from server.need_to_know.glass_commands import BreakGlass
from server.spine import clock
from tests.e2e.stock import Stock
from tests.server.need_to_know.restricted_town import Household, give_all

WHY = "The resident is at the counter and wants to pay today"


def add_hidden_records(stock: Stock) -> None:
    """Restrict two people, open one of them twice, and add what most are not shown of a third."""
    office = stock.office
    hidden, plain = Household(901), Household(902)
    for household in (hidden, plain):
        give_all(office, household.commands())
    supervisor, caseworker = (stock.users[name] for name in ("supervisor", "caseworker"))
    keeping, other = office.actor(supervisor), office.person("second.supervisor", "supervisor")
    person_id = hidden["person"]
    told = {"reason": "council_staff", "note": "Works in the same team"}
    give_all(office, [RestrictPerson(person_id=person_id, **told)], keeping)
    give_all(office, [GiveAccess(person_id=person_id, user_id=other)], keeping)
    give_all(office, [AskToLift(person_id=person_id, why="Has left")], office.actor(other))
    for hours in (3, 0):
        office.give(
            BreakGlass(
                break_id=clock.new_id(), reference=hidden.reference, reason="payment", why=WHY
            ),
            office.actor(caseworker),
            now=datetime.now(UTC) - timedelta(hours=hours),
        ).raise_if_refused()
    give_all(office, plain.sensitive())
    stock.starts += [
        "/hidden-records",
        "/hidden-records/opened",
        "/hidden-records/opened?show=all",
        "/restricted",
        f"/people/{person_id}/restriction",
        f"/people/{plain['person']}/restriction",
        f"/people/{plain['person']}",
    ]
