"""A listener in the office's place, which answers a device's link with exactly the bytes it was told to."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import BinaryIO, NamedTuple


class Received(NamedTuple):
    """One request as it came off the wire."""

    line: str
    headers: dict[str, str]
    body: bytes


Reply = Callable[[socket.socket, Received], None]


class Office:
    """A listener that reads whole requests and answers with exactly the bytes it was told to."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.received: list[Received] = []
        self.replies: list[Reply] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with (
                connection,
                connection.makefile("rb") as file,
                contextlib.suppress(OSError, ValueError),
            ):
                self._one(connection, file)  # the device may hang up first, or want TLS

    def _one(self, connection: socket.socket, file: BinaryIO) -> None:
        line = file.readline().decode().strip()
        headers: dict[str, str] = {}
        while text := file.readline().decode().strip():
            name, _, value = text.partition(": ")
            headers[name] = value
        body = file.read(int(headers.get("Content-Length", 0)))
        self.received.append(Received(line, headers, body))
        self.replies.pop(0)(connection, self.received[-1])

    def stop(self) -> None:
        """Stop listening; `shutdown` first, because closing alone leaves `accept` waiting."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


def saying(
    body: bytes, status: str = "200 OK", content_type: str = "application/json", more: str = ""
) -> Reply:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return lambda connection, _received: connection.sendall(f"{head}{more}\r\n".encode() + body)
