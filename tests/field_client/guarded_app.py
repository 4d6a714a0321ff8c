"""A small app behind the device's door, on a port of its own, and a client that speaks to it by hand."""

from __future__ import annotations

import contextlib
import http.client
from pathlib import Path

from flask import Flask, Response, request

from field_client.door import Door, guard
from field_client.loopback import LoopbackServer
from field_client.pages import make_app

BODY_BYTES_MAX = 3_000_000

NAME = "Mrs Adebayo"
"""Whom the app's page is about."""


def open_files() -> list[str]:
    found: list[str] = []
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(handle.readlink()))
    return found


class GuardedApp:
    """A small guarded app on a port of its own, and a client that speaks to it by hand."""

    def __init__(self, *, boot_seconds: float = 60) -> None:
        self.app = make_app("device", dict, body_bytes_max=BODY_BYTES_MAX)
        self.saved: list[str] = []
        self.shown = 0
        self.open_files: list[str] = []
        self.leads_to = ""
        self._routes(self.app)
        self.door: Door = guard(self.app, lambda: self.server.port, boot_seconds=boot_seconds)
        self.server = LoopbackServer(self.app)
        self.server.start()

    def _routes(self, app: Flask) -> None:
        @app.after_request
        def count(response: Response) -> Response:
            self.shown += response.status_code == 200 and NAME.encode() in response.get_data()
            return response

        @app.get("/")
        def case() -> str:
            return (
                f"<!doctype html><title>Case</title><h1>{NAME}</h1><form method=post action=/visit>"
                "<button name=outcome value=met>Save</button></form>"
            )

        @app.post("/visit")
        def visit() -> str:
            self.saved.append(request.form.get("outcome", ""))
            for upload in request.files.values():
                self.saved.append(str(len(upload.read())))
            self.open_files = open_files()
            return "saved"

        @app.get("/last")
        def last() -> str:
            self.server.stop_listening()
            return "the last answer"

        @app.get("/unlock")
        def unlock() -> str:
            return (
                "<!doctype html><title>Unlocked</title>"
                f'<meta http-equiv="refresh" content="0; url={self.leads_to}">'
            )

        @app.get("/fault")
        def fault() -> str:
            raise KeyError(NAME)

    def stop(self) -> None:
        self.server.stop(grace_seconds=1)

    def ask(
        self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str | None
    ) -> http.client.HTTPResponse:
        """Ask as a browser without surprises would, unless a header is given or taken away."""
        sent = {
            "Host": f"127.0.0.1:{self.server.port}",
            "Sec-Fetch-Site": "none",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.items():
            if value is not None:
                connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        response.content = response.read()  # type: ignore[attr-defined]  # kept for the test to read
        connection.close()
        return response

    def cookie(self) -> str:
        boot = self.door.boot_address().removeprefix(self.door.origin)
        return str(self.ask(boot).headers["Set-Cookie"]).partition(";")[0]
