"""Make the fictional council: through the one door, like everything else, and marked as fictional."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func, select

from server.access.passwords import hash_password
from server.access.user_commands import GrantRole, OpenUser, SetPassword
from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.accounts.movements import PostTransaction
from server.cases.commands import AssignCase, OpenCase
from server.demo.people_orders import Draft, markers, orders
from server.demo.residents import SEED
from server.demo.town import COUNCIL
from server.payments.commands import RecordPayment
from server.people.commands import OpenPerson, RecordAddress, RecordContact, RecordFormerName
from server.people.markers import RecordMarker
from server.people.tables import PersonRow
from server.recovery.commands import PlaceHold
from server.spine.execute import CHUNK_MAX, Door
from server.spine.orders import Order
from server.spine.settings import FICTIONAL, OFFICE_NAME, keep_setting
from shared.commands import Actor, Command, Outcome
from shared.visits import PlanVisit, RecordVisit

Tell = Callable[[int, int], None]
"""Told how many commands are done, and of how many."""


@dataclass(frozen=True, kw_only=True)
class DemoUser:
    """Someone who can sign in to the demonstration."""

    sign_in: str
    name: str
    role: str
    password: str


USERS = (
    DemoUser(
        sign_in="officer", name="Olive Marsh", role="officer", password="heron-market-lantern"
    ),
    DemoUser(sign_in="officer2", name="Tom Reeve", role="officer", password="barley-clock-tunnel"),
    DemoUser(
        sign_in="caseworker", name="Priya Nair", role="caseworker", password="orchard-ferry-pencil"
    ),
    DemoUser(
        sign_in="supervisor", name="Grace Holt", role="supervisor", password="meadow-anchor-violin"
    ),
    DemoUser(
        sign_in="supervisor2",
        name="Idris Vaughan",
        role="supervisor",
        password="copper-swan-ladder",
    ),
    DemoUser(
        sign_in="administrator",
        name="Ada Finch",
        role="administrator",
        password="quarry-violet-saddle",
    ),
)
"""Everybody who signs in to the demonstration; their passwords are no secret and are printed."""

PURPOSES = ("arrears", "arrears", "arrears", "tracing", "welfare")
OUTCOMES = ("no_answer", "no_answer", "spoke_to_person", "spoke_to_someone_else")


class NotEmpty(Exception):  # noqa: N818 - it says what the office is
    """This office already has people in it, who may be real."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How large a council to make."""

    households: int = 1_700
    businesses: int = 160
    cases: int = 240


def make_council(door: Door, now: datetime, size: Size, tell: Tell) -> dict[str, str]:
    """Fill an empty office; answers the id of each user by sign-in. Raises NotEmpty for any other."""
    with door.sessions() as session, session.begin():
        if session.scalar(select(func.count()).select_from(PersonRow)):
            raise NotEmpty
        keep_setting(session, FICTIONAL, "yes")
        keep_setting(session, OFFICE_NAME, COUNCIL)
    random = Random(SEED)
    draft = Draft(random=random, today=now.date())
    maker = _Maker(door=door, draft=draft, house=door.house.permissions)
    users = maker.users(now)
    drawn = list(orders(draft, size.households, size.businesses))
    chosen = _to_visit(draft, size.cases)
    later = [*markers(draft, chosen)]
    total = len(drawn) + len(later) + 4 * len(chosen)
    done = maker.give_all([*drawn, *later], now, lambda count: tell(count, total))
    officers = [users["officer"], users["officer2"]]
    for count, (person_id, officer_id) in enumerate(
        zip(chosen, itertools.cycle(officers), strict=False)
    ):
        maker.case(person_id, officer_id, count, now)
        tell(done + 4 * (count + 1), total)
    return users


def _to_visit(draft: Draft, wanted: int) -> list[str]:
    """Choose who is visited: some who owe together, so that their cases share a debt."""
    together = [p for p in draft.adults if len(p) > 1 and p[0] in draft.indebted][: wanted // 8]
    chosen = [person_id for people in together for person_id in people[:2]]
    alone = [person_id for person_id in draft.indebted if person_id not in set(chosen)]
    return list(dict.fromkeys([*chosen, *alone]))[:wanted]


_TURNS: tuple[type[Command], ...] = (
    OpenPerson,
    RecordAddress,
    RecordFormerName,
    RecordContact,
    OpenAccount,
    OpenDebt,
    RecordLiableParty,
    PostTransaction,
    RecordPayment,
    PlaceHold,
    RecordMarker,
)
"""One kind after the other, because commands about different people are decided together."""


def _in_turn(commands: Sequence[Command]) -> list[Command]:
    """Put one kind after the other, the first for each person or debt before any second."""
    seen: Counter[tuple[type[Command], str]] = Counter()
    ranked = []
    for command in commands:
        subjects = (getattr(command, name, None) for name in ("debt_id", "person_id", "account_id"))
        key = (type(command), next((id_ for id_ in subjects if id_), ""))
        ranked.append((_TURNS.index(type(command)), seen[key], command))
        seen[key] += 1
    return [command for _turn, _nth, command in sorted(ranked, key=lambda item: item[:2])]


@dataclass(frozen=True, kw_only=True)
class _Maker:
    """Gives the commands, as somebody who may do everything."""

    door: Door
    draft: Draft
    house: Iterable[str]

    def give_all(
        self, commands: Sequence[Command], now: datetime, tell: Callable[[int], None]
    ) -> int:
        """Give many commands; a refusal is a fault of ours and stops everything."""
        in_turn = _in_turn(commands)
        for start in range(0, len(in_turn), CHUNK_MAX):
            self.give(in_turn[start : start + CHUNK_MAX], now)
            tell(start)
        return len(in_turn)

    def give(self, commands: Sequence[Command], now: datetime, actor_id: str | None = None) -> None:
        """Give a few commands."""
        actor = Actor(
            user_id=actor_id or "00000000-0000-4000-8000-000000000001",
            permissions=frozenset(self.house),
        )
        results = self.door.execute_many(
            [
                Order(
                    command=command,
                    command_id=self.draft.new_id(),
                    actor=actor,
                    happened_at=now,
                )
                for command in commands
            ],
            now=now,
        )
        for command, result in zip(commands, results, strict=True):
            if result.outcome in {Outcome.REFUSED, Outcome.QUARANTINED}:
                raise RuntimeError(f"{command.name} was refused: {result.code}")

    def users(self, now: datetime) -> dict[str, str]:
        """Open the demonstration's users and let them sign in."""
        made: dict[str, str] = {}
        for user in USERS:
            user_id = made[user.sign_in] = self.draft.new_id()
            self.give(
                [
                    OpenUser(user_id=user_id, sign_in=user.sign_in, full_name=user.name),
                    SetPassword(user_id=user_id, password_hash=hash_password(user.password)),
                    GrantRole(user_id=user_id, role=user.role),
                ],
                now,
            )
        return made

    def case(self, person_id: str, officer_id: str, number: int, now: datetime) -> None:
        """Open a case, assign it, plan a visit, and for some record an earlier visit."""
        case_id, random = self.draft.new_id(), self.draft.random
        debts = tuple(self.draft.debts.get(person_id, ()))[:20]
        opened = now - timedelta(days=12)
        self.give(
            [
                OpenCase(case_id=case_id, person_id=person_id, debt_ids=debts),
                AssignCase(case_id=case_id, officer_id=officer_id),
            ],
            opened,
        )
        if number % 5 == 0:
            self.give([self._visit(case_id, now, random)], now - timedelta(days=3), officer_id)
        if number % 3 != 2:
            days = random.choice((-4, -1, 0, 0, 0, 1, 2, 5))
            plan = PlanVisit(
                planned_visit_id=self.draft.new_id(),
                case_id=case_id,
                officer_id=officer_id,
                purpose=random.choice(PURPOSES),
                planned_on=(now + timedelta(days=days)).date(),
                instructions="Ask whether they know they can pay by instalments.",
            )
            self.give([plan], opened)

    def _visit(self, case_id: str, now: datetime, random: Random) -> RecordVisit:
        return RecordVisit(
            visit_id=self.draft.new_id(),
            case_id=case_id,
            happened_at=now - timedelta(days=3, minutes=random.randint(1, 300)),
            outcome=random.choice(OUTCOMES),
            notes="Left a card with the office's number.",
        )
