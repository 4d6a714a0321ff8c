"""The web server of the device's pages: on 127.0.0.1, on a port nobody chose, and never on disk."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask
from waitress import wasyncore
from waitress.server import TcpWSGIServer, create_server

from field_client.door import HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS = 8
"""Requests answered at once: one person's pages, and an unlock that waits for the vault."""

_HEADERS_BYTES_MAX = 32_768
_BODY_BYTES_MAX = 64 * 1024 * 1024  # above every app's own limit, so that it can say so on a page
_ANSWER_BYTES_MAX = 64 * 1024 * 1024
_IDLE_SECONDS = 120
_POLL_SECONDS = 0.02
_THREADS_SECONDS = 2


class LoopbackServer:
    """A Flask app served to this machine alone, from when the server is made until it is stopped.

    The buffers are as large as the largest request and answer, because beyond them waitress would
    write what was typed and shown into temporary files.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        listening = _listen()
        self.port: int = listening.getsockname()[1]
        self._turn = threading.Lock()
        self._server: TcpWSGIServer = create_server(
            self._answer,
            sockets=[listening],
            threads=THREADS,
            ident=None,
            max_request_header_size=_HEADERS_BYTES_MAX,
            max_request_body_size=_BODY_BYTES_MAX,
            inbuf_overflow=_BODY_BYTES_MAX + _HEADERS_BYTES_MAX,
            outbuf_overflow=_ANSWER_BYTES_MAX,
            outbuf_high_watermark=_ANSWER_BYTES_MAX,
            channel_timeout=_IDLE_SECONDS,
            clear_untrusted_proxy_headers=True,
        )
        self._running = threading.Thread(target=self._server.run, name="loopback", daemon=True)
        self._accepting = True

    def start(self) -> None:
        """Answer requests until stopped, in a thread of its own."""
        self._running.start()

    def show(self, app: Flask) -> None:
        """Put another app in the first one's place; what is in hand is answered by the first."""
        self._app = app

    def stop_listening(self) -> None:
        """Give the port back now; requests already in hand are still answered."""
        with self._turn:
            if self._accepting:
                self._accepting = False
                self._in_loop(lambda: wasyncore.dispatcher.close(self._server))

    def stop(self, *, grace_seconds: float) -> None:
        """Give the port back, let the answers in hand go out, and end."""
        self.stop_listening()
        until = time.monotonic() + grace_seconds
        while time.monotonic() < until and self._is_busy():
            time.sleep(_POLL_SECONDS)
        with contextlib.suppress(OSError, ValueError):  # its loop may have ended by itself
            self._server.trigger.pull_trigger(self._close_all)
        self._running.join(timeout=5)
        self._server.task_dispatcher.shutdown(timeout=_THREADS_SECONDS)

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._app(environ, start_response)

    def _is_busy(self) -> bool:
        channels: list[Any] = list(self._server.active_channels.values())
        return any(channel.requests or channel.total_outbufs_len for channel in channels)

    def _close_all(self) -> None:
        """Close every connection and the trigger itself; with nothing left, the loop returns."""
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.trigger.close()

    def _in_loop(self, action: Any) -> None:  # noqa: ANN401 - whatever it returns is not looked at
        """Have the server's own thread do something, and wait until it has."""
        done = threading.Event()

        def act() -> None:
            action()
            done.set()

        self._server.trigger.pull_trigger(act)
        done.wait(timeout=5)


def _listen() -> socket.socket:
    """Open a socket on this machine's own address, which no other program may share."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if sys.platform == "win32":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    listening.bind((HOST, 0))
    return listening
