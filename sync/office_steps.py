"""What the office's half of a conversation asks for: its database, its key and the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from shared.commands import Lane
from sync.protocol import CaseTotal, Envelope, Page, Position, Receipt, Total
from sync.steps import Step


class Aside(NamedTuple):
    """Bytes that are kept as they came: why, and what their officer's key signed of them."""

    written: bytes
    code: str
    signature: str = ""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How far a vault's lanes have been taken, and what was answered to commands it sends again.

    `epoch` is the life of the office's database; `known` gives each stored answer with the hash of the
    bytes it was given for.
    """

    epoch: str
    positions: Mapping[Lane, Position]
    known: Mapping[str, tuple[str, Receipt]]


@dataclass(frozen=True, kw_only=True)
class Look:
    """From where a device wants to be told what moved, and what it says of its copy."""

    store_id: str
    epoch: str | None
    cursor: int
    records_max: int
    manifest: tuple[CaseTotal, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the office finds in one snapshot: its life, its lanes, and the page."""

    epoch: str
    page: Page
    durable: int = 0
    scope: Total | None = None
    positions: Mapping[Lane, Position] = field(default_factory=dict)


class Office(Protocol):
    """Who does what the office's half asks."""

    def hear(self, store_id: str, command_ids: Sequence[str]) -> Standing:
        """Bind a vault to the device that speaks, and say how it stands.

        Positions are read before answers, or a number just taken would look like another's.
        """

    def set_aside(self, store_id: str, kept: Sequence[Aside]) -> None:
        """Keep bytes that cannot be commands of this vault, each with a code, for a supervisor."""

    def accept(self, envelopes: Sequence[Envelope]) -> Sequence[Receipt]:
        """Decide new envelopes and move their lanes on, all durable before this returns.

        What its officer's key should have signed and did not takes its place and is set aside.
        """

    def note_purged(self, store_id: str, case_ids: Sequence[str], cursor: int) -> Sequence[str]:
        """Note that a device which has read to the cursor erased these cases; say which count."""

    def look(self, look: Look) -> Told:
        """Read everything that a reply tells, in one snapshot, for a vault of the device that speaks."""

    def note_confirmed(self, store_id: str, cases: int) -> None:
        """Keep that a device asked again before it erased so many cases, and was told to."""

    def sign(self, statement: bytes) -> str:
        """Sign with the office's key; nothing when this office has none."""

    def server_time(self) -> str:
        """Say what time it is at the office."""


@dataclass(frozen=True)
class Hear(Step[Office, Standing]):
    """Ask how the vault stands that speaks."""

    store_id: str
    command_ids: tuple[str, ...]

    def do(self, doer: Office) -> Standing:
        """Have the database say."""
        return doer.hear(self.store_id, self.command_ids)


@dataclass(frozen=True)
class SetAside(Step[Office, None]):
    """Have bytes kept that nothing else can become of here."""

    store_id: str
    kept: tuple[Aside, ...]

    def do(self, doer: Office) -> None:
        """Have the database keep them."""
        doer.set_aside(self.store_id, self.kept)


@dataclass(frozen=True)
class Accept(Step[Office, Sequence[Receipt]]):
    """Have new commands decided."""

    envelopes: tuple[Envelope, ...]

    def do(self, doer: Office) -> Sequence[Receipt]:
        """Have them go through the one door."""
        return doer.accept(self.envelopes)


@dataclass(frozen=True)
class NotePurged(Step[Office, Sequence[str]]):
    """Have it noted which cases a device has erased."""

    store_id: str
    case_ids: tuple[str, ...]
    cursor: int

    def do(self, doer: Office) -> Sequence[str]:
        """Have the database note them."""
        return doer.note_purged(self.store_id, self.case_ids, self.cursor)


@dataclass(frozen=True)
class LookUp(Step[Office, Told]):
    """Ask what there is to tell."""

    look: Look

    def do(self, doer: Office) -> Told:
        """Have the database read it."""
        return doer.look(self.look)


@dataclass(frozen=True)
class NoteConfirmed(Step[Office, None]):
    """Have it noted that a great purge was asked about and is meant."""

    store_id: str
    cases: int

    def do(self, doer: Office) -> None:
        """Have the database note it."""
        doer.note_confirmed(self.store_id, self.cases)


@dataclass(frozen=True)
class Sign(Step[Office, str]):
    """Have the office put its name to something."""

    statement: bytes

    def do(self, doer: Office) -> str:
        """Have its key sign."""
        return doer.sign(self.statement)


@dataclass(frozen=True)
class ServerTime(Step[Office, str]):
    """Ask what time it is at the office."""

    def do(self, doer: Office) -> str:
        """Have its clock say."""
        return doer.server_time()
