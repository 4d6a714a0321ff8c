"""A line to the office that counts: every byte of HTTP that goes either way, headers included."""

from __future__ import annotations

import contextlib
import socket
import threading

_CHUNK_BYTES = 65_536
_HOST = "127.0.0.1"


class CountingLine:
    """Forwards connections to an office on this machine, and counts what passes."""

    def __init__(self, port: int) -> None:
        self._to = (_HOST, port)
        self._listening = socket.create_server((_HOST, 0))
        self._turn = threading.Lock()
        self._bytes = 0
        self._carrying: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, name="counting-line", daemon=True)
        self._accepting.start()

    @property
    def address(self) -> str:
        """Say where it listens."""
        return f"http://{_HOST}:{self._listening.getsockname()[1]}"

    def counted(self) -> int:
        """Give the bytes that passed since this was last asked."""
        with self._turn:
            counted, self._bytes = self._bytes, 0
        return counted

    def close(self) -> None:
        """Stop to listen, once what was carried has gone."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        for carrying in self._carrying:
            carrying.join()

    def _accept(self) -> None:
        with self._listening, contextlib.suppress(OSError):
            while True:
                near, _address = self._listening.accept()
                carrying = threading.Thread(target=self._carry, args=(near,), daemon=True)
                carrying.start()
                self._carrying.append(carrying)

    def _carry(self, near: socket.socket) -> None:
        """Carry one connection both ways until neither side has more to say."""
        with near, socket.create_connection(self._to) as far:
            back = threading.Thread(target=self._pass, args=(far, near), daemon=True)
            back.start()
            self._pass(near, far)
            back.join()

    def _pass(self, one: socket.socket, other: socket.socket) -> None:
        """Carry what one side says to the other until it has no more to say."""
        with contextlib.suppress(OSError):
            while said := one.recv(_CHUNK_BYTES):
                with self._turn:
                    self._bytes += len(said)
                other.sendall(said)
        with contextlib.suppress(OSError):
            other.shutdown(socket.SHUT_WR)
