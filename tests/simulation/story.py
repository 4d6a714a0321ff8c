"""One seed's story: a day of officers, an office and a bad network, drawn step by step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any, TypeVar

from server.spine.areas import House
from shared.commands import Command
from shared.errors import RuleBroken
from tests.simulation import (
    calls,
    exchange,
    field_steps,
    mishaps,
    office_life,
    office_steps,
    thieves,
    world,
)
from tests.simulation.books import Books
from tests.simulation.broken import Broken
from tests.simulation.device import Device
from tests.simulation.network import Network
from tests.simulation.office import SEAL, Call, Office
from tests.simulation.office_life import Backup
from tests.simulation.office_steps import Asked
from tests.simulation.watch import Watch

STEPS = 50
"""Steps of a story before the network heals."""

BAD_DAYS = 0.4
"""How many days have many copies and restores: what goes wrong only together seldom comes by chance."""

DAYS_OF_WORDS = 0.3
"""How many days have officers say much of people: two who differ, and a decision after, take that."""

SYNCS_MAX = 6
"""Syncs without faults after which a device has nothing left to say."""

Step = Callable[["Story"], None]
Asks = TypeVar("Asks", bound=Command)


class Story:
    """Everything that happens in one seed; the same seed tells the same story."""

    def __init__(self, seed: int, books: Books, house: House, morning: Any) -> None:
        """Begin at the morning that `mornings.first` took of these books."""
        self.seed = seed
        self.books = books
        self.world = world.make(seed, house.permissions)
        self.random: Random = self.world.random
        self.ids = self.world.ids
        self.trace: list[str] = []
        self.steps = 0
        self.is_bad_day = self.random.random() < BAD_DAYS
        self.is_day_of_words = self.random.random() < DAYS_OF_WORDS
        self.network = Network(random=self.random)
        self.asked: list[Asked] = []
        self.backups: list[Backup] = []
        self.endings: dict[Call, Callable[[], None]] = {}
        self.devices = self._devices()
        books.put_back(morning)
        self.watch = Watch(engine=books.watch, house=house, world=self.world)
        self.watch.write("UPDATE sync_head SET epoch = :epoch", epoch=self.ids())
        with books.watch.begin() as connection:
            enrolled = {d.device_id: d.officer.user_id for d in self.devices}
            world.enrol(connection, self.world, enrolled)
            world.tell_keys(connection, self.world, enrolled, SEAL.public_text)
        self.office = Office(books, house)

    @property
    def now(self) -> datetime:
        """Read the true time."""
        return self.world.now

    def note(self, line: str) -> None:
        """Add a line to the trace."""
        self.trace.append(f"{self.steps:3} {line}")

    def expect(self, property_: str, holds: bool, otherwise: str) -> None:  # noqa: FBT001 - one fact, as it was read
        """Break off unless something holds that must."""
        if not holds:
            raise Broken(property_, otherwise)

    def _devices(self) -> list[Device]:
        """Give every officer a device, and the first officer two at times."""
        officers = list(self.world.officers)
        if self.random.random() < 0.4:
            officers.append(officers[0])
        return [
            Device(
                label=f"d{number}",
                device_id=self.ids(),
                officer=officer,
                ids=self.ids,
                office_key=SEAL.public_text,
                first_named=self.ids(),
            )
            for number, officer in enumerate(officers)
        ]

    def some_case(self) -> str:
        """Choose a case."""
        return self.random.choice(self.world.cases).case_id

    def some_officer(self) -> str:
        """Choose an officer."""
        return self.random.choice(self.world.officers).user_id

    def some_device(self) -> Device:
        """Choose a device."""
        return self.random.choice(self.devices)

    def asked_for(self, kind: type[Asks]) -> list[Asks]:
        """List what the office has been asked of one kind, whatever came of it."""
        return [
            order.command
            for asked in self.asked
            for order in asked.orders
            if isinstance(order.command, kind)
        ]

    # The day

    def tell(self) -> None:
        """Let the day go by, heal the network, and see that everything is where it belongs."""
        try:
            office_steps.assign_the_cases(self)
            for device in self.devices:
                if self.random.random() < 0.8:
                    exchange.sync_at_once(self, device)
            for self.steps in range(1, STEPS + 1):
                self.world.pass_time()
                self._step()
            self._heal()
        finally:
            self.office.close()
            for device in self.devices:
                device.store.close()

    def _step(self) -> None:
        """Do the next thing that chance names."""
        steps: tuple[tuple[Step, int], ...] = (
            (exchange.deliver, 45 if self.network.on_the_way else 0),
            (exchange.begin_sync, 14),
            (field_steps.work, 20),
            (mishaps.mishap, 7),
            (office_steps.work, 16),
            (calls.go_on, 10 if self.office.held else 0),
            (calls.restart, 3 if self.office.held else 1),
            (office_life.back_up, 2),
            (office_life.restore, (5 if self.is_bad_day else 1) if self.backups else 0),
            (office_life.suspend, 2),
        )
        names, weights = zip(*steps, strict=True)
        try:
            self.random.choices(names, weights)[0](self)
        except RuleBroken as refusal:
            if refusal.code != "disk.full":
                raise
            self.note("a disk is full")

    def _heal(self) -> None:
        """Let every device say all it has to say, then check everything."""
        self.steps += 1
        self.note("the network heals")
        calls.finish(self)
        office_life.reinstate_all(self)
        self.network.on_the_way.clear()
        for device in self.devices:
            device.come_back()
            for attempt in list(device.attempts):
                device.give_up(attempt)
            with device.store.transaction() as connection:
                connection.execute("DELETE FROM draft")
        for device in self.devices:
            self._sync_until_quiet(device)
        for device in self.devices:  # what one sends, the others are told
            if device.store.cursor() != self.watch.head():
                self._sync_until_quiet(device)
        self.watch.everything(self.devices, self.asked)
        thieves.try_it(self)

    def _sync_until_quiet(self, device: Device) -> None:
        for _sync in range(SYNCS_MAX):
            exchange.sync_at_once(self, device)
            device.upload_photographs()
            if not device.store.waiting(1) and not device.store.rows("SELECT 1 FROM purge"):
                return
        waiting = device.store.rows("SELECT name FROM outbox WHERE outcome IS NULL ORDER BY seq")
        leaving = device.store.rows("SELECT reason, erased FROM purge")
        raise Broken("P19", f"{device.label} is never done: {waiting} wait, {leaving} leave")
