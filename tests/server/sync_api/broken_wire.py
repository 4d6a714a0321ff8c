"""A wire between the office and PostgreSQL that breaks at the statement a test names."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PIECE = 65_536
SOCKET = ".s.PGSQL.5432"
_ENDS_A_STATEMENT = {b"S", b"Q"}
_READY = b"Z\x00\x00\x00\x05"


@dataclass
class BrokenWire:
    """Carries PostgreSQL's own messages from a socket of its own to the server's."""

    folder: Path
    server: Path
    cuts: int = 0
    _breaks_at: int = 0
    _after: bool = False
    _statements: int = 0
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.folder / SOCKET))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def breaks(self, at: int, *, after: bool) -> None:
        """Break the connection at this statement from now: before it arrives, or before its answer does."""
        with self._turn:
            self._breaks_at, self._after, self._statements, self.cuts = at, after, 0, 0

    def holds(self) -> None:
        """Break no more."""
        with self._turn:
            self._breaks_at = 0

    def close(self) -> None:
        """Take no more connections."""
        _close(self._listener)

    def _accept(self) -> None:
        while True:
            try:
                office, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(office,), daemon=True).start()

    def _carry(self, office: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.server / SOCKET))
        line = _Line(office, server)
        threading.Thread(target=line.answers, daemon=True).start()
        try:
            for message in _messages(office):
                if not self._passes(message, line):
                    return
        except OSError:
            pass
        finally:
            line.hang_up()

    def _passes(self, message: bytes, line: _Line) -> bool:
        """Pass a message on, unless it is the one at which the wire breaks."""
        with self._turn:
            self._statements += message[:1] in _ENDS_A_STATEMENT
            broken = self._statements == self._breaks_at and message[:1] in _ENDS_A_STATEMENT
            after = self._after
            if broken:
                self.cuts += 1
        if not broken:
            line.server.sendall(message)
            return True
        if after:
            line.mute.set()
            line.server.sendall(message)
            line.done.wait(60)
        return False


@dataclass
class _Line:
    """One connection: both its ends, and whether the office still hears the server."""

    office: socket.socket
    server: socket.socket
    mute: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)

    def answers(self) -> None:
        """Carry the server's answers; once muted, only wait for the next to be complete."""
        end = b""
        with contextlib.suppress(OSError):
            while piece := self.server.recv(PIECE):
                end = (end + piece)[-6:]
                if not self.mute.is_set():
                    self.office.sendall(piece)
                elif _READY in end:
                    self.done.set()
        self.hang_up()

    def hang_up(self) -> None:
        """Close both ends."""
        self.done.set()
        _close(self.office)
        _close(self.server)


def _messages(source: socket.socket) -> Iterator[bytes]:
    """Split what a client says into the protocol's messages; the first has no kind."""
    heard, started = b"", False
    while piece := source.recv(PIECE):
        heard += piece
        while True:
            head = 1 if started else 0
            if len(heard) < head + 4:
                break
            (size,) = struct.unpack("!I", heard[head : head + 4])
            if len(heard) < head + size:
                break
            message, heard = heard[: head + size], heard[head + size :]
            yield message
            started = True


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
