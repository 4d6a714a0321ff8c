"""A bad network between a device and its office: it can refuse, stall and cut, and carries bytes else."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from enum import Enum


class Weather(Enum):
    """What the network does to connections just now."""

    FAIR = "fair"
    REFUSE = "refuse"
    STALL = "stall"
    CUT = "cut"


@dataclass
class Proxy:
    """Carries connections to `port` of the office on 127.0.0.1, as the weather allows.

    `cut_after` is how many bytes an answer may bring before it is cut.
    """

    port: int
    weather: Weather = Weather.FAIR
    cut_after: int = 300
    carried: int = 0
    _listener: socket.socket = field(init=False)
    _open: set[socket.socket] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        """Give the address devices are told is the office's."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def turn(self, weather: Weather) -> None:
        """Change the weather; what is under way ends with it unless it turns fair."""
        self.weather = weather
        if weather is not Weather.FAIR:
            for one in list(self._open):
                _close(one)

    def close(self) -> None:
        """Stop carrying anything."""
        self._ended.set()
        _close(self._listener)
        for one in list(self._open):
            _close(one)

    def _accept(self) -> None:
        while not self._ended.is_set():
            try:
                device, _address = self._listener.accept()
            except OSError:
                return
            if self.weather is Weather.REFUSE:
                _close(device)
                continue
            self._open.add(device)
            threading.Thread(target=self._carry, args=(device,), daemon=True).start()

    def _carry(self, device: socket.socket) -> None:
        if self.weather is Weather.STALL:
            self._ended.wait()
            return
        try:
            office = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        except OSError:
            _close(device)
            return
        self._open.add(office)
        limit = self.cut_after if self.weather is Weather.CUT else None
        up = threading.Thread(target=self._pump, args=(device, office, None), daemon=True)
        up.start()
        self._pump(office, device, limit)
        for one in (device, office):
            self._open.discard(one)
            _close(one)

    def _pump(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        left = limit
        while True:
            try:
                piece = source.recv(65_536)
                if left is not None:
                    piece, left = piece[:left], left - len(piece)
                if piece:
                    target.sendall(piece)
                    self.carried += len(piece)
            except OSError:
                return
            if not piece or (left is not None and left <= 0):
                return


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
