"""Files of a backup, sealed: AES-256-GCM in segments, so that a change anywhere is noticed.

A sealed file is a heading, 16 random bytes, and segments of 1 MiB, each with its tag. Its own key is
HKDF-SHA256 of the backup key, those bytes and the file's name, so that no file passes for another.
A segment's nonce is its number and whether it is the last, so that none can be moved or left out.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.keeping.refusals import DAMAGED
from shared.errors import RuleBroken

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

HEADING = b"fieldfare sealed file 1\n"
SALT_BYTES = 16
SEGMENT_BYTES = 1024 * 1024
TAG_BYTES = 16
COUNTER_BYTES = 11

Tell = Callable[[int], None]
"""Told of each piece of work done, in bytes."""


def _derive(key: bytes, salt: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=purpose.encode()).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(COUNTER_BYTES, "big") + (b"\x01" if last else b"\x00")


def sign(key: bytes, content: bytes) -> str:
    """Authenticate a manifest, so that nobody without the key can write one."""
    mine = _derive(key, b"", "fieldfare backup manifest 1")
    return hmac.new(mine, content, hashlib.sha256).hexdigest()


class Sealer:
    """Seals what is written to it into a new file, and knows its digest and size when closed."""

    def __init__(self, path: Path, key: bytes, name: str, tell: Tell) -> None:
        self._file: BinaryIO = path.open("xb")
        salt = secrets.token_bytes(SALT_BYTES)
        self._cipher = AESGCM(_derive(key, salt, f"fieldfare backup file 1\n{name}"))
        self._held = bytearray()
        self._number = 0
        self._hash = hashlib.sha256()
        self._tell = tell
        self.size_bytes = 0
        self._put(HEADING + salt)

    @property
    def sha256(self) -> str:
        """Name what was written, once it is closed."""
        return self._hash.hexdigest()

    def write(self, data: bytes) -> None:
        """Seal more; the last segment is known only when it is closed."""
        self._held += data
        while len(self._held) > SEGMENT_BYTES:
            self._segment(bytes(self._held[:SEGMENT_BYTES]), last=False)
            del self._held[:SEGMENT_BYTES]

    def _segment(self, data: bytes, *, last: bool) -> None:
        self._put(self._cipher.encrypt(_nonce(self._number, last=last), data, None))
        self._number += 1
        self._tell(len(data))

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size_bytes += len(data)

    def __enter__(self) -> Sealer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if kind is None:
                self._segment(bytes(self._held), last=True)
                self._file.flush()
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


class Opener(io.RawIOBase):
    """Reads a sealed file back; raises at the first byte that is not what was written."""

    def __init__(self, path: Path, key: bytes, name: str, tell: Tell) -> None:
        self._name = name
        self._tell = tell
        try:
            self._file: BinaryIO = path.open("rb")
        except FileNotFoundError as error:
            raise RuleBroken(DAMAGED, file=name) from error
        heading = self._file.read(len(HEADING) + SALT_BYTES)
        salt = heading[len(HEADING) :]
        self._cipher = AESGCM(_derive(key, salt, f"fieldfare backup file 1\n{name}"))
        self._next = self._file.read(SEGMENT_BYTES + TAG_BYTES)
        self._number = 0
        self._clear = memoryview(b"")
        self._done = False
        if not heading.startswith(HEADING):
            self._refuse()

    def _refuse(self, cause: Exception | None = None) -> None:
        self._file.close()
        raise RuleBroken(DAMAGED, file=self._name) from cause

    def readable(self) -> bool:
        """Say that it is read and never written."""
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Give the next bytes, opened and checked."""
        target = memoryview(buffer).cast("B")
        while not self._clear and not self._done:
            self._open_segment()
        count = min(len(target), len(self._clear))
        target[:count] = self._clear[:count]
        self._clear = self._clear[count:]
        return count

    def _open_segment(self) -> None:
        sealed, self._next = self._next, self._file.read(SEGMENT_BYTES + TAG_BYTES)
        self._done = not self._next
        try:
            clear = self._cipher.decrypt(_nonce(self._number, last=self._done), sealed, None)
        except (InvalidTag, ValueError) as error:
            self._refuse(error)
            return
        self._number += 1
        self._clear = memoryview(clear)
        self._tell(len(clear))

    def close(self) -> None:
        """Close the file underneath."""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()
