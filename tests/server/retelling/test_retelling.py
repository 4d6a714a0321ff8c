"""A case told again from the log is what the screens showed at that time, whatever came after."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from server.accounts.commands import RecordLiableParty
from server.accounts.movements import PostTransaction, ReportBalance
from server.cases import case_page
from server.cases.commands import AssignCase, CloseCase, OpenCase, UnassignCase
from server.cli import main
from server.payments.commands import RecordPayment, ReversePayment
from server.people.commands import ChangeName, RecordContact
from server.people.markers import EndMarker, RecordMarker
from server.recovery.commands import EndHold, PlaceHold
from server.retelling.command import rebuild
from server.retelling.folds import ERASED, FOLDS, OUTSIDE
from server.spine import clock
from server.spine.tables import ChangeRow, DetailRow
from server.visits import queries as visit_queries
from shared.commands import Actor, Change, Command
from shared.contacts import RecordPhoneNumber
from shared.reviews import ApproveVisit, RecordVisitAnswer, ReturnVisit
from shared.visits import PlanVisit, RecordVisit, WithdrawPlannedVisit
from tests.server.office import NOW, Office, new_id
from tests.server.scenes import Owed, add_officer, live_at, open_debt, open_person


def as_the_screens_say(session: Session, case_id: str, at: datetime) -> dict[str, Any]:
    """Ask what the page of a case asks, and write it as a picture is written."""
    day = at.astimezone(clock.LOCAL).date()
    case = case_page.find(session, case_id)
    assert case is not None
    debts = sorted(case_page.debts(session, case_id, day), key=lambda debt: debt.debt_id)
    people = sorted(case_page.people(session, case, day), key=lambda person: person.person_id)
    holders = case_page.holders(session, case_id)
    visits = [
        (visit_queries.find(session, line.visit_id), line)
        for line in visit_queries.of_case(session, case_id, 1000)
    ]
    said = {
        "case_id": case_id,
        "open": case.open,
        "opened_at": case.opened_at,
        "closed_at": case.closed_at,
        "person_id": case.person_id,
        "name": case.name,
        "lines": case.lines,
        "postcode": case.postcode,
        "officers": [
            {n: getattr(h, n) for n in ("officer_id", "view", "granted_at", "revoked_at")}
            for h in sorted(holders, key=lambda holder: (holder.officer_id, holder.view))
        ],
        "debts": [
            {
                n: sorted(debt.holds) if n == "holds" else getattr(debt, n)
                for n in (
                    *("debt_id", "account_reference", "debt_type", "from_on", "until", "stage"),
                    *("balance_pence", "holds", "hold_until"),
                )
            }
            for debt in debts
        ],
        "people": [
            {
                "person_id": person.person_id,
                "name": person.name,
                "principal": person.principal,
                "phone_numbers": sorted(person.phone_numbers),
            }
            for person in people
        ],
        "markers": case_page.markers(session, case, day),
        "planned": [
            {
                n: getattr(plan, n)
                for n in ("planned_visit_id", "officer_id", "purpose", "planned_on", "instructions")
            }
            for plan in case_page.planned(session, case_id)
        ],
        "visits": [
            {
                "visit_id": visit.visit_id,
                "officer_id": visit.officer_id,
                "happened_at": visit.happened_at,
                "outcome": visit.outcome,
                "notes": visit.notes,
                "flags": visit.flags,
                "review": visit.review,
                "photographs": len(visit_queries.photographs(session, visit.visit_id)),
            }
            for visit, _ in sorted(visits, key=lambda v: (v[1].happened_at, v[1].visit_id))
            if visit
        ],
        "differing": [],
        "recorded_later": 0,
    }
    written: dict[str, Any] = json.loads(json.dumps(said, default=iso))
    return written


def iso(value: date) -> str:
    if isinstance(value, datetime):
        return value.astimezone(NOW.tzinfo).isoformat()
    return value.isoformat()


def as_it_is_told(session: Session, case_id: str, at: datetime) -> dict[str, Any]:
    _, picture = rebuild(session, case_id, at)
    assert picture is not None
    plain = picture.plain()
    written: dict[str, Any] = json.loads(json.dumps(plain))
    for officer in written["officers"]:
        for name in ("granted_at", "revoked_at"):
            if officer[name]:
                officer[name] = iso(datetime.fromisoformat(officer[name]))
    for name in ("opened_at", "closed_at"):
        if written[name]:
            written[name] = iso(datetime.fromisoformat(written[name]))
    return written


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
        return self.office.now.date()

    def pick(self, things: list[Any]) -> Any:
        return self.chance.choice(things)

    def step(self) -> None:
        self.office.now += timedelta(minutes=self.chance.randrange(1, 5000))
        command = self.pick(STEPS)(self)
        if command is not None:
            self.office.ask(command, actor=self.pick([self.office.actor, self.other]))

    def kept(self, things: list[Any], thing: Any) -> Any:
        things.append(thing)
        return thing[0] if isinstance(thing, tuple) else thing

    def days(self, before: int, after: int) -> date:
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


@pytest.mark.parametrize("seed", range(1, 4))
def test_a_case_told_again_is_what_its_page_showed_then(office: Office, seed: int) -> None:
    history = History(office, random.Random(seed))
    history.begin()
    shown: list[tuple[datetime, str, dict[str, Any]]] = []
    for number in range(90):
        history.step()
        if number % 3 == 0:
            case_id = history.pick(history.cases)
            with office.look() as session:
                said = as_the_screens_say(session, case_id, office.now)
            shown.append((office.now, case_id, said))
    for at, case_id, said in shown:
        with office.look() as session:
            assert as_it_is_told(session, case_id, at) == said, at
    assert len({json.dumps(said) for *_, said in shown}) > 15


def test_history_does_something_of_every_kind(office: Office) -> None:
    """The random history must not prove something about nothing."""
    history = History(office, random.Random(1))
    history.begin()
    for _ in range(400):
        history.step()
    for case_id in history.cases:
        office.ask(CloseCase(case_id=case_id))
    with office.look() as session:
        done = set(session.scalars(select(ChangeRow.name).distinct()))
    never = {
        *("ResidenceEnded", "AccountAmended", "PhotographRecorded", "DetailsCorrected"),
        *("ContactCorrected", "ConflictRaised", "ConflictDecided"),
    }
    assert set(FOLDS) - done == never


def test_every_change_is_told_or_said_to_be_outside() -> None:
    names = {
        change.name
        for change in Change.__subclasses__()
        if not change.__module__.startswith(("server.access", "tests."))
    }
    assert names <= set(FOLDS) | OUTSIDE
    assert not set(FOLDS) & OUTSIDE


def test_erased_text_is_said_to_be_erased(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    case_id = history.cases[0]
    with office.sessions() as session, session.begin():
        kept = select(ChangeRow.detail_id).where(
            ChangeRow.name == "PersonOpened",
            ChangeRow.line["person_id"].astext == history.people[0],
        )
        session.execute(
            update(DetailRow)
            .where(DetailRow.detail_id.in_(kept))
            .values(body=None, salt=None, erased_at=office.now)
        )
    with office.look() as session:
        known, picture = rebuild(session, case_id, office.now)
    assert picture is not None
    assert picture.name == ERASED
    assert known.erased == 1


def test_before_it_was_opened_there_is_no_case(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    with office.look() as session:
        known, picture = rebuild(session, history.cases[0], NOW - timedelta(seconds=1))
    assert picture is None
    assert known.not_told == {}


def test_what_was_recorded_only_later_is_left_out_and_counted(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    person_id, owed = history.people[0], history.owed[0]
    case_id, early = new_id(), NOW - timedelta(days=3)
    office.give(OpenCase(case_id=case_id, person_id=person_id, debt_ids=(owed.debt_id,)), at=early)
    with office.look() as session:
        _, then = rebuild(session, case_id, early)
        _, now = rebuild(session, case_id, office.now)
    assert then is not None
    assert now is not None
    assert (then.debts, then.people, then.recorded_later) == ((), (), 2)
    assert ([debt.debt_id for debt in now.debts], now.recorded_later) == ([owed.debt_id], 0)


def test_a_change_nobody_tells_is_counted_and_not_hidden(office: Office) -> None:
    history = History(office, random.Random(3))
    history.begin()
    case_id = history.cases[0]
    with office.sessions() as session, session.begin():
        session.execute(
            text(
                "INSERT INTO change (command_id, position, name, actor_id, happened_at, recorded_at,"
                " case_ids, account_ids, debt_ids, person_ids, line) SELECT command_id, 9, 'CaseSung',"
                " actor_id, happened_at, recorded_at, case_ids, '{}', '{}', '{}', '{}' FROM change"
                " WHERE name = 'CaseOpened' AND case_ids @> ARRAY[CAST(:case AS uuid)]"
            ),
            {"case": case_id},
        )
    with office.look() as session:
        known, _ = rebuild(session, case_id, office.now)
    assert known.not_told == {"CaseSung": 1}


def test_the_command_says_it_in_words_and_as_json(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    history = History(office, random.Random(5))
    history.begin()
    for _ in range(60):
        history.step()
    case_id = history.cases[0]

    def check(*arguments: str) -> Any:
        environment = {"DATABASE_URL": database_url, "FIELDFARE_HOME": str(tmp_path)}
        return CliRunner().invoke(main, ["check", "case", *arguments], env=environment)

    at = office.now.isoformat()
    done = check(case_id, "--at", at, "--json")
    assert done.exit_code == 0, done.output + repr(done.exception)
    told = json.loads(done.stdout)
    with office.look() as session:
        said = as_the_screens_say(session, case_id, office.now)
    assert told["debts"] == said["debts"]
    assert (told["name"], told["open"], told["erased"]) == (said["name"], said["open"], 0)
    in_words = check(told["reference"].lower(), "--at", at).stdout
    assert f"Case {told['reference']} as it stood on" in in_words
    assert said["name"] in in_words
    assert "Debt: council_tax" in in_words
    early = check(case_id, "--at", "2020-01-01T00:00+00:00")
    assert (early.exit_code, "was not opened yet" in early.stderr) == (1, True)
    unknown = check("C999999")
    assert (unknown.exit_code, "There is no case" in unknown.stderr) == (1, True)
    for wrong in ("yesterday", "2027-03-04T10:00"):
        refused = check(case_id, "--at", wrong)
        assert (refused.exit_code, "Write the time" in refused.stderr) == (2, True)
