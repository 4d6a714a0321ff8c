"""The door every loopback page of the device is behind, because any program here can knock.

Who may come in: a request for exactly this host and port (a page that rebinds its name to 127.0.0.1
sends another), started by our own pages or by nobody, with the cookie of this launch. The cookie is
given once for each boot address, to whoever comes first with its one-time token. Cookies on
127.0.0.1 go to every port, so its name and value are new at each launch and worth nothing at the
next.

How long a token lives: 60 seconds. It has 256 bits and works once, so time does not help a guesser;
it only limits how long a leaked address works. Ten seconds was too short: the first start of a
webview on a slow tablet takes longer. Without a window (`--browser`) a person has to carry the
address over, so the caller asks for longer.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from field_client import clock
from shared.catalogue import ENGLISH, mark
from shared.ui import CONTENT_SECURITY_POLICY

HOST = "127.0.0.1"
"""The literal address: `localhost` may be another program's, on the other Internet Protocol."""

BOOT_SECONDS = 60
"""How long an unused boot address works."""

BOOT_PATH = "/boot/"
"""Where a boot address leads; what follows is its token."""

SAFE_METHODS = frozenset({"GET", "HEAD"})
"""Methods that change nothing; every other needs the origin of our own pages."""

_TOKENS_MAX = 8  # addresses that may wait at once: the printed one, the window's, a retry or two

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(self), geolocation=(self), microphone=(), display-capture=(), clipboard-read=()"
    ),
    # Not no-referrer: with it a browser sends `Origin: null` even from our own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What every answer carries, whatever it is."""


class _NotKnown(HTTPException):
    """Nobody has shown a token or the cookie of this launch."""

    code = 401


class _NotOurPage(HTTPException):
    """The request was started by a page of somebody else."""

    code = 403


class _NotThisHost(HTTPException):
    """The request was for another host than this one."""

    code = 421


class Door:
    """What lets a request in: the port it must name, the tokens not yet used, the cookie."""

    def __init__(self, port_of: Callable[[], int], *, boot_seconds: float = BOOT_SECONDS) -> None:
        self._port_of = port_of
        self._boot_seconds = boot_seconds
        self._turn = threading.Lock()
        self._tokens: dict[bytes, float] = {}
        self._cookie_name = f"fieldfare_{secrets.token_hex(8)}"
        self._cookie = secrets.token_urlsafe(32)

    @property
    def origin(self) -> str:
        """Give the one origin our pages have."""
        return f"http://{HOST}:{self._port_of()}"

    def boot_address(self) -> str:
        """Make a new address that lets its first visitor in, once."""
        token = secrets.token_urlsafe(32)
        with self._turn:
            while len(self._tokens) >= _TOKENS_MAX:
                del self._tokens[next(iter(self._tokens))]
            self._tokens[_digest(token)] = clock.elapsed_seconds() + self._boot_seconds
        return f"{self.origin}{BOOT_PATH}{token}"

    def check(self) -> None:
        """Refuse the current request unless it comes from our own pages, for this very port."""
        if request.environ.get("HTTP_HOST") != self.origin.removeprefix("http://"):
            raise _NotThisHost
        booting = request.path.startswith(BOOT_PATH) and request.method == "GET"
        site = request.headers.get("Sec-Fetch-Site", "none")
        # The page left behind at unlocking or locking had another port: same site, other origin.
        if site not in (
            {"same-origin", "none", "same-site"} if booting else {"same-origin", "none"}
        ):
            raise _NotOurPage
        origin = request.headers.get("Origin")
        wanted = request.method not in SAFE_METHODS
        if (wanted or origin is not None) and origin != self.origin:
            raise _NotOurPage
        if not booting and not self._is_known():
            raise _NotKnown

    def boot(self, token: str) -> Response:
        """Let the first visitor with a token in, and send them on to the first page."""
        if request.method != "GET":
            raise MethodNotAllowed(valid_methods=["GET"])
        if "Sec-Purpose" in request.headers or not self._use(token):
            raise _NotKnown
        response = make_response(render_template("field/going_on.html", address="/"))
        self.admit(response)
        return response

    def admit(self, response: Response) -> None:
        """Give whoever gets this response the cookie that this door lets in."""
        response.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="Strict")

    def _use(self, token: str) -> bool:
        """Spend a token; every waiting one is compared, so time tells nothing."""
        shown, now = _digest(token), clock.elapsed_seconds()
        with self._turn:
            self._tokens = {kept: until for kept, until in self._tokens.items() if now < until}
            matching = [kept for kept in self._tokens if hmac.compare_digest(kept, shown)]
            for kept in matching:
                del self._tokens[kept]
        return bool(matching)

    def _is_known(self) -> bool:
        shown = request.cookies.get(self._cookie_name, "")
        return hmac.compare_digest(shown.encode("utf-8", "replace"), self._cookie.encode())


def guard(app: Flask, port_of: Callable[[], int], *, boot_seconds: float = BOOT_SECONDS) -> Door:
    """Put an app behind a door of its own; before this, the app must know how to show our pages."""
    door = Door(port_of, boot_seconds=boot_seconds)
    app.before_request(door.check)
    app.after_request(_with_headers)
    app.add_url_rule(f"{BOOT_PATH}<token>", "door.boot", door.boot)
    app.register_error_handler(_NotKnown, _answer(mark("Open Fieldfare from its own window")))
    app.register_error_handler(_NotThisHost, _answer(mark("This address is not served here")))
    app.register_error_handler(_NotOurPage, _answer(mark("This did not come from Fieldfare")))
    return door


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers[name] = value
    return response


def _answer(sentence: str) -> Callable[[HTTPException], Response]:
    """Answer those who were not let in with one plain line, without a page and its styles."""

    def answer(refusal: HTTPException) -> Response:
        return Response(ENGLISH(sentence), status=refusal.code, mimetype="text/plain")

    return answer


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
