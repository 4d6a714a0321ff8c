"""An office with a few people, debts and officers in it, for tests of its screens."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import NullPool, create_engine, event, insert, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from server.access import sessions
from server.access.identity import PLAIN_COOKIE
from server.access.tables import RolePermissionRow, RoleRow, UserRoleRow, UserRow
from server.accounts.tables import AccountRow, DebtRow, LiablePartyRow
from server.app import create_app
from server.cases.commands import AssignCase, OpenCase
from server.config import Config
from server.people.tables import AddressRow, PersonRow, ResidenceRow
from server.recovery.tables import HoldRow
from server.spine import clock
from server.spine.database import db
from server.spine.database_roles import office_url
from server.spine.orders import Order, Result
from server.spine.tables import ReadRow
from shared.commands import Actor, Command
from shared.visits import PlanVisit, RecordVisit
from tests.pages import assert_page

OFFICER = ("visits.record",)
CASEWORKER = (
    "worktray.see", "tasks.raise", "tasks.work", "cases.see", "cases.open", "cases.assign",
    "visits.see", "visits.plan", "people.search", "people.see", "accounts.see",
)  # fmt: skip
SUPERVISOR = (*CASEWORKER, "visits.review", "aside.examine", "aside.replay", "jobs.see")
ADMINISTRATOR = ("users.manage", "devices.manage", "jobs.see")

_numbers = itertools.count(1)


def new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True)
class Someone:
    """A user of the office."""

    user_id: str
    name: str
    permissions: tuple[str, ...]

    @property
    def actor(self) -> Actor:
        return Actor(user_id=self.user_id, permissions=frozenset(self.permissions))


@dataclass(frozen=True)
class Household:
    """One case with its person, address, accounts and debts."""

    case_id: str
    person_id: str
    name: str
    address_id: str
    account_ids: tuple[str, ...]
    debt_ids: tuple[str, ...]


@dataclass
class Day:
    """The office as a test sees it: who works there, what is in it, and a browser for each."""

    app: Flask
    url: str
    supervisor: Someone = field(init=False)
    caseworker: Someone = field(init=False)
    amina: Someone = field(init=False)
    bryn: Someone = field(init=False)
    administrator: Someone = field(init=False)

    def __post_init__(self) -> None:
        self.supervisor = self.someone("Sunita Rao", SUPERVISOR)
        self.caseworker = self.someone("Carl Weston", CASEWORKER)
        self.amina = self.someone("Amina Osei", OFFICER)
        self.bryn = self.someone("Bryn Pugh", OFFICER)
        self.administrator = self.someone("Ada Minton", ADMINISTRATOR)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.app.app_context(), db.session.session_factory() as session, session.begin():
            yield session

    @contextmanager
    def behind_its_back(self) -> Iterator[Session]:
        """Do what the owner of the database can do, whom no trigger stops."""
        engine = create_engine(self.url, poolclass=NullPool, hide_parameters=True)
        with Session(engine) as session, session.begin():
            session.execute(text("SET LOCAL session_replication_role = replica"))
            yield session
        engine.dispose()

    def someone(self, name: str, permissions: Sequence[str], *, active: bool = True) -> Someone:
        """Take someone on, with a role of their own that permits exactly this."""
        who = Someone(new_id(), name, tuple(permissions))
        role = f"role{next(_numbers)}"
        with self.session() as session:
            session.execute(
                insert(UserRow).values(
                    user_id=who.user_id,
                    sign_in=f"{name.split(maxsplit=1)[0].lower()}{role}",
                    name=name,
                    active=active,
                    created_at=clock.now(),
                )
            )
            session.execute(insert(RoleRow).values(role=role, name=role.title()))
            session.execute(insert(UserRoleRow).values(user_id=who.user_id, role=role))
            rows = [{"role": role, "permission": each} for each in permissions]
            if rows:
                session.execute(insert(RolePermissionRow), rows)
        return who

    def browser(self, who: Someone) -> Browser:
        """Give someone a browser in which they are signed in."""
        with self.session() as session:
            token = sessions.start(session, who.user_id, clock.now())
        client = self.app.test_client()
        client.set_cookie(PLAIN_COOKIE, token)
        return Browser(client)

    def give(self, who: Someone, command: Command, at: datetime | None = None) -> Result:
        """Give a command for someone, through the one door; refused, it raises."""
        now = at or clock.now()
        order = Order(command=command, command_id=new_id(), actor=who.actor, happened_at=now)
        with self.app.app_context():
            door = self.app.extensions["fieldfare"]["door"]
            result: Result = door.execute(order, now=now)
        return result.raise_if_refused()

    def household(
        self,
        name: str,
        postcode: str = "TH4 9QX",
        debts: Mapping[str, int] | None = None,
        *,
        lines: str = "14 Saltmarsh Terrace\nThornholme",
        officers: Sequence[Someone] = (),
        organisation: bool = False,
    ) -> Household:
        """Move somebody in who owes something, and open their case."""
        person_id, address_id, case_id = new_id(), new_id(), new_id()
        account_ids, debt_ids = [], []
        with self.session() as session:
            kind = "organisation" if organisation else "individual"
            session.execute(
                insert(PersonRow).values(
                    person_id=person_id, kind=kind, name=name, recorded_at=clock.now()
                )
            )
            session.execute(
                insert(AddressRow).values(address_id=address_id, lines=lines, postcode=postcode)
            )
            session.execute(
                insert(ResidenceRow).values(
                    residence_id=new_id(), person_id=person_id, address_id=address_id
                )
            )
            for debt_type, pence in (debts or {"council_tax": 123_456}).items():
                account_id, debt_id = self._debt(session, debt_type, pence, address_id)
                account_ids.append(account_id)
                debt_ids.append(debt_id)
                session.execute(insert(LiablePartyRow).values(debt_id=debt_id, person_id=person_id))
        command = OpenCase(case_id=case_id, person_id=person_id, debt_ids=tuple(debt_ids))
        self.give(self.caseworker, command)
        for officer in officers:
            self.assign(case_id, officer)
        return Household(case_id, person_id, name, address_id, tuple(account_ids), tuple(debt_ids))

    def _debt(
        self, session: Session, debt_type: str, pence: int, address_id: str
    ) -> tuple[str, str]:
        account_id, debt_id, number = new_id(), new_id(), next(_numbers)
        session.execute(
            insert(AccountRow).values(
                account_id=account_id,
                reference=f"88{number:06d}",
                debt_type=debt_type,
                address_id=address_id,
                opened_at=clock.now(),
            )
        )
        session.execute(
            insert(DebtRow).values(
                debt_id=debt_id,
                account_id=account_id,
                reference=f"2026/{number}",
                from_on=date(2026, 4, 1),
                until=date(2027, 4, 1),
                balance_pence=pence,
                opened_at=clock.now(),
            )
        )
        return account_id, debt_id

    def hold(self, debt_id: str, reason: str = "breathing_space") -> None:
        """Place a hold on a debt, in force today."""
        with self.session() as session:
            session.execute(
                insert(HoldRow).values(
                    hold_id=new_id(),
                    debt_id=debt_id,
                    reason=reason,
                    from_on=clock.today() - timedelta(days=3),
                    placed_by=self.caseworker.user_id,
                    placed_at=clock.now(),
                )
            )

    def assign(self, case_id: str, officer: Someone) -> None:
        self.give(self.supervisor, AssignCase(case_id=case_id, officer_id=officer.user_id))

    def plan(self, case_id: str, officer: Someone, on: date | None = None, **more: Any) -> str:
        """Plan a visit, on a day that may lie in the past as it does once days have gone by."""
        planned_visit_id = new_id()
        day = on or clock.today()
        asked = {"purpose": "arrears", "instructions": "Ask about work", **more}
        command = PlanVisit(
            planned_visit_id=planned_visit_id,
            case_id=case_id,
            officer_id=officer.user_id,
            planned_on=day,
            **asked,
        )
        self.give(self.supervisor, command, at=datetime(day.year, day.month, day.day, tzinfo=UTC))
        return planned_visit_id

    def visit(
        self, case_id: str, officer: Someone, outcome: str = "spoke_to_person", **more: Any
    ) -> str:
        """Record a visit as an officer's device would, made an hour ago unless it says otherwise."""
        visit_id = new_id()
        asked = {
            "happened_at": clock.now() - timedelta(hours=1),
            "notes": "Said the first instalment will be paid on Friday.",
            **more,
        }
        self.give(
            officer, RecordVisit(visit_id=visit_id, case_id=case_id, outcome=outcome, **asked)
        )
        return visit_id

    def reads(self, who: Someone) -> list[tuple[str, str | None, int | None]]:
        """List what was noted of someone's reading: which page, about what, how many rows."""
        with self.session() as session:
            rows = session.execute(
                select(ReadRow.what, ReadRow.subject_id, ReadRow.results)
                .where(ReadRow.user_id == who.user_id)
                .order_by(ReadRow.read_id)
            )
            return [(row.what, row.subject_id, row.results) for row in rows]

    def token(self, who: Someone) -> str:
        """Sign someone in and give the token of their session."""
        with self.session() as session:
            return sessions.start(session, who.user_id, clock.now())


class Browser:
    """A signed-in browser that looks at each page it opens as the house rules want it."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, url: str, status: int = 200) -> str:
        return self._read(self.client.get(url), url, status)

    def post(self, url: str, status: int = 303, /, **fields: Any) -> str:
        response = self.client.post(url, data=fields)
        return self._read(response, url, status)

    def follow(self, url: str, **fields: Any) -> str:
        """Send a form and open the page it leads to."""
        return self.get(self.post(url, **fields))

    def _read(self, response: TestResponse, url: str, status: int) -> str:
        text = response.get_data(as_text=True)
        assert response.status_code == status, f"{url}: {response.status}\n{text}"
        if response.mimetype == "text/html" and status not in {302, 303}:
            assert_page(text, url)
        return response.headers.get("Location", text) if status in {302, 303} else text


@contextmanager
def counted_queries(app: Flask) -> Iterator[list[str]]:
    """Collect the statements that are sent to the database meanwhile."""
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

        def note(_c: object, _cursor: object, statement: str, *_more: object) -> None:
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def day(database_url: str, tmp_path: Path, compiled: FileSystemBytecodeCache) -> Iterator[Day]:
    """Open the office, and close it in the evening."""
    app = create_app(Config(home=tmp_path, database_url=database_url), office_url(database_url))
    app.jinja_env.bytecode_cache = compiled
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield Day(app, database_url)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
