"""A device's half of sending one photograph, as pure steps: it says what to ask and takes the answer.

It does no input or output of its own and reads no clock, so that every cut, repetition and lie of a
network can be put in its way by a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sync.blobs import (
    BLOB_PATH,
    CHECKSUM,
    DAMAGED,
    FOR_GOOD,
    GONE,
    OFFSET,
    PART_BYTES,
    PART_TYPE,
    PARTS,
    REFUSED_HEADER,
    TUS_VERSION,
    UNKNOWN,
    Unreadable,
    is_address,
    read_number,
    write_checksum,
    write_metadata,
)

STARTS_MAX = 3
"""Times one photograph is begun in one sync before it is left for the next."""

STALLS_MAX = 3
"""Answers in a row that bring an upload no further before it is left for the next sync."""


class Ending(StrEnum):
    """How one attempt to send a photograph ended."""

    ARRIVED = "arrived"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Asking:
    """One request of an upload."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, kw_only=True)
class Answered:
    """The office's answer to it: a status, and the headers that came with it."""

    status: int
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """Name the refusal; empty when there is none or it has no name."""
        return self.headers.get(REFUSED_HEADER, "")

    @property
    def taken(self) -> bool:
        """Tell whether the office did what it was asked."""
        return 200 <= self.status < 300  # noqa: PLR2004 - HTTP's own numbers

    @property
    def offset(self) -> int | None:
        """Say where the office stands, if the answer tells."""
        try:
            return read_number(self.headers.get("Upload-Offset"))
        except Unreadable:
            return None


@dataclass
class Sending:
    """One photograph on its way: `address` is where it goes on, kept from the last time if any.

    `read` gives the bytes from a place on, so many of them. Leaving it at any point is safe: the
    next one made with the same address asks the office first.
    """

    photograph_id: str
    size_bytes: int
    read: Callable[[int, int], bytes]
    address: str | None = None
    held: int = 0
    ending: Ending | None = None
    code: str = ""
    _asked: str = ""
    _asks_first: bool = True
    _starts: int = 0
    _stalls: int = 0

    def next(self) -> Asking | None:
        """Say what to ask the office now; nothing once it has ended."""
        if self.address is None and self._starts >= STARTS_MAX:
            self.ending = self.ending or Ending.LATER
        if self.ending is not None:
            return None
        asking = self._begin() if self.address is None else self._go_on(self.address)
        self._asked = asking.method
        return asking

    def take(self, answer: Answered) -> None:
        """Take the office's answer to what was asked last."""
        self.code = "" if answer.taken else answer.code
        if self.code in FOR_GOOD:
            self.ending = Ending.REFUSED
        elif self._is_to_begin_again():
            self.address, self.held = None, 0
        elif not answer.taken and self.code not in {OFFSET, CHECKSUM}:
            self.ending = Ending.LATER
        elif self._asked == "POST":
            self._was_begun(answer)
        else:
            self._reach(answer.offset)

    def _begin(self) -> Asking:
        self._starts += 1
        return Asking(
            method="POST",
            path=BLOB_PATH,
            headers={
                "Tus-Resumable": TUS_VERSION,
                "Upload-Length": str(self.size_bytes),
                "Upload-Metadata": write_metadata(self.photograph_id),
            },
        )

    def _go_on(self, address: str) -> Asking:
        if self._asks_first:
            return Asking(method="HEAD", path=address, headers={"Tus-Resumable": TUS_VERSION})
        part = self.read(self.held, min(PART_BYTES, self.size_bytes - self.held))
        return Asking(
            method="PATCH",
            path=address,
            headers={
                "Tus-Resumable": TUS_VERSION,
                "Content-Type": PART_TYPE,
                "Upload-Offset": str(self.held),
                "Upload-Checksum": write_checksum(part),
            },
            body=part,
        )

    def _is_to_begin_again(self) -> bool:
        """Tell whether the office no longer has this upload, or refused the whole of it."""
        if self._asked == "POST":
            return False
        return self.code in {UNKNOWN, GONE, DAMAGED, PARTS}

    def _was_begun(self, answer: Answered) -> None:
        address = answer.headers.get("Location", "")
        if not is_address(address):
            self.ending = Ending.LATER
            return
        self.address = address
        self._reach(answer.offset or 0)

    def _reach(self, offset: int | None) -> None:
        """Go on where the office says it is, unless it never gets any further."""
        further = offset is not None and offset > self.held
        self._stalls = 0 if further or self._asks_first else self._stalls + 1
        self._asks_first = False
        if offset is not None:
            self.held = offset
        if self.held == self.size_bytes:
            self.ending = Ending.ARRIVED
        elif self.held > self.size_bytes or self._stalls >= STALLS_MAX:
            self.ending = Ending.LATER
