"""The part of a scripted office that takes photographs in: the real protocol, in memory."""

from __future__ import annotations

import uuid

from field_client.answers import Answer
from shared.errors import RuleBroken
from shared.schemas import digest
from sync.blob_session import Asking
from sync.blobs import (
    BLOB_PATH,
    DAMAGED,
    OFFSET,
    PART_BYTES,
    REFUSED_HEADER,
    STATUSES,
    TUS_VERSION,
    UNKNOWN,
    address_of,
    check_checksum,
    is_address,
    read_metadata,
    read_number,
)


class SmallBlobs:
    """Takes photographs in by their addresses, and does to them what a test says."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.coming: dict[str, tuple[str, int, bytes]] = {}
        self.refuses: dict[str, str] = {}
        self.unknown: set[str] = set()
        self.fails: dict[str, int] = {}
        self.asked: list[str] = []
        self.order: list[str] = []
        self.parts = 0
        self.cut_after_parts: int | None = None
        self.deaf = False
        self.status: tuple[int, str] | None = None

    def __call__(self, asking: Asking) -> Answer:
        self.asked.append(asking.method)
        assert asking.headers["Tus-Resumable"] == TUS_VERSION
        if self.status is not None:
            return said(self.status[0], {REFUSED_HEADER: self.status[1]})
        if asking.method == "POST":
            return self._begin(asking)
        assert is_address(asking.path)
        if asking.path not in self.coming:
            return refused(UNKNOWN)
        if asking.method == "HEAD":
            return said(200, {"Upload-Offset": str(len(self.coming[asking.path][2]))})
        return self._part(asking)

    def _begin(self, asking: Asking) -> Answer:
        assert asking.path == BLOB_PATH
        name = read_metadata(asking.headers["Upload-Metadata"])
        size = read_number(asking.headers["Upload-Length"])
        if self.fails.get(name):
            self.fails[name] -= 1
            raise RuleBroken("office.unreachable")
        if name in self.unknown:
            return refused(UNKNOWN)
        if name in self.refuses:
            return refused(self.refuses[name])
        address = address_of(str(uuid.uuid4()))
        held = self.kept.get(name, b"")
        self.coming[address] = (name, size, held)
        self.order.append(name)
        return said(201, {"Location": address, "Upload-Offset": str(len(held))})

    def _part(self, asking: Asking) -> Answer:
        name, size, held = self.coming[asking.path]
        self.parts += 1
        assert 0 < len(asking.body) <= PART_BYTES
        check_checksum(asking.headers["Upload-Checksum"], asking.body)
        if read_number(asking.headers["Upload-Offset"]) != len(held):
            return refused(OFFSET, {"Upload-Offset": str(len(held))})
        if not self.deaf:
            held += asking.body
        self.coming[asking.path] = (name, size, held)
        if self.cut_after_parts is not None and self.parts >= self.cut_after_parts:
            self.cut_after_parts = None
            raise RuleBroken("office.unreachable")
        if len(held) == size and digest(held) != name:
            del self.coming[asking.path]
            return refused(DAMAGED)
        if len(held) == size:
            self.kept[name] = held
        return said(204, {"Upload-Offset": str(len(held))})


def refused(code: str, headers: dict[str, str] | None = None) -> Answer:
    return said(STATUSES[code], {REFUSED_HEADER: code, **(headers or {})})


def said(status: int, headers: dict[str, str]) -> Answer:
    return Answer(status=status, body=b"", headers={"Tus-Resumable": TUS_VERSION, **headers})
