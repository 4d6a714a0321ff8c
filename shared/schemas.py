"""How commands and field records are written down: one canonical form of JSON, and back again."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from typing import Any

from shared.commands import Command, CommandType, plain
from shared.compiled import compiled

BODY_BYTES_MAX = 65_536
"""Bytes the canonical form of one command's body may have."""

DEPTH_MAX = 20
"""How deep a message may nest."""


def canonical(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Write a JSON value in the one form that is hashed, signed and compared."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode()


def digest(data: bytes) -> str:
    """Name bytes by their SHA-256, in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_body(command: Command) -> dict[str, Any]:
    """Write a command's fields as the body of an envelope."""
    return {f.name: plain(getattr(command, f.name)) for f in fields(command)}


def read_body(kind: CommandType, body: dict[str, Any]) -> Command:
    """Read an envelope's body by the command's own schema; raises marshmallow's ValidationError."""
    data = compiled(kind.schema)(body)
    assert isinstance(data, dict)
    lists = {name: tuple(value) for name, value in data.items() if isinstance(value, list)}
    return kind.command(**{**data, **lists})
