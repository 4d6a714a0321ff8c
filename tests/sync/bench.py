"""A small office with devices for tests of what happens between them, made of the real parts."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from field_client.vault.execute import Saving
from server.app import house
from server.cases.commands import AssignCase
from server.spine.orders import Order, Result
from server.spine.postgres import EmbeddedPostgres
from shared.commands import Command
from shared.visits import RecordVisit
from sync.protocol import ENVELOPES_MAX, RECORDS_MAX, Reply, Request
from tests.simulation import world
from tests.simulation.books import Books
from tests.simulation.device import Device
from tests.simulation.office import SEAL, Call, Hold, Office, listen
from tests.simulation.on_postgres import OnPostgres
from tests.simulation.run import create_database
from tests.simulation.watch import Watch


class Bench:
    """One office and its officers' devices, told what to do step by step."""

    def __init__(self, seed: int, books: Books) -> None:
        of = house()
        self.world = world.make(seed, of.permissions, named=f"bench {seed}")
        self.ids = self.world.ids
        self.devices = [
            Device(
                label=officer.label,
                device_id=self.ids(),
                officer=officer,
                ids=self.ids,
                office_key=SEAL.public_text,
                first_named=self.ids(),
            )
            for officer in self.world.officers
        ]
        with books.watch.begin() as connection:
            world.people_of_the_office(connection, self.world)
            world.enrol(
                connection, self.world, {d.device_id: d.officer.user_id for d in self.devices}
            )
        self.office = Office(books, of)
        self.watch = Watch(engine=books.watch, house=of, world=self.world)
        self.ask(*world.opening(self.world))

    def close(self) -> None:
        """Close everything that is open."""
        self.office.stop()
        for device in self.devices:
            device.store.close()

    def tell_key(self, device: Device) -> None:
        """Tell the office the key of a device's officer; before that it takes the device's own word."""
        with self.watch.engine.begin() as connection:
            enrolled = {device.device_id: device.officer.user_id}
            world.tell_keys(connection, self.world, enrolled, SEAL.public_text)

    def orders(self, *commands: Command) -> list[Order]:
        """Write commands down as somebody in the office gives them."""
        return [
            Order(
                command=command,
                command_id=self.ids(),
                actor=self.world.office_user,
                happened_at=self.world.now,
            )
            for command in commands
        ]

    def ask(self, *commands: Command) -> list[Result]:
        """Ask the office for something."""
        call = self.begin(*commands)
        assert call.ended
        if call.failure:
            raise call.failure
        results: list[Result] = call.answer
        return results

    def begin(self, *commands: Command, hold: Hold | None = None) -> Call:
        """Ask the office for something and hold it before one of its statements."""
        call = self.office.orders(self.orders(*commands), self.world.now, hold)
        self.office.go_on(call)
        return call

    def assign(self, device: Device, case: int) -> str:
        """Give a case to a device's officer."""
        case_id = self.world.cases[case].case_id
        self.ask(AssignCase(case_id=case_id, officer_id=device.officer.user_id))
        return case_id

    def visit(self, case_id: str, notes: str = "Nobody in") -> Saving:
        """Write a visit down, to be saved on a device."""
        return Saving(
            command_id=self.ids(),
            command=RecordVisit(
                visit_id=self.ids(),
                case_id=case_id,
                happened_at=self.world.now,
                outcome="no_answer",
                notes=notes,
            ),
        )

    def save(self, device: Device, count: int = 1) -> list[str]:
        """Save visits to a device's first case; give the ids of their commands."""
        visits = [self.visit(device.cases()[0]) for _ in range(count)]
        for each in visits:
            device.save([each], self.world.now)
        return [each.command_id for each in visits]

    def erasures(self, device: Device) -> list[str]:
        """Name the cases the office has noted as erased from a device."""
        found = self.watch.rows(
            "SELECT case_id::text FROM erasure WHERE store_id = :id ORDER BY 1", id=device.store_id
        )
        return [row.case_id for row in found]

    def answer(self, device: Device, request: Request) -> Reply:
        """Let the office answer a request."""
        call = self.office.conversation(request, device.actor, self.world.now, None)
        self.office.go_on(call)
        if call.failure:
            raise call.failure
        reply: Reply = call.answer
        return reply

    def sync(
        self,
        device: Device,
        *,
        records_max: int = RECORDS_MAX,
        envelopes_max: int = ENVELOPES_MAX,
        meanwhile: Callable[[], object] = lambda: None,
        watched: bool = True,
    ) -> list[Reply]:
        """Let a device sync, and do something while its first request is on the way."""
        attempt = device.begin_sync(records_max, envelopes_max)
        replies: list[Reply] = []
        goes_on = True
        while goes_on:
            assert attempt.request is not None
            reply = self.answer(device, attempt.request)
            if not replies:
                meanwhile()
            replies.append(reply)
            goes_on = device.take(attempt, reply)
            if watched or not goes_on:
                self.watch.device_holds(device)
        return replies


_seeds = itertools.count(1)


@pytest.fixture(scope="session")
def books(postgres: EmbeddedPostgres, database_template: str) -> Iterator[OnPostgres]:
    """Share one database between the tests of a process; each keeps to a world of its own."""
    name = f"sync_{os.getpid()}"
    create_database(postgres.url("fieldfare"), name, template=database_template)
    made = OnPostgres(postgres.url(name))
    listen(made.office)
    yield made
    made.dispose()


@pytest.fixture
def bench(books: OnPostgres) -> Iterator[Bench]:
    """Give a test an office with its officers' devices."""
    made = Bench(next(_seeds), books)
    yield made
    made.close()
