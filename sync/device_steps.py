"""What the device's half of a conversation asks for: its vault, the network, its clocks and chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sync.protocol import CaseTotal, Clock, Place, Reply, Report, Request
from sync.steps import Step


@dataclass(frozen=True, kw_only=True)
class Copy:
    """What a device has to say at one moment.

    `manifest` is there when its copy was found to differ from the office's, `confirm` when it holds
    back a page that would take a great part of its cases away. `forked` says that its unsent commands
    must be numbered anew before anything else is sent.
    """

    store_id: str
    epoch: str | None
    cursor: int
    waiting: tuple[bytes, ...] = ()
    places: tuple[Place, ...] = ()
    signatures: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()
    manifest: tuple[CaseTotal, ...] | None = None
    confirm: str | None = None
    forked: bool = False
    report: Report | None = None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a device made of a reply: receipts it kept, whether it took the page, what it noticed.

    `erased` counts cases that left it, which it has to tell the office. `differs` says that its copy is
    not what the office says it comes to; `parked` that a page is held back until the office confirms
    it; `forked` that another copy of this vault has spoken.
    """

    receipts: int = 0
    page: bool = False
    erased: int = 0
    differs: bool = False
    parked: bool = False
    forked: bool = False


class Device(Protocol):
    """Who does what the device's half asks."""

    def copy(self, envelopes_max: int) -> Copy:
        """Read what there is to say, in one moment."""

    def send(self, request: Request) -> Reply:
        """Carry a request to the office and give its reply; raises when there is none."""

    def is_sealed(self, reply: Reply) -> bool:
        """Tell whether the office's key signed what this reply says of our commands."""

    def read_clock(self) -> Clock:
        """Read every clock."""

    def absorb(self, reply: Reply, clock: Clock, *, sealed: bool) -> Taken:
        """Take a reply in, whole or not at all."""

    def renumber(self) -> None:
        """Give this vault a name nobody has, and number what it has not sent anew under it."""

    def draw(self, least: float, most: float) -> float:
        """Draw a number between two."""


@dataclass(frozen=True)
class ReadCopy(Step[Device, Copy]):
    """Ask what there is to say."""

    envelopes_max: int

    def do(self, doer: Device) -> Copy:
        """Have the vault say."""
        return doer.copy(self.envelopes_max)


@dataclass(frozen=True)
class Send(Step[Device, Reply]):
    """Have a request carried to the office."""

    request: Request

    def do(self, doer: Device) -> Reply:
        """Have the network carry it."""
        return doer.send(self.request)


@dataclass(frozen=True)
class CheckSeal(Step[Device, bool]):
    """Ask whether a reply's seal is the office's."""

    reply: Reply

    def do(self, doer: Device) -> bool:
        """Have the pinned key say."""
        return doer.is_sealed(self.reply)


@dataclass(frozen=True)
class ReadClock(Step[Device, Clock]):
    """Ask what the clocks say."""

    def do(self, doer: Device) -> Clock:
        """Have them read."""
        return doer.read_clock()


@dataclass(frozen=True)
class Absorb(Step[Device, Taken]):
    """Have a reply taken in."""

    reply: Reply
    clock: Clock
    sealed: bool

    def do(self, doer: Device) -> Taken:
        """Have the vault take it in."""
        return doer.absorb(self.reply, self.clock, sealed=self.sealed)


@dataclass(frozen=True)
class Renumber(Step[Device, None]):
    """Have a vault that was copied take a name of its own."""

    def do(self, doer: Device) -> None:
        """Have its unsent commands numbered anew."""
        doer.renumber()


@dataclass(frozen=True)
class Draw(Step[Device, float]):
    """Ask chance for a number."""

    least: float
    most: float

    def do(self, doer: Device) -> float:
        """Have it drawn."""
        return doer.draw(self.least, self.most)
