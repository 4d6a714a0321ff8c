"""A loopback line between a client that cannot sign and the office: it signs, forwards, and is cut."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.server.access.tablet import Tablet

_PASSED_ON = {"content-type", "tus-resumable", "upload-length", "upload-metadata", "upload-offset",
              "upload-checksum"}  # fmt: skip


@dataclass
class Forwarder:
    """What becomes of each part on its way, in order; what is not said arrives and is answered."""

    tablet: Tablet
    office_port: int
    fates: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Say where the line begins."""
        return f"http://127.0.0.1:{self.port}"

    def carry(self, method: str, path: str, body: bytes, said: dict[str, str]) -> Answered:
        """Sign a request, send it on, and give what the office answered."""
        signed = self.tablet.signed(
            path, body, method=method, host=f"http://127.0.0.1:{self.office_port}"
        )
        line = http.client.HTTPConnection("127.0.0.1", self.office_port, timeout=30)
        try:
            line.request(method, path, body, {**said, **signed})
            with line.getresponse() as answer:
                return Answered(answer.status, dict(answer.headers), answer.read())
        finally:
            line.close()

    def cut_in_the_middle(self, method: str, path: str, body: bytes, said: dict[str, str]) -> None:
        """Say how long a part is, send half of it, and hang up."""
        signed = self.tablet.signed(
            path, body, method=method, host=f"http://127.0.0.1:{self.office_port}"
        )
        line = http.client.HTTPConnection("127.0.0.1", self.office_port, timeout=30)
        try:
            line.putrequest(method, path)
            for name, value in {**said, **signed, "Content-Length": str(len(body))}.items():
                line.putheader(name, value)
            line.endheaders(body[: len(body) // 2])
        finally:
            line.close()


@dataclass(frozen=True)
class Answered:
    """What the office answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class _Line(BaseHTTPRequestHandler):
    """One connection of the client."""

    forwarder: Forwarder

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = {name: value for name, value in self.headers.items() if name.lower() in _PASSED_ON}
        self.forwarder.asked.append(self.command)
        fates = self.forwarder.fates
        fate = fates.pop(0) if self.command == "PATCH" and fates else ""
        if fate == "is lost":
            return
        if fate == "is cut":
            self.forwarder.cut_in_the_middle(self.command, self.path, body, said)
            return
        if fate == "is damaged":
            body = bytes([body[0] ^ 0x55]) + body[1:]
        answer = self.forwarder.carry(self.command, self.path, body, said)
        if fate == "comes twice":
            answer = self.forwarder.carry(self.command, self.path, body, said)
        if fate != "is not answered":
            self._answer(answer)

    def _answer(self, answer: Answered) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in {"date", "server", "connection", "content-length"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    do_POST = do_HEAD = do_PATCH = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815 - http.server's names

    def log_message(self, *_said: Any) -> None:
        """Keep quiet."""


@contextmanager
def forwarding(tablet: Tablet, office_port: int) -> Iterator[Forwarder]:
    """Keep such a line open for as long as it is wanted."""
    forwarder = Forwarder(tablet=tablet, office_port=office_port)
    line = type("Line", (_Line,), {"forwarder": forwarder})
    with ThreadingHTTPServer(("127.0.0.1", 0), line) as server:
        forwarder.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield forwarder
        finally:
            server.shutdown()
            thread.join()
