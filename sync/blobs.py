"""How the bytes of a photograph travel: in parts, each at its place, so that a cut upload goes on.

A device posts a part to the photograph's own address, which ends in the place the part begins at. An
empty part asks how far the office has come. The office answers each with how many bytes it holds
from the beginning on, and whether the whole is there and matches its name; the device goes on from
where the office says, whatever it sent before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from shared.schemas import canonical
from sync.wire import NotAMessage, read_json

PART_BYTES = 256 * 1024
"""Bytes of one part; a lost one costs seconds on a poor line."""

BLOB_PATH = "/sync/v1/blobs/"
"""Where photographs are taken in; what follows is the digest, a slash and the place."""

PART_TYPE = "application/octet-stream"
"""What a part is called; the answer is JSON."""

UNKNOWN = "blob.unknown"
"""The office's code for a photograph that no visit it knows has recorded."""

DAMAGED = "blob.damaged"
"""The office's code for bytes that do not match their name; all of them have to come again."""

_ADDRESS = re.compile(re.escape(BLOB_PATH) + r"([0-9a-f]{64})/(0|[1-9][0-9]{0,8})\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Held:
    """How much of a photograph the office holds."""

    received: int
    complete: bool


def address_of(digest: str, start: int) -> str:
    """Name where the part that begins at `start` is posted."""
    return f"{BLOB_PATH}{digest}/{start}"


def read_address(path: str) -> tuple[str, int] | None:
    """Read the digest and the place out of an address; none when it is not one."""
    match = _ADDRESS.fullmatch(path)
    return (match[1], int(match[2])) if match else None


def write_held(held: Held) -> bytes:
    """Write how much is held, for the network."""
    return canonical({"received": held.received, "complete": held.complete})


def read_held(data: bytes) -> Held:
    """Read how much is held; raises NotAMessage when the bytes do not say it."""
    value = read_json(data)
    if not isinstance(value, dict):
        raise NotAMessage("message.not_an_object")
    received, complete = value.get("received"), value.get("complete")
    if type(received) is not int or received < 0 or not isinstance(complete, bool):
        raise NotAMessage("message.wrong_shape")
    return Held(received=received, complete=complete)
