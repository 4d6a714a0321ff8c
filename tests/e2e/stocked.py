"""Gives the fictional council one of every kind of thing, so that no page of its office is bare."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from flask import Flask
from sqlalchemy import NullPool, create_engine

from server.access.device_commands import ApproveDevice, RevokeDevice
from server.access.tables import SetAsideRow
from server.access.user_commands import SuspendUser
from server.accounts.commands import OpenAccount, OpenDebt
from server.app import create_app
from server.cases.commands import CloseCase, OpenCase
from server.config import Config
from server.people.commands import OpenPerson
from server.people.markers import EndMarker, RecordMarker
from server.reconciling.commands import DecideConflict
from server.recovery.commands import PlaceHold
from server.spine import clock
from server.spine.database import db
from server.spine.orders import Order
from server.visits.tables import BlobRow
from server.worktray.commands import FinishTask, RaiseTask
from shared.commands import Actor, Command
from shared.details import CorrectDetails
from shared.markers import AddMarker, ProposeMarkerRemoval
from shared.photographs import RecordPhotograph
from shared.reviews import ApproveVisit, RecordVisitAnswer, ReturnVisit
from shared.schemas import canonical, write_body
from shared.visits import PlanVisit, RecordVisit
from tests.e2e.council import RunningCouncil
from tests.e2e.premises import premises
from tests.server.access.conftest import Office
from tests.server.access.tablet import enrolled
from tests.server.visits.pictures import jpeg

LONG_NAME = "Featherstonehaugh-Cholmondeley of Llanfairpwllgwyngyll"
"""A surname as long as they come, because a page that holds it holds every other."""

SEEN = {
    "dangerous_dog": "A large dog was loose in the front garden. Seen by the meter reader.",
    "threats": "Shouted on the doorstep that the next caller would be sorry. Heard by two officers.",
    "weapon": "Something like a sword hung in the hall. Seen by an officer through the door.",
}
"""What markers say."""


@contextmanager
def office_beside(council: RunningCouncil) -> Iterator[Office]:
    """Open the council's office a second time, in this process, to give it commands."""
    config = Config(home=council.home, database_url=council.url, port=0)
    app = create_app(config, council.url)
    root = Actor(
        user_id=clock.new_id(),
        permissions=frozenset(app.extensions["fieldfare"]["house"].permissions),
    )
    try:
        yield Office(app=app, root=root, engine=create_engine(council.url, poolclass=NullPool))
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@dataclass
class Stocked:
    """What a walk through the office starts at, besides its first page: one of every kind."""

    starts: list[str]
    app: Flask
    permissions: dict[str, frozenset[str]]
    """What each user may do, by the name they sign in with."""


class Stock:
    """Adds to a council; what it adds to are the cases of its first officer, in their order."""

    def __init__(self, council: RunningCouncil, office: Office) -> None:
        self.council, self.office, self.now = council, office, clock.now()
        self.today = self.now.date()
        self.users = {
            str(name): str(id_) for id_, name in council.ask('SELECT user_id, sign_in FROM "user"')
        }
        self.officer = office.actor(self.users["officer"])
        self.cases = self._cases(self.officer.user_id)
        self.starts: list[str] = []

    def fill(self) -> Stocked:
        """Add one of every kind of thing."""
        for kind in (
            self._people,
            self._many_debts,
            self._markers,
            self._conflicts,
            self._holds,
            self._visits,
            self._plans,
            self._tasks,
            self._closed,
            self._set_aside,
            self._devices,
            self._users,
        ):
            kind()
        permissions = {name: self.office.actor(id_).permissions for name, id_ in self.users.items()}
        return Stocked(starts=self.starts, app=self.office.app, permissions=permissions)

    def give(
        self, command: Command, actor: Actor | None = None, at: datetime | None = None
    ) -> None:
        """Give a command that must not be refused."""
        self.office.give(command, actor, now=at or self.now).raise_if_refused()

    def _cases(self, officer_id: str) -> list[tuple[str, str, list[str]]]:
        """List an officer's cases with their person and debts, those with joint debts first."""
        rows = self.council.ask(
            "SELECT c.case_id, c.person_id, array_agg(DISTINCT d.debt_id ORDER BY d.debt_id), "
            "  max((SELECT count(*) FROM liable_party l WHERE l.debt_id = d.debt_id)) AS liable "
            'FROM "case" c JOIN case_access a USING (case_id) JOIN case_debt d USING (case_id) '
            "WHERE a.officer_id = %s AND a.granted GROUP BY 1, 2 ORDER BY liable DESC, 1",
            officer_id,
        )
        return [(str(c), str(p), [str(d) for d in debts]) for c, p, debts, _ in rows]  # type: ignore[attr-defined]

    def _people(self) -> None:
        """Add somebody with a very long name, and somebody about whom nothing is known."""
        for forenames, surname in (("Maximiliana Wilhelmina", LONG_NAME), ("Bo", "Li")):
            person_id = clock.new_id()
            self.give(
                OpenPerson(
                    person_id=person_id, kind="individual", forenames=forenames, surname=surname
                )
            )
            self.starts.append(f"/people/{person_id}")

    def _many_debts(self) -> None:
        """Add somebody with more debts than one page shows, as a ratepayer with many premises has."""
        person_id, payment_id = clock.new_id(), clock.new_id()
        for kind in premises(person_id, payment_id, self.today):
            self._give_all(*kind)
        self.starts += [f"/people/{person_id}", f"/payments/{payment_id}/reverse"]

    def _give_all(self, *commands: Command) -> None:
        with self.office.app.app_context():
            self.office.door.execute_many(
                [
                    Order(
                        command=command,
                        command_id=clock.new_id(),
                        actor=self.office.root,
                        happened_at=self.now,
                    )
                    for command in commands
                ],
                now=self.now,
            )

    def _markers(self) -> None:
        """Warn of a person, of their place, of the other one who owes, and of nothing any more."""
        case_id, person_id, debts = self.cases[0]
        ((other,),) = self.council.ask(
            "SELECT person_id FROM liable_party WHERE debt_id = %s AND person_id <> %s LIMIT 1",
            debts[0],
            person_id,
        )
        ((place,),) = self.council.ask(
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
            self.give(
                RecordMarker(
                    marker_id=marker_id,
                    kind=kind,
                    note=SEEN[kind],
                    from_on=self.today - timedelta(days=90),
                    review_on=self.today + timedelta(days=60),
                    **about,
                )
            )
        self.give(EndMarker(marker_id=ended, reason="It was a toy."))
        self.starts += [f"/people/{person_id}", f"/people/{other}", f"/cases/{case_id}"]

    def _conflicts(self) -> None:
        """Have an officer and the office differ: about two details, about a warning, and once decided."""
        case_id, person_id, _debts = self.cases[1]
        asked = {"case_id": case_id, "person_id": person_id}
        warned = AddMarker(
            marker_id=clock.new_id(), kind="unsafe_premises", note="The stairs are gone.", **asked
        )
        self.give(warned, self.officer)
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
            self.give(CorrectDetails(edit_id=clock.new_id(), edits=edits, **asked), self.officer)
        self.give(
            ProposeMarkerRemoval(
                proposal_id=clock.new_id(),
                case_id=case_id,
                marker_id=warned.marker_id,
                reason="There are new stairs: I walked up them.",
            ),
            self.officer,
        )
        for conflict_id, name in self.council.ask("SELECT conflict_id, field FROM conflict"):
            self.starts.append(f"/conflicts/{conflict_id}")
            if name == "preferred_contact":
                self.give(
                    DecideConflict(
                        conflict_id=str(conflict_id),
                        case_id=case_id,
                        answer="office",
                        claims_seen=1,
                        note="She rang us on Monday.",
                    ),
                    self.office.actor(self.users["caseworker"]),
                )

    def _holds(self) -> None:
        """Hold one debt now, one until lately, and one from next week on."""
        for number, (reason, first, last) in enumerate(
            (("breathing_space", -5, None), ("dispute", -40, -2), ("bereavement", 7, 40))
        ):
            _case_id, _person_id, debts = self.cases[number % 3]
            self.give(
                PlaceHold(
                    hold_id=clock.new_id(),
                    debt_id=debts[0],
                    reason=reason,
                    note="Asked for by a debt adviser on the telephone.",
                    from_on=self.today + timedelta(days=first),
                    last_day=None if last is None else self.today + timedelta(days=last),
                )
            )

    def _visits(self) -> None:
        """Have visits waiting, flagged, approved, returned and answered."""
        supervisor = self.office.actor(self.users["supervisor"])
        outcomes = ("spoke_to_person", "no_answer", "moved_away", "would_not_speak", "not_safe")
        for number, outcome in enumerate(outcomes):
            case_id, person_id, _debts = self.cases[number % len(self.cases)]
            visit = {"visit_id": clock.new_id(), "case_id": case_id}
            self.give(
                RecordVisit(
                    **visit,
                    happened_at=self.now - timedelta(hours=3 + number),
                    outcome=outcome,
                    met_person_ids=(person_id,) if outcome == "spoke_to_person" else (),
                    others_met="A neighbour at number 12" if number else "",
                    notes="Said that they lost their job in June.\nWill ring the office on Friday.",
                ),
                self.officer,
            )
            self.starts.append(f"/visits/{visit['visit_id']}")
            if number == 0:
                self._photograph(visit)
            if number == 1:
                self.give(ApproveVisit(**visit), supervisor)
            if number in {2, 3}:
                self._return(visit, supervisor)
            if number == 3:
                self.give(
                    RecordVisitAnswer(
                        answer_id=clock.new_id(), answer="The yellow one, at 2pm.", **visit
                    ),
                    self.officer,
                )

    def _photograph(self, visit: dict[str, Any]) -> None:
        """Add a photograph that has arrived, and one that is still on the device."""
        body = jpeg("steelblue")
        digest = sha256(body).hexdigest()
        for named, purpose in ((digest, "premises"), (sha256(b"later").hexdigest(), "document")):
            self.give(
                RecordPhotograph(
                    photograph_id=named, purpose=purpose, size_bytes=len(body), **visit
                ),
                self.officer,
            )
        with self.office.session() as session, session.begin():
            session.add(
                BlobRow(digest=digest, size_bytes=len(body), received_at=self.now, body=body)
            )

    def _return(self, visit: dict[str, Any], supervisor: Actor) -> None:
        self.give(
            ReturnVisit(
                comment_id=clock.new_id(),
                about="notes",
                comment="Which card did you leave?",
                **visit,
            ),
            supervisor,
        )

    def _plans(self) -> None:
        """Plan visits: overdue, today and later, for each purpose."""
        for number, (purpose, days) in enumerate((("arrears", -4), ("tracing", 0), ("welfare", 3))):
            case_id, _person_id, _debts = self.cases[number]
            day = self.today + timedelta(days=days)
            self.give(
                PlanVisit(
                    planned_visit_id=clock.new_id(),
                    case_id=case_id,
                    officer_id=self.officer.user_id,
                    purpose=purpose,
                    planned_on=day,
                    instructions="Ask about work.\nLeave the leaflet about free debt advice.",
                ),
                at=self.now - timedelta(days=6),
            )
            self.starts.append(f"/cases/{case_id}")

    def _tasks(self) -> None:
        """Raise tasks: mine and overdue, nobody's, done, and an account of nobody known."""
        case_id, person_id, _debts = self.cases[0]
        account_id = self._account_of_nobody()
        caseworker, supervisor = self.users["caseworker"], self.users["supervisor"]
        done = clock.new_id()
        for task_id, more in (
            (clock.new_id(), {"kind": "ring_back", "case_id": case_id, "owner_id": caseworker,
                              "due_on": self.today - timedelta(days=2), "note": "After 4pm, please."}),
            (clock.new_id(), {"kind": "decide", "case_id": case_id, "owner_id": supervisor}),
            (clock.new_id(), {"kind": "check_details", "person_id": person_id}),
            (clock.new_id(), {"kind": "find_liable", "account_id": account_id}),
            (done, {"kind": "ring_back", "case_id": self.cases[1][0], "owner_id": caseworker}),
        ):  # fmt: skip
            self.give(RaiseTask(task_id=task_id, **more))
            self.starts.append(f"/tasks/{task_id}")
        self.give(FinishTask(task_id=done, note="Rang twice and left a message."))
        self.starts += [f"/accounts/{account_id}", f"/tasks/new?case_id={case_id}"]

    def _account_of_nobody(self) -> str:
        account_id = clock.new_id()
        self.give(
            OpenAccount(
                account_id=account_id,
                reference="58000001",
                debt_type="business_rates",
                lines="Unit 7\nGranary Wharf\nHarrowmere",
                postcode="QZ1 3CD",
                address_id=clock.new_id(),
                rateable_value=38_250,
            )
        )
        self.give(
            OpenDebt(
                debt_id=clock.new_id(),
                account_id=account_id,
                reference="2026/27",
                from_on=self.today.replace(month=4, day=1),
                transaction_id=clock.new_id(),
                charge_pence=1_912_500,
                charged_on=self.today,
            )
        )
        return account_id

    def _closed(self) -> None:
        """Close a case and open one that nobody has."""
        rows = self.council.ask(
            "SELECT DISTINCT person_id FROM liable_party WHERE person_id NOT IN "
            '(SELECT person_id FROM "case" WHERE person_id IS NOT NULL) ORDER BY 1 LIMIT 2'
        )
        for number, (person_id,) in enumerate(rows):
            case_id = clock.new_id()
            self.give(OpenCase(case_id=case_id, person_id=str(person_id)))
            if number:
                self.give(CloseCase(case_id=case_id))
            self.starts.append(f"/cases/{case_id}")

    def _set_aside(self) -> None:
        """Set a visit aside that an officer had no case for, and bytes that nobody can read."""
        command = RecordVisit(
            visit_id=clock.new_id(),
            case_id=self.cases[0][0],
            happened_at=self.now,
            outcome="no_answer",
            notes="Left a card.",
        )
        order = Order(
            command=command,
            command_id=clock.new_id(),
            actor=self.office.actor(self.users["officer2"]),
            happened_at=self.now,
            store_id=clock.new_id(),
            lane="ordinary",
            seq=1,
            envelope=canonical({"name": command.name, "body": write_body(command)}),
        )
        with self.office.app.app_context():
            self.office.door.execute(order, now=self.now)
        body = b"\x1f\x8bnothing that anybody can read"
        with self.office.session() as session, session.begin():
            session.add(
                SetAsideRow(
                    store_id=clock.new_id(),
                    device_id=clock.new_id(),
                    digest=sha256(body).hexdigest(),
                    code="command.unreadable",
                    body=body,
                    received_at=self.now,
                )
            )
        self.starts += [f"/set-aside/{order.command_id}", f"/set-aside/{sha256(body).hexdigest()}"]

    def _devices(self) -> None:
        """Enrol a device that waits, one that is approved and one that was revoked."""
        giver = self.users["supervisor"]
        other = self.office.actor(self.users["supervisor2"])
        for approved, revoked in ((False, False), (True, False), (True, True)):
            _tablet, device_id = enrolled(
                self.office, self.users["officer2"], approved=False, issuer_id=giver
            )
            if approved:
                self.give(ApproveDevice(device_id=device_id), other)
            if revoked:
                self.give(RevokeDevice(device_id=device_id, reason="lost"), other)
            self.starts.append(f"/devices/{device_id}")

    def _users(self) -> None:
        """Take on somebody who has no password yet, and suspend somebody."""
        self.office.give_user_without_password("new.starter")
        gone = self.office.person("gone.away", "caseworker")
        self.give(SuspendUser(user_id=gone))
        self.starts.append(f"/users/{gone}")
