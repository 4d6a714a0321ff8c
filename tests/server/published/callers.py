"""Who calls the office: a device that signs, one whose signature is another's, and nobody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
import zstandard
from requests.auth import AuthBase
from schemathesis import (
    DeserializationContext,
    Response,
    SerializationContext,
)

from shared.schemas import canonical
from sync.blobs import PART_TYPE
from sync.protocol import CONTENT_TYPE
from sync.sealed import SEALED_TYPE
from sync.wire import unpack
from tests.server.access.tablet import Tablet

SIGNATURE = ("Signature-Input", "Signature", "Content-Digest")


def _whole(value: Any) -> Any:
    """Write whole numbers without a point: JSON Schema takes 1.0 for whole, the office does not."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _whole(each) for name, each in value.items()}
    return [_whole(each) for each in value] if isinstance(value, list) else value


@schemathesis.serializer("application/json")
def write_json(_context: SerializationContext, value: Any) -> bytes:
    """Write what was made up as JSON."""
    return value if isinstance(value, bytes) else canonical(_whole(value))


@schemathesis.serializer(CONTENT_TYPE)
def write_sync(_context: SerializationContext, value: Any) -> bytes:
    """Write what was made up as a sync request travels."""
    written = value if isinstance(value, bytes) else canonical(_whole(value))
    return zstandard.ZstdCompressor(write_checksum=True).compress(written)


@schemathesis.deserializer(CONTENT_TYPE)
def read_sync(_context: DeserializationContext, response: Response) -> Any:
    """Read a reply to a request without envelopes."""
    return unpack(response.content)


@schemathesis.serializer(SEALED_TYPE, PART_TYPE)
def write_bytes(_context: SerializationContext, value: Any) -> bytes:
    """Write what was made up as bytes."""
    return value if isinstance(value, bytes) else canonical(value)


@dataclass(frozen=True)
class Signing(AuthBase):
    """Signs a request as it leaves, or leaves the signature out, or puts another's in its place.

    `tablets` are the devices that sign for some addresses; `tablet` signs for all others.
    """

    tablet: Tablet | None
    forged: bool = False
    tablets: Mapping[str, Tablet] = field(default_factory=dict)

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        for name in SIGNATURE:
            prepared.headers.pop(name, None)
        if self.tablet is None:
            return prepared
        host, path = _parts(str(prepared.url))
        body = prepared.body or b""
        sent = body.encode() if isinstance(body, str) else body
        method, tablet = str(prepared.method), self.tablets.get(path, self.tablet)
        signed = tablet.signed(path, sent, method=method, host=host)
        if self.forged:
            other = Tablet().signed(path, sent, method=method, host=host)
            signed["Signature"] = other["Signature"]
        prepared.headers.update(signed)
        return prepared


def _parts(url: str) -> tuple[str, str]:
    scheme, _, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host}", slash + path
