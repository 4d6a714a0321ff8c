"""What one seed makes for itself: a few people and debts, the officers who visit, the cases they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random

from sqlalchemy import Connection, insert
from sqlalchemy.dialects.postgresql import insert as upsert

from server.access.tables import (
    DeviceRow,
    OfficerKeyRow,
    RolePermissionRow,
    RoleRow,
    UserRoleRow,
    UserRow,
)
from server.accounts.commands import OpenAccount, OpenDebt, RecordLiableParty
from server.cases.commands import OpenCase
from server.people.commands import OpenPerson
from server.people.tables import AddressRow
from shared.commands import Actor, Command
from tests.simulation import hands

STARTS_AT = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
"""When every simulated day begins."""

ROLE = "simulated_officer"


class Ids:
    """Ids drawn from the seed, so that the same seed makes the same ones."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def __call__(self) -> str:
        """Make the next id."""
        digits = f"{self._random.getrandbits(128):032x}"
        version = f"{digits[:12]}4{digits[13:16]}8{digits[17:]}"
        return "-".join((version[:8], version[8:12], version[12:16], version[16:20], version[20:]))


@dataclass(frozen=True, kw_only=True)
class Officer:
    """Someone who goes out, and what the trace calls them."""

    label: str
    user_id: str


@dataclass(frozen=True, kw_only=True)
class SimulatedCase:
    """A case: its principal unless it is about an address, and the debts it concerns."""

    label: str
    case_id: str
    person_id: str | None
    address_id: str | None
    debt_ids: tuple[str, ...]


@dataclass(kw_only=True)
class World:
    """Everything a seed's story is about, and the one clock it goes by."""

    random: Random
    ids: Ids
    office_user: Actor
    officers: list[Officer]
    people: list[str] = field(default_factory=list)
    debts: list[str] = field(default_factory=list)
    liable: dict[str, tuple[str, ...]] = field(default_factory=dict)
    cases: list[SimulatedCase] = field(default_factory=list)
    employed: list[Officer] = field(default_factory=list)
    """Everybody who goes out, those among them who have the day off."""

    now: datetime = STARTS_AT

    @property
    def today(self) -> date:
        """Name the day it is."""
        return self.now.date()

    def pass_time(self) -> None:
        """Let some seconds or minutes go by."""
        self.now += timedelta(seconds=self.random.randrange(1, 900))

    def case(self, case_id: str) -> SimulatedCase:
        """Find a case of this world."""
        return next(case for case in self.cases if case.case_id == case_id)

    def label_of_case(self, case_id: str) -> str:
        """Call a case what the trace calls it."""
        return self.case(case_id).label

    def sharing(self, case_id: str) -> set[str]:
        """Name the other cases that concern a debt of this one."""
        debts = set(self.case(case_id).debt_ids)
        return {c.case_id for c in self.cases if debts & set(c.debt_ids)} - {case_id}

    def people_of(self, case_id: str) -> set[str]:
        """Name everyone on a case: its principal and whoever is liable for one of its debts."""
        case = self.case(case_id)
        found = {person for debt in case.debt_ids for person in self.liable[debt]}
        return found | ({case.person_id} if case.person_id else set())


def make(seed: int, permissions: Iterable[str], *, named: str = "the world") -> World:
    """Give a seed the one world of this name: three debts, one of them owed jointly, and six cases.

    Cases c0 and c1 share the joint debt. Case c3 is about an address and ties that debt to one of
    c2's, so that c0 and c2 never meet and yet both change what c3 shows. Cases c4 and c5 stand alone.
    """
    ids = Ids(Random(named))
    boss = Actor(user_id=ids(), permissions=frozenset(permissions))
    officers = [Officer(label=f"o{n}", user_id=ids()) for n in range(3)]
    people = [ids() for _ in range(5)]
    ann, bob, cy, dee, eve = people
    debts = [ids() for _ in range(3)]
    joint, second, alone = debts
    subjects = (
        (ann, (joint,)),
        (bob, (joint,)),
        (cy, (second,)),
        (None, (joint, second)),
        (dee, (alone,)),
        (eve, ()),
    )
    cases = [
        SimulatedCase(
            label=f"c{number}",
            case_id=ids(),
            person_id=person_id,
            address_id=None if person_id else ids(),
            debt_ids=debt_ids,
        )
        for number, (person_id, debt_ids) in enumerate(subjects)
    ]
    random = Random(seed)
    return World(
        random=random,
        ids=Ids(random),
        office_user=boss,
        officers=officers[: random.choice((2, 2, 3))],
        employed=officers,
        people=people,
        debts=debts,
        liable={joint: (ann, bob), second: (cy,), alone: (dee,)},
        cases=cases,
    )


def opening(world: World) -> list[Command]:
    """List the commands by which the office comes to know this world."""
    ids, day = world.ids, world.today
    asked: list[Command] = [
        OpenPerson(person_id=id_, kind="individual", forenames="Person", surname=f"Number {n}")
        for n, id_ in enumerate(world.people)
    ]
    accounts = {debt_id: ids() for debt_id in world.debts}
    asked.extend(
        OpenAccount(account_id=id_, reference=id_, debt_type="council_tax", source="simulation")
        for id_ in accounts.values()
    )
    asked.extend(
        OpenDebt(
            debt_id=debt_id,
            account_id=account_id,
            reference="2027",
            transaction_id=ids(),
            charge_pence=100_00,
            charged_on=day,
        )
        for debt_id, account_id in accounts.items()
    )
    asked.extend(
        RecordLiableParty(debt_id=debt_id, person_id=person_id)
        for debt_id, people in world.liable.items()
        for person_id in people
    )
    asked.extend(
        OpenCase(
            case_id=case.case_id,
            person_id=case.person_id,
            address_id=case.address_id,
            debt_ids=case.debt_ids,
        )
        for case in world.cases
    )
    return asked


def people_of_the_office(connection: Connection, world: World) -> None:
    """Write the officers, and the address there is a case about.

    These belong to the part of the office that the simulation takes for granted.
    """
    connection.execute(upsert(RoleRow).values(role=ROLE, name="Simulated").on_conflict_do_nothing())
    connection.execute(
        upsert(RolePermissionRow)
        .values(role=ROLE, permission="visits.record")
        .on_conflict_do_nothing()
    )
    users = [(officer.user_id, f"Officer {officer.label}") for officer in world.employed]
    connection.execute(
        insert(UserRow),
        [
            {"user_id": id_, "sign_in": id_, "name": name, "created_at": world.now}
            for id_, name in [*users, (world.office_user.user_id, "The office")]
        ],
    )
    connection.execute(
        insert(UserRoleRow), [{"user_id": id_, "role": ROLE} for id_, _name in users]
    )
    connection.execute(
        insert(AddressRow),
        [
            {"address_id": case.address_id, "lines": "1 Made-up Street"}
            for case in world.cases
            if case.address_id
        ],
    )


def enrol(connection: Connection, world: World, devices: Mapping[str, str]) -> None:
    """Write the devices, each with the officer it is for."""
    connection.execute(
        insert(DeviceRow),
        [
            {
                "device_id": device_id,
                "officer_id": officer_id,
                "public_key": device_id.encode(),
                "name": "device",
                "words": "",
                "state": "active",
                "enrolled_at": world.now,
            }
            for device_id, officer_id in devices.items()
        ],
    )


def tell_keys(
    connection: Connection, world: World, devices: Mapping[str, str], office_key: str
) -> None:
    """Write the key that each device's officer signs with on it, as devices tell it at an open."""
    connection.execute(
        insert(OfficerKeyRow),
        [
            {
                "device_id": device_id,
                "officer_id": officer_id,
                "public_key": hands.public_of(device_id),
                "office": office_key,
                "bound_at": world.now,
            }
            for device_id, officer_id in devices.items()
        ],
    )
