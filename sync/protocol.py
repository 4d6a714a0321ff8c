"""The conversation between a device and the office: its messages, their limits and their version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.commands import Lane, Outcome
from shared.schemas import digest

PROTOCOL_VERSION = 2
"""The version of the conversation written here."""

PROTOCOL_OLDEST = 1
"""The oldest version that is still spoken; the office gives pages to two versions back at least."""

ENVELOPES_MAX = 100
"""Envelopes one request may carry; also the most the office applies in one transaction."""

ENVELOPE_BYTES_MAX = 65_536
"""Bytes one envelope may have."""

RECORDS_MAX = 2_500
"""Records a reply aims to carry, a bundle of 300 cases; a whole commit is never split, so one may
carry more."""

RECORDS_ASKED_MAX = 1_000_000
"""The most records a device may ask for; the office gives no more than it aims to."""

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

SENT_BYTES_MAX = 129 * 1024 * 1024
"""Bytes a reply may have as it travels: what does not compress at all is a little longer than it is."""

MANIFEST_MAX = 5_000
"""Views of cases one manifest may name; a device with more is beyond what one officer carries."""

REPAIRED_MAX = 500
"""Views of cases sent whole in one reply; the others wait for the next manifest."""

PURGE_GUARD_CASES = 20
"""Cases a page may take away without being asked again, however few the device holds."""

PURGE_GUARD_SHARE = 0.3
"""Share of the cases held that a page may take away without being asked again."""

PURGED_MAX = 1_000
"""Erased cases that one request reports; the others wait for the next."""

GENESIS = "0" * 64
"""What the first envelope of a lane names as its predecessor's hash."""

LANE_FORKED = "lane.forked"
"""Another copy of the vault has taken a command's number: it is to be numbered anew and sent again."""

UNREADABLE = "envelope.unreadable"
"""The office could not read a command's envelope: its bytes are kept, and its lane goes on."""

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
    """One command as a device keeps and sends it; `written` is the bytes, kept and sent verbatim.

    `first` is there once it was numbered anew: the SHA-256 of the bytes it was first written as.
    `signature` is what its officer's key signed of it where it stands; nothing when nobody did.
    """

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
    first: str | None = None
    signature: str = ""

    @property
    def identity(self) -> str:
        """Name what a command says, however often it has been numbered anew."""
        return self.first or digest(self.written)

    @property
    def readable(self) -> bool:
        """Tell whether this was read from its bytes; if not, it is only a place they hold."""
        return bool(self.name)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a device says that an envelope of its request stands, should nobody be able to read it."""

    command_id: str
    lane: str
    seq: int


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
    more: Mapping[str, Any] = field(default_factory=dict)
    """Members that a newer office added: kept, because its seal covers them too."""

    @property
    def number(self) -> str:
        """Give the short number a person reads out, which the office can find the command by."""
        return f"{self.command_id[:4]}-{self.command_id[4:8]}".upper()


class Record(NamedTuple):
    """One field record as it travels: where it belongs, its number, and its body unless removed.

    A tuple, because a first page has thousands and each is made at both ends.
    """

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
class Total:
    """What some records come to: how many they are, and the sum of their hashes."""

    records: int = 0
    hash: int = 0


@dataclass(frozen=True, kw_only=True)
class CaseTotal:
    """What the records of one view of a case come to: one line of a manifest."""

    case_id: str
    view: str
    records: int
    hash: int


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A view of a case whose every record is in this page: what the device held of it goes first."""

    case_id: str
    view: str


@dataclass(frozen=True, kw_only=True)
class Page:
    """What moved in an officer's scope after a cursor: whole commits, in order.

    `repaired` names what a manifest showed to differ and is sent whole.
    """

    records: tuple[Record, ...] = ()
    purges: tuple[Purge, ...] = ()
    repaired: tuple[Whole, ...] = ()
    start: int = 0
    end: int = 0
    head: int = 0
    remaining: int = 0

    @property
    def more(self) -> bool:
        """Tell whether records stand beyond this page."""
        return self.end < self.head


@dataclass(frozen=True, kw_only=True)
class Report:
    """How a device stands by its own word, for whoever looks after it: counts and times, nobody's data.

    `waiting` counts the commands without a receipt, those of this request among them, and
    `waiting_since` says when the oldest of them was saved.
    """

    app: str = ""
    waiting: int = 0
    waiting_since: str | None = None
    photographs: int = 0
    needs_you: int = 0
    offset: float | None = None


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a device says: what it did, how far it has read, and what it has erased.

    `protocol` is the newest version it speaks and `oldest` the oldest. `manifest` says case by case
    what it holds, when its whole was found to differ; `confirm` names the purges it asks about again.
    Nothing is ever decided by `report`. `places` says of each envelope where it stands, `signatures`
    what its officer's key signed of it there.
    """

    store_id: str
    epoch: str | None
    cursor: int
    envelopes: tuple[bytes, ...] = ()
    places: tuple[Place, ...] = ()
    signatures: tuple[str, ...] = ()
    purged: tuple[str, ...] = ()
    records_max: int = RECORDS_MAX
    manifest: tuple[CaseTotal, ...] | None = None
    confirm: str | None = None
    report: Report | None = None
    protocol: int = PROTOCOL_VERSION
    oldest: int = PROTOCOL_OLDEST


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the office answers: a receipt for every command, and a page of what moved.

    `noted` names the cases whose erasure is now on record, as of the page's start. `scope` is what
    all the officer's records come to at the head, and is there when the page reaches it. `durable`
    is the last commit that a verified backup holds. `replaces` repeats the epoch the request named
    when this database has begun another life since. `confirmed` says that the purges asked about
    are meant. `seal` is the office's signature over the receipts and that. `store_id` repeats the
    vault it answers.
    """

    epoch: str
    server_time: str
    receipts: tuple[Receipt, ...] = ()
    positions: Mapping[Lane, Position] = field(default_factory=dict)
    noted: tuple[str, ...] = ()
    page: Page = field(default_factory=Page)
    scope: Total | None = None
    durable: int = 0
    replaces: str | None = None
    confirmed: str | None = None
    seal: str = ""
    store_id: str | None = None
    protocol: int = PROTOCOL_VERSION
