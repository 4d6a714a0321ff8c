"""All that runs in a torture: the office's services, the devices on their bad lines, the people at work."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from server.config import Config
from server.demo.council import Size
from server.demo.run import prepare
from server.serving import running_database
from server.spine.postgres import EmbeddedPostgres
from tests.torture.counting import Office
from tests.torture.desk import Desk
from tests.torture.filing import Filing
from tests.torture.handheld import Handheld
from tests.torture.kept import Kept, end_left_over, note_processes
from tests.torture.network import Line
from tests.torture.services import Service, kill_postmaster, kill_session, postmaster
from tests.torture.told import Told

SIZE = Size(households=90, businesses=6, cases=45)
CARRIED_BY = ("officer", "officer", "officer2")
"""Whose each device is; one officer carries two."""

REST_SECONDS_MAX = 240
"""How long everything may take to come to rest once nothing is killed any more."""

START_LOOKS_MAX = 900


class CannotGoOn(Exception):  # noqa: N818 - it says why
    """A run cannot begin or go on; the message says what to do."""


@dataclass
class Scene:
    """What runs, all of it started here and in a folder of its own."""

    folder: Path
    kept: Kept
    told: Told
    lines: list[Line] = field(default_factory=list)
    devices: list[Handheld] = field(default_factory=list)
    people: list[Desk | Filing] = field(default_factory=list)
    officers: dict[str, str] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    web: Service = field(init=False)
    worker: Service = field(init=False)

    def __post_init__(self) -> None:
        self._numbers = itertools.count(self.told.numbered + 1)
        self.kept.office_port = self.kept.office_port or _free_port()
        port = {"FIELDFARE_PORT": str(self.kept.office_port)}
        note = self._note_processes
        self.web = Service("office", self.home, port, ready_event="ready", started=note)
        self.worker = Service("worker", self.home, started=note)

    @property
    def home(self) -> Path:
        """Where the office lives."""
        return self.folder / "office"

    def mark(self) -> str:
        """Make words that stand nowhere else, not in what an interrupted run wrote down either."""
        return f"T {next(self._numbers)} {self.kept.seed}"

    def random(self, what: str) -> Random:
        """Draw for one part of the run; going on after an interruption draws others."""
        return Random(f"{self.kept.seed} {self.kept.kills} {what}")

    # Beginning

    def stand_up(self, stack: ExitStack) -> None:
        """Make the council the first time, and start everything; the stack ends all of it."""
        end_left_over(self._processes)
        stack.callback(self._processes.unlink, missing_ok=True)
        stack.callback(EmbeddedPostgres(self.home).abandon)
        config = Config(home=self.home, database_url=None, port=0)
        with running_database(config) as url:
            prepare(config, url, SIZE)
            found = _Council(create_engine(url, poolclass=NullPool))
        self.officers = {name: found.users[name] for name in CARRIED_BY}
        for service in (self.web, self.worker):
            stack.callback(service.end)
            service.start()
        self._wait_for_the_office()
        for number, officer in enumerate(CARRIED_BY):
            self._hand_out(stack, number, officer)
        self.kept.line_ports = [line.port for line in self.lines]
        self.kept.made = True
        self._seat(stack, found)
        for device in self.devices:
            device.carry()

    def _wait_for_the_office(self) -> None:
        for _look in range(START_LOOKS_MAX):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.kept.office_port), 1).close()
                return
            time.sleep(0.1)
        raise CannotGoOn(f"The office does not start: see {self.home / 'office.log'}")

    def _hand_out(self, stack: ExitStack, number: int, officer: str) -> None:
        """Give an officer a device on a line of its own, enrolled the first time."""
        line = Line(
            office_port=self.kept.office_port,
            random=self.random(f"line {number}"),
            port=self.kept.line_ports[number] if self.kept.line_ports else 0,
            fair=True,
        )
        stack.callback(line.close)
        device = Handheld(
            label=f"device{number + 1}",
            officer=officer,
            folder=self.folder / f"device{number + 1}",
            line=line,
            told=self.told,
            random=self.random(f"device {number}"),
            marks=self.mark,
            started=self._note_processes,
        )
        stack.callback(device.end)
        self.lines.append(line)
        self.devices.append(device)
        if not self.kept.made:
            device.enrol(self.officers[officer])

    def _seat(self, stack: ExitStack, found: _Council) -> None:
        """Have people in the office begin to work."""
        address = f"http://127.0.0.1:{self.kept.office_port}"
        for who in ("supervisor", "supervisor2"):
            desk = Desk(
                office=address,
                who=who,
                told=self.told,
                random=self.random(who),
                marks=self.mark,
                cases=found.cases,
                officers=sorted(self.officers.values()),
                debts=found.debts,
                people=found.people,
            )
            self.people.append(desk)
        self.people.append(
            Filing(office=address, who="supervisor", told=self.told, marks=self.mark)
        )
        for somebody in self.people:
            stack.callback(somebody.end)
            somebody.sit_down()

    # Ending processes

    def end(self, target: str, random: Random) -> bool:
        """End something as a power cut would; tell whether there was anything to end."""
        device, at = random.choice(self.devices), random.random()
        ends: dict[str, Callable[[], bool]] = {
            "device": lambda: device.kill(keeper=True, vault=True),
            "vault": lambda: device.kill(keeper=False, vault=True),
            "keeper": lambda: device.kill(keeper=True, vault=False),
            "web": self.web.kill,
            "worker": self.worker.kill,
            "postmaster": lambda: kill_postmaster(self.home),
            "session": lambda: kill_session(self.home, at),
        }
        done = ends[target]()
        for service in (self.web, self.worker):
            if service.cannot_start:
                raise CannotGoOn(f"{service.name} does not start any more: see {self.home}")
        return done

    @property
    def _processes(self) -> Path:
        return self.folder / "processes.json"

    def _note_processes(self) -> None:
        """Keep what runs, so that what an ended run leaves behind is found by the next."""
        pids = [pid for service in (self.web, self.worker) if (pid := service.pid)]
        pids += [pid for device in self.devices for pid in device.pids()]
        server = postmaster(self.home)
        with self._turn:
            note_processes(self._processes, [*pids, *([server.pid] if server else [])])

    # Resting

    def rest(self) -> list[str]:
        """Have everybody finish, devices last; say who did not come to rest."""
        for line in self.lines:
            line.fair = True
        restless: list[str] = []
        for group in (self.people, self.devices, self.devices):  # the last to send moves the others
            for each in group:
                each.at_rest.clear()
                each.resting.set()
            restless += _wait_for(group)
        for device in self.devices:
            device.end()
        return restless

    def go_on(self) -> None:
        """Have everybody work again."""
        for each in (*self.people, *self.devices):
            each.resting.clear()
        for device in self.devices:
            device.carry()

    def engine(self) -> Engine:
        """Open the office's database beside the office."""
        folder = (self.home / "postgres" / "socket").read_text().split("\n")[0]
        url = f"postgresql+psycopg://fieldfare@/fieldfare?host={folder}&port=5432"
        return create_engine(url, poolclass=NullPool)


class _Council:
    """Who and what there is in the council."""

    def __init__(self, engine: Engine) -> None:
        office = Office(engine)
        self.users = dict(office.rows('SELECT sign_in, user_id::text FROM "user"'))
        self.cases = [id_ for (id_,) in office.rows('SELECT case_id::text FROM "case" ORDER BY 1')]
        self.debts = [
            id_ for (id_,) in office.rows("SELECT DISTINCT debt_id::text FROM case_debt ORDER BY 1")
        ]
        self.people = [
            id_
            for (id_,) in office.rows(
                'SELECT DISTINCT person_id::text FROM "case" JOIN person USING (person_id) '
                "WHERE kind = 'individual' ORDER BY 1"
            )
        ]
        engine.dispose()


def _wait_for(group: Sequence[Desk | Filing | Handheld]) -> list[str]:
    """Wait until all of them rest; name those who did not in time, with what they met."""
    deadline = time.monotonic() + REST_SECONDS_MAX
    while not all(each.at_rest.is_set() for each in group):
        if time.monotonic() > deadline:
            return [each.said() for each in group if not each.at_rest.is_set()]
        time.sleep(0.2)
    return []


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
