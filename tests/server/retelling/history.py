"""A random year of two neighbouring cases, in which something of nearly every kind happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from server.accounts.commands import RecordLiableParty
from server.accounts.movements import PostTransaction, ReportBalance
from server.cases.commands import AssignCase, CloseCase, OpenCase, UnassignCase
from server.payments.commands import RecordPayment, ReversePayment
from server.people.commands import ChangeName, RecordContact
from server.people.markers import EndMarker, RecordMarker
from server.recovery.commands import EndHold, PlaceHold
from shared.commands import Actor, Command
from shared.contacts import RecordPhoneNumber
from shared.reviews import ApproveVisit, RecordVisitAnswer, ReturnVisit
from shared.visits import PlanVisit, RecordVisit, WithdrawPlannedVisit
from tests.server.office import Office, new_id
from tests.server.scenes import Owed, add_officer, live_at, open_debt, open_person


@dataclass
class History:
    """A random year of two neighbouring cases, step by step."""

    office: Office
    chance: random.Random
    other: Actor = field(init=False)
    officers: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)
    owed: list[Owed] = field(default_factory=list)
    cases: list[str] = field(default_factory=list)
    payments: list[tuple[str, str]] = field(default_factory=list)
    holds: list[tuple[str, str]] = field(default_factory=list)
    markers: list[str] = field(default_factory=list)
    plans: list[tuple[str, str]] = field(default_factory=list)
    visits: list[tuple[str, str]] = field(default_factory=list)

    def begin(self) -> None:
        """Add the people, their places and debts, the officers and the cases."""
        self.other = Actor(user_id=new_id(), permissions=self.office.actor.permissions)
        self.officers = [add_officer(self.office, name) for name in ("Amina Osei", "Bryn Parry")]
        self.people = [open_person(self.office, "Ada", name) for name in ("One", "Two", "Three")]
        for number, person_id in enumerate(self.people):
            place = new_id()
            live_at(self.office, person_id, f"{number} Saltmarsh Terrace", address_id=place)
            self.places.append(place)
        masters = ("fieldfare", "fieldfare", "host")
        self.owed = [
            open_debt(self.office, person_id, balance_master=master)
            for person_id, master in zip(self.people, masters, strict=True)
        ]
        shared_debt, own = self.owed[0], self.owed[1]
        for person_id, debts in ((self.people[0], [shared_debt]), (self.people[1], [own])):
            self._open(person_id, None, [debt.debt_id for debt in debts])
        self._open(None, self.places[2], [self.owed[2].debt_id])

    def _open(self, person_id: str | None, address_id: str | None, debts: list[str]) -> None:
        case_id = new_id()
        self.office.give(
            OpenCase(
                case_id=case_id, person_id=person_id, address_id=address_id, debt_ids=tuple(debts)
            )
        )
        self.cases.append(case_id)

    @property
    def today(self) -> date:
        """The day the history has come to."""
        return self.office.now.date()

    def pick(self, things: list[Any]) -> Any:
        """Draw one of some things."""
        return self.chance.choice(things)

    def step(self) -> None:
        """Let some time go by and give one command, whatever becomes of it."""
        self.office.now += timedelta(minutes=self.chance.randrange(1, 5000))
        command = self.pick(STEPS)(self)
        if command is not None:
            self.office.ask(command, actor=self.pick([self.office.actor, self.other]))

    def kept(self, things: list[Any], thing: Any) -> Any:
        """Keep what was made for later steps, and return its id."""
        things.append(thing)
        return thing[0] if isinstance(thing, tuple) else thing

    def days(self, before: int, after: int) -> date:
        """Draw a day from so many before today until so many after."""
        return self.today + timedelta(days=self.chance.randrange(-before, after))


def some(things: str, make: Callable[[History, Any], Command]) -> Callable[[History], Any]:
    """Do something with one of what there is, if there is any."""

    def step(h: History) -> Command | None:
        known = getattr(h, things)
        return make(h, h.pick(known)) if known else None

    return step


STEPS: list[Callable[[History], Command | None]] = [
    some("cases", lambda h, c: AssignCase(case_id=c, officer_id=h.pick(h.officers))),
    some("cases", lambda h, c: AssignCase(case_id=c, officer_id=h.pick(h.officers))),
    some("cases", lambda h, c: UnassignCase(case_id=c, officer_id=h.pick(h.officers), reason="x")),
    lambda h: CloseCase(case_id=h.pick(h.cases)) if h.chance.random() < 0.1 else None,
    some(
        "owed",
        lambda h, o: RecordPayment(
            transaction_id=h.kept(h.payments, (new_id(), o.debt_id)),
            debt_id=o.debt_id,
            amount_pence=h.chance.randrange(1, 9000),
            received_on=h.days(3, 1),
            method="cash",
        ),
    ),
    some(
        "payments",
        lambda h, p: ReversePayment(
            transaction_id=new_id(),
            payment_id=p[0],
            debt_id=p[1],
            reversed_on=h.today,
            reason="Bounced",
        ),
    ),
    some(
        "owed",
        lambda h, o: PostTransaction(
            transaction_id=new_id(),
            debt_id=o.debt_id,
            kind=h.pick(["costs", "correction", "write_off"]),
            amount_pence=h.chance.randrange(1, 5000) * h.pick([1, -1]),
            effective_on=h.today,
        ),
    ),
    some(
        "owed",
        lambda h, o: ReportBalance(
            transaction_id=new_id(),
            debt_id=o.debt_id,
            balance_pence=h.chance.randrange(0, 200_000),
            reported_on=h.today,
        ),
    ),
    some(
        "owed",
        lambda h, o: PlaceHold(
            hold_id=h.kept(h.holds, (new_id(), o.debt_id)),
            debt_id=o.debt_id,
            reason=h.pick(["breathing_space", "complaint", "dispute"]),
            from_on=h.days(3, 5),
            last_day=h.pick([None, h.days(-6, 60)]),
        ),
    ),
    some("holds", lambda h, o: EndHold(hold_id=o[0], debt_id=o[1], last_day=h.days(2, 9))),
    some(
        "owed",
        lambda h, o: RecordLiableParty(
            debt_id=o.debt_id, person_id=h.pick(h.people), until=h.pick([None, h.days(20, 20)])
        ),
    ),
    some(
        "people",
        lambda h, p: ChangeName(
            person_id=p,
            former_name_id=new_id(),
            forenames="Ada",
            surname=f"Renamed{h.chance.randrange(99)}",
        ),
    ),
    some(
        "people",
        lambda h, p: RecordContact(
            contact_id=new_id(),
            person_id=p,
            kind="phone",
            value=f"01632 960{h.chance.randrange(100, 999)}",
        ),
    ),
    some(
        "cases",
        lambda h, c: RecordPhoneNumber(
            contact_id=new_id(),
            case_id=c,
            person_id=h.pick(h.people),
            number=f"07700 900{h.chance.randrange(100, 999)}",
        ),
    ),
    lambda h: (
        live_at(
            h.office,
            h.pick(h.people),
            "1 New Quay",
            address_id=h.kept(h.places, new_id()),
            from_on=h.today,
        )
        and None
    ),
    some(
        "people",
        lambda h, p: RecordMarker(
            marker_id=h.kept(h.markers, new_id()),
            kind=h.pick(["dog", "violence"]),
            note="Seen",
            from_on=h.today,
            review_on=h.today + timedelta(days=90),
            **h.pick([{"person_id": p}, {"address_id": h.pick(h.places)}]),
        ),
    ),
    some("markers", lambda _, m: EndMarker(marker_id=m, reason="Gone")),
    some(
        "cases",
        lambda h, c: PlanVisit(
            planned_visit_id=h.kept(h.plans, (new_id(), c)),
            case_id=c,
            officer_id=h.pick(h.officers),
            purpose="arrears",
            planned_on=h.days(0, 20),
            instructions="Knock twice",
        ),
    ),
    some("plans", lambda _, p: WithdrawPlannedVisit(planned_visit_id=p[0], case_id=p[1])),
    some(
        "cases",
        lambda h, c: RecordVisit(
            visit_id=h.kept(h.visits, (new_id(), c)),
            case_id=c,
            happened_at=h.office.now - timedelta(hours=1),
            outcome="spoke_to_person",
            notes="Said Friday.",
        ),
    ),
    some(
        "plans",
        lambda h, p: RecordVisit(
            visit_id=h.kept(h.visits, (new_id(), p[1])),
            case_id=p[1],
            planned_visit_id=p[0],
            happened_at=h.office.now - timedelta(hours=2),
            outcome="no_answer",
        ),
    ),
    some("visits", lambda _, v: ApproveVisit(visit_id=v[0], case_id=v[1])),
    some(
        "visits",
        lambda _, v: ReturnVisit(
            comment_id=new_id(), visit_id=v[0], case_id=v[1], about="notes", comment="Who?"
        ),
    ),
    some(
        "visits",
        lambda _, v: RecordVisitAnswer(
            answer_id=new_id(), visit_id=v[0], case_id=v[1], answer="Her sister."
        ),
    ),
]
