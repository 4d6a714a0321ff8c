"""The conversation between a device and the office: its messages, their limits and their version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from shared.commands import Lane, Outcome

PROTOCOL_VERSION = 1
"""The version of the conversation written here."""

ENVELOPES_MAX = 100
"""Envelopes one request may carry; also the most the office applies in one transaction."""

ENVELOPE_BYTES_MAX = 65_536
"""Bytes one envelope may have."""

RECORDS_MAX = 500
"""Records a reply aims to carry; a whole commit is never split, so one may carry more."""

REQUEST_BYTES_MAX = 8 * 1024 * 1024
"""Bytes a request may have once it is decompressed."""

WAITING_BYTES_AIM = 1024 * 1024
"""Bytes of envelopes a device puts into one request; written in JSON twice they grow, so fewer."""

GROUP_BYTES_MAX = 1024 * 1024
"""Bytes the envelopes of one group may have together, because a group is never split."""

PAGE_BYTES_AIM = 2 * 1024 * 1024
"""Bytes of records a page aims to carry; a whole commit is never split, so one may carry more."""

REPLY_BYTES_MAX = 128 * 1024 * 1024
"""Bytes a reply may have once it is decompressed: room for one commit that assigns many cases."""

PURGED_MAX = 1_000
"""Erased cases that one request reports; the others wait for the next."""

GENESIS = "0" * 64
"""What the first envelope of a lane names as its predecessor's hash."""

SYNC_PATH = "/sync/v1"
"""Where the office answers a sync request."""

CONTENT_TYPE = "application/vnd.fieldfare.sync+zstd"
"""What both ends call a message; anything else is not the office."""


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What a device's clocks said when a command was given: evidence, never an order."""

    wall: str
    monotonic: float
    boot: str
    offset: float | None = None


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """One command as a device keeps and sends it; `written` is the bytes, kept and sent verbatim."""

    command_id: str
    store_id: str
    lane: Lane
    seq: int
    prev: str
    name: str
    version: int
    case_id: str
    seen_commit: int
    group: str | None
    happened_at: str
    clock: Clock
    body: Mapping[str, Any]
    written: bytes


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far the office has taken a lane: the last number, and the hash the next must name."""

    seq: int = 0
    head: str = GENESIS


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """The office's answer to one command, which the device keeps."""

    command_id: str
    outcome: Outcome
    code: str | None = None
    flags: tuple[str, ...] = ()
    commit: int | None = None
    received_at: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One field record as it travels: where it belongs, its number, and its body unless removed."""

    case_id: str
    view: str
    kind: str
    record_id: str
    commit: int
    body: str | None

    @property
    def removed(self) -> bool:
        """Tell whether the record is to be taken off the device."""
        return self.body is None


@dataclass(frozen=True, kw_only=True)
class Purge:
    """A case that left this officer's scope: everything of it in that view goes."""

    case_id: str
    view: str
    commit: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What moved in an officer's scope after a cursor: whole commits, in order."""

    records: tuple[Record, ...] = ()
    purges: tuple[Purge, ...] = ()
    start: int = 0
    end: int = 0
    head: int = 0
    remaining: int = 0

    @property
    def more(self) -> bool:
        """Tell whether records stand beyond this page."""
        return self.end < self.head


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a device says: what it did, how far it has read, and what it has erased."""

    store_id: str
    epoch: str | None
    cursor: int
    envelopes: tuple[bytes, ...] = ()
    purged: tuple[str, ...] = ()
    records_max: int = RECORDS_MAX
    protocol: int = PROTOCOL_VERSION


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the office answers: a receipt for every command, and a page of what moved.

    `noted` names the cases whose erasure is now on record, as of the page's start.
    """

    epoch: str
    server_time: str
    receipts: tuple[Receipt, ...] = ()
    positions: Mapping[Lane, Position] = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    page: Page = field(default_factory=Page)
    protocol: int = PROTOCOL_VERSION


class OfficeStore(Protocol):
    """What the office's half of a conversation asks of its database."""

    def begin(self, store_id: str) -> None:
        """Bind this vault to the device that signed the request, and keep others of it waiting."""

    def positions(self, store_id: str) -> Mapping[Lane, Position]:
        """Say how far each lane of this vault has been taken."""

    def receipts(self, command_ids: Sequence[str]) -> Mapping[str, tuple[str, Receipt]]:
        """Give the stored answer of each command already known, with the hash of its bytes."""

    def accept(self, envelopes: Sequence[Envelope]) -> Sequence[Receipt]:
        """Decide new envelopes and move their lanes on, all durable before this returns."""

    def set_aside(self, store_id: str, written: bytes, code: str) -> Receipt | None:
        """Keep bytes that cannot be an envelope of this vault, for a supervisor to examine."""

    def note_purged(self, store_id: str, case_ids: Sequence[str], cursor: int) -> Sequence[str]:
        """Note that a device which has read to the cursor erased these cases; say which count."""

    def page(self, cursor: int, records_max: int) -> Page:
        """Read what moved in this officer's scope after the cursor, in one snapshot."""

    def epoch(self) -> str:
        """Name this life of the office's database; a restored backup gets another."""


class DeviceStore(Protocol):
    """What the device's half of a conversation asks of its vault."""

    def store_id(self) -> str:
        """Name this vault."""

    def epoch(self) -> str | None:
        """Name the life of the office's database this copy was read from."""

    def cursor(self) -> int:
        """Say how far this copy has read."""

    def waiting(self, envelopes_max: int) -> Sequence[bytes]:
        """Give the oldest commands without a receipt, urgent first, each lane in its order."""

    def purged(self) -> Sequence[str]:
        """Name the cases erased and not yet reported as erased."""

    def absorb(self, reply: Reply) -> None:
        """Take in a reply, whole or not at all: receipts, records, removals and the cursor."""
