"""A bad line between one device and its office: it drops, cuts, loses, delays and repeats, by a seed."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

PIECE = 65_536
PATIENCE_SECONDS = 60
"""How long one end of a line may say nothing before the line gives it up."""

DELAY_SECONDS = (0.2, 2.5)
CUT_BYTES = (1, 6_000)


class Fate(StrEnum):
    """What becomes of one connection."""

    CARRIED = "carried"
    REFUSED = "refused"
    DELAYED = "delayed"
    REQUEST_CUT = "request cut"
    REPLY_CUT = "reply cut"
    REPLY_LOST = "reply lost"
    REPEATED = "repeated"


WEIGHTS = {
    Fate.CARRIED: 66,
    Fate.REFUSED: 6,
    Fate.DELAYED: 6,
    Fate.REQUEST_CUT: 6,
    Fate.REPLY_CUT: 6,
    Fate.REPLY_LOST: 6,
    Fate.REPEATED: 4,
}


@dataclass
class Line:
    """Carries connections from a port of its own to the office's, each to its own fate."""

    office_port: int
    random: Random
    port: int = 0
    fair: bool = False
    met: Counter[Fate] = field(default_factory=Counter)
    _listener: socket.socket = field(init=False)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Give the address the device is told is the office's."""
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop carrying anything."""
        self._ended.set()
        _close(self._listener)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                device, _address = self._listener.accept()
            except OSError:
                return
            with self._turn:
                fate = self._draw()
                wait = self.random.uniform(*DELAY_SECONDS)
                limit = self.random.randint(*CUT_BYTES)
                self.met[fate] += 1
            threading.Thread(
                target=self._carry, args=(device, fate, wait, limit), daemon=True
            ).start()

    def _draw(self) -> Fate:
        if self.fair:
            return Fate.CARRIED
        (fate,) = self.random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        return fate

    def _carry(self, device: socket.socket, fate: Fate, wait: float, limit: int) -> None:
        with contextlib.ExitStack() as stack:
            stack.callback(_close, device)
            if fate is Fate.REFUSED:
                return
            if fate is Fate.DELAYED and self._ended.wait(wait):
                return
            try:
                office = socket.create_connection(("127.0.0.1", self.office_port), timeout=5)
            except OSError:
                return
            stack.callback(_close, office)
            for end in (device, office):
                end.settimeout(PATIENCE_SECONDS)
            heard = bytearray()
            up = threading.Thread(
                target=_pump,
                args=(device, office, limit if fate is Fate.REQUEST_CUT else None, heard),
                daemon=True,
            )
            up.start()
            shown = {Fate.REPLY_CUT: limit, Fate.REPLY_LOST: 0}.get(fate)
            _pump(office, device, shown, bytearray())
        if fate is Fate.REPEATED and heard:
            self._again(bytes(heard))

    def _again(self, heard: bytes) -> None:
        """Say to the office once more what it heard before, and throw its answer away."""
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", self.office_port), timeout=5) as office,
        ):
            office.sendall(heard)
            while office.recv(PIECE):
                pass


def _pump(
    source: socket.socket, target: socket.socket, limit: int | None, heard: bytearray
) -> None:
    """Carry bytes until the source ends; beyond the limit the line is cut.

    A limit of nothing lets the source say all it has to, and tells the target none of it.
    """
    left = limit
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            heard += piece
            if left == 0:
                return
            if left is not None:
                piece, left = piece[:left], max(0, left - len(piece))
            target.sendall(piece)
            if left == 0:
                break
    if limit is not None:
        _close(target)
        _close(source)
        return
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)  # the one who spoke has hung up: the other is told so


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
