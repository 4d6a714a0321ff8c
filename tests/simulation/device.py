"""A device under simulation: a real vault on a disk that fails, its clock, and the syncs it has begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault import sealing
from field_client.vault.absorbing import Seal
from field_client.vault.execute import Saving, execute
from field_client.vault.store import Store, open_store
from shared.commands import Actor, Command
from shared.photographs import RecordPhotograph
from sync.device_steps import Copy, Send, Taken
from sync.device_steps import Device as Asked
from sync.protocol import Clock, Reply, Request
from sync.session import Progress, converse
from sync.steps import Steps
from tests.simulation import hands
from tests.simulation.disk import Disk
from tests.simulation.world import Ids, Officer

KEY = bytes(range(32))
"""What every simulated vault is opened with, so that an empty one is made only once."""

VAULT = "vault.db"


@cache
def empty_vault() -> Mapping[str, bytes]:
    """Make the files of a vault that nothing is in yet."""
    disk = Disk(0)
    open_store(disk.folder / VAULT, bytearray(KEY), drive=disk).close()
    return disk.image()


@dataclass(frozen=True, kw_only=True)
class Saved:
    """A command the device said it had saved; from then on it must not be lost or doubled."""

    command_id: str
    command: Command
    device: str
    officer_id: str
    group: str | None


@dataclass(eq=False, kw_only=True)
class Attempt:
    """One sync that a device has begun, and the exchange it is waiting for."""

    number: int
    conversation: Steps[Asked, Progress]
    exchange: int = 0
    request: Request | None = None


@dataclass(eq=False, kw_only=True)
class Device:
    """One device of one officer."""

    label: str
    device_id: str
    officer: Officer
    ids: Ids
    office_key: str
    first_named: str
    image: Mapping[str, bytes] = field(default_factory=empty_vault)
    skew: timedelta = timedelta(0)
    boots: int = 0
    attempts_begun: int = 0
    attempts: list[Attempt] = field(default_factory=list)
    saved: list[Saved] = field(default_factory=list)
    perhaps: list[Saved] = field(default_factory=list)
    """Pressed while something failed: nobody was told that it is saved, and it may be all the same."""

    has_a_twin: bool = False
    """Whether its disk was copied, so that two speak as one device."""

    uploaded: set[str] = field(default_factory=set)
    seal: Seal | None = None
    disk: Disk = field(init=False)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.disk = Disk(int(self.first_named[:8], 16))
        self.disk.lay(self.image)
        self._open()
        if not self.store.rows("SELECT 1 FROM meta WHERE name = 'store_id'"):
            self.store.put("store_id", self.first_named)
        holder = hands.holder_of(self.office_key, self.device_id, self.officer.user_id)
        self.store.make_key(holder, lambda: hands.private_of(self.device_id))

    @property
    def store_id(self) -> str:
        """Name the vault, as it is called now."""
        return self.store.store_id()

    @property
    def actor(self) -> Actor:
        """Say who speaks when this device signs a request."""
        return Actor(
            user_id=self.officer.user_id,
            permissions=frozenset({"visits.record"}),
            device_id=self.device_id,
        )

    def clock(self, now: datetime) -> datetime:
        """Read this device's clock, which may be wrong."""
        return now + self.skew

    # Its life

    def _open(self) -> None:
        self.disk.heal()
        self.store = open_store(self.disk.folder / VAULT, bytearray(KEY), drive=self.disk)

    def restart(self) -> None:
        """Close the vault in order and open it again."""
        self.attempts.clear()
        self.store.close()
        self._open()

    def die(self) -> None:
        """Lose the process: what it wrote is there, for the system lives."""
        self.attempts.clear()
        self.boots += 1
        self.disk.kill()
        self.store.close()
        self._open()
        self._settle()

    def lose_power(self) -> None:
        """Lose power: what was synced is there, of the rest any sectors are."""
        self.disk.cut_power()
        self._come_back()

    def come_back(self) -> None:
        """Begin again after whatever has befallen, on a disk that is well again."""
        self.disk.heal()
        if not self.disk.has_power:
            self._come_back()
        else:
            self.restart()
        self._settle()

    def _come_back(self) -> None:
        self.attempts.clear()
        self.boots += 1
        self.store.close()
        self.disk.restart()
        self._open()
        self._settle()

    def _settle(self) -> None:
        """See what was kept of that whose saving failed."""
        kept = self.kept()
        self.saved.extend(each for each in self.perhaps if each.command_id in kept)
        self.perhaps.clear()

    def kept(self) -> set[str]:
        """Name the commands in the outbox."""
        return {row[0] for row in self.store.rows("SELECT command_id FROM outbox")}

    def copied(self, label: str, first_named: str) -> Device:
        """Make a device of its own from what this one's disk holds now."""
        self._settle()
        self.has_a_twin = True
        return Device(
            has_a_twin=True,
            label=label,
            device_id=self.device_id,
            officer=self.officer,
            ids=self.ids,
            office_key=self.office_key,
            first_named=first_named,
            image=self.disk.image(),
            skew=self.skew,
            saved=list(self.saved),
            uploaded=set(self.uploaded),
        )

    # What is done on it

    def save(
        self,
        savings: Sequence[Saving],
        now: datetime,
        *,
        group: str | None = None,
        photographs: Sequence[tuple[str, str, str, bytes]] = (),
    ) -> int:
        """Save commands as the pages do, with their photographs; answer how many were kept."""
        reading = self.clock(now)
        clock = Clock(wall=reading.isoformat(), monotonic=1.0, boot=f"boot{self.boots}")
        pressed = [
            Saved(
                command_id=saving.command_id,
                command=saving.command,
                device=self.label,
                officer_id=self.officer.user_id,
                group=group,
            )
            for saving in savings
        ]
        try:
            with self.store.transaction() as connection:
                decisions = execute(
                    self.store, self.officer.user_id, savings, clock=clock, now=reading, group=group
                )
                connection.executemany(
                    "INSERT INTO photograph (photograph_id, visit_id, case_id, purpose, body, recorded)"
                    " VALUES (?, ?, ?, 'premises', ?, 1) ON CONFLICT DO NOTHING",
                    photographs,
                )
        except sqlcipher.DatabaseError:
            self.perhaps.extend(pressed)
            raise
        kept = [each for each, decision in zip(pressed, decisions, strict=True) if decision.changes]
        self.saved.extend(kept)
        return len(kept)

    def cases(self) -> list[str]:
        """Name the cases this device shows."""
        return [
            row[0]
            for row in self.store.rows(
                "SELECT case_id FROM record WHERE kind = 'case' ORDER BY case_id"
            )
        ]

    def begin_sync(self, records_max: int, envelopes_max: int) -> Attempt:
        """Begin a sync beside any that is still waiting."""
        self.attempts_begun += 1
        attempt = Attempt(
            number=self.attempts_begun,
            conversation=converse(records_max=records_max, envelopes_max=envelopes_max),
        )
        assert self._go_on(attempt, None), "a sync begins by asking"
        self.attempts.append(attempt)
        return attempt

    def take(self, attempt: Attempt, reply: Reply) -> bool:
        """Give a reply to a sync; tell whether it has another request to send."""
        if not self._go_on(attempt, reply):
            self.give_up(attempt)
            return False
        attempt.exchange += 1
        return True

    def _go_on(self, attempt: Attempt, reply: Reply | None) -> bool:
        """Do every step a sync asks for until it has something to send; tell whether it has."""
        try:
            step = attempt.conversation.send(reply)
            while not isinstance(step, Send):
                step = attempt.conversation.send(step.do(self))
        except StopIteration:
            return False
        attempt.request = step.request
        return True

    # What a sync asks for

    def copy(self, envelopes_max: int) -> Copy:
        """Read what there is to say."""
        return self.store.copy(envelopes_max)

    def send(self, _request: Request) -> Reply:
        """Leave that to the network."""
        raise AssertionError("the scheduler carries what is sent")

    def is_sealed(self, reply: Reply) -> bool:
        """Hold a reply's seal against the key of its office."""
        self.seal = sealing.seal_of(self.store, reply)
        return sealing.is_genuine(self.office_key, reply, self.seal)

    def read_clock(self) -> Clock:
        """Give a reading nobody looks at."""
        return Clock(wall="", monotonic=1.0, boot="")

    def absorb(self, reply: Reply, _clock: Clock, *, sealed: bool) -> Taken:
        """Take a reply in."""
        return self.store.absorb(reply, self.seal, sealed=sealed)

    def renumber(self) -> None:
        """Take a name that nobody has, the same one whenever the day is told again."""
        self.store.renumber(self.ids())

    def draw(self, least: float, _most: float) -> float:
        """Wait for nothing."""
        return least

    def give_up(self, attempt: Attempt) -> None:
        """Leave a sync where it is."""
        attempt.conversation.close()
        if attempt in self.attempts:
            self.attempts.remove(attempt)

    # Photographs travel apart from the conversation

    def to_upload(self) -> set[str]:
        """Name the photographs that were saved here and whose bytes the office does not have."""
        taken = {
            saved.command.photograph_id
            for saved in self.saved
            if isinstance(saved.command, RecordPhotograph)
        }
        return taken - self.uploaded

    def upload_photographs(self) -> None:
        """Take the bytes of the photographs whose command the office has answered as arrived."""
        with self.store.transaction() as connection:
            arrived = connection.execute(
                "UPDATE photograph SET arrived = 1 WHERE NOT arrived AND case_id NOT IN "
                "(SELECT case_id FROM outbox WHERE outcome IS NULL) RETURNING photograph_id"
            ).fetchall()
        self.uploaded.update(row[0] for row in arrived)
