"""A real device for tests: its keeper as a process, and a person at its pages who can only click."""

from __future__ import annotations

import http.client
import json
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

import psutil

from field_client.home import Home
from field_client.tablet import homes_in
from tests.kept_logs import keep_log
from tests.pages import assert_page

ROOT = Path(__file__).parents[2]
PASSPHRASE = "harbour lantern meadow violin"  # noqa: S105 - invented
SECONDS = 60
"""How long a device may take over anything that has to come, on the busiest machine."""


class Address(NamedTuple):
    """One line a device printed."""

    event: str
    address: str

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0


class RunningDevice:
    """`fieldfare field --browser` in a folder of its own; `first` is what its keeper runs before."""

    def __init__(
        self, home: Path, *options: str, environment: dict[str, str], first: str = ""
    ) -> None:
        self.home = home
        script = f"{first}\nfrom field_client.cli import field; field()".strip()
        self.process = subprocess.Popen(
            [sys.executable, "-c", script, "--browser", "--home", str(home), *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=environment,
        )  # fmt: skip
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self.log = bytearray()
        self._readers = [
            threading.Thread(target=self._read_lines, daemon=True),
            threading.Thread(target=self._read_log, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    def _read_lines(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        while part := self.process.stderr.read1(65_536):  # type: ignore[attr-defined]
            self.log += part

    @property
    def kept(self) -> Home:
        """The folder of the one officer of this device."""
        (only,) = homes_in(self.home)
        return only

    def next_address(self, event: str) -> Address:
        """Wait for the next address, which must be for this event."""
        try:
            printed = Address(**json.loads(self._lines.get(timeout=SECONDS)))
        except queue.Empty:
            raise AssertionError(f"no address came; the log says {self.log.decode()}") from None
        assert printed.event == event, printed
        return printed

    def printed_no_more(self) -> bool:
        return self._lines.empty()

    def processes(self) -> list[psutil.Process]:
        root = psutil.Process(self.process.pid)
        return [root, *root.children(recursive=True)]

    def listening(self) -> list[tuple[str, int]]:
        """Name every socket this device listens at, in all its processes."""
        found: list[tuple[str, int]] = []
        for process in self.processes():
            found += [
                (each.laddr.ip, each.laddr.port)
                for each in process.net_connections("inet")
                if each.status == psutil.CONN_LISTEN
            ]
        return found

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        keep_log(bytes(self.log))
        return code


class Hand:
    """The hand of a keeper's clocks, which stand still but for when the test moves them."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hand"
        self.move_to(1_000)
        self.first = (
            "from datetime import timedelta; from pathlib import Path; "
            "from field_client import clock; began = clock.now(); "
            f"clock.elapsed_seconds = lambda: float(Path({str(self._path)!r}).read_text()); "
            "clock.now = lambda: began + timedelta(seconds=clock.elapsed_seconds() - 1_000)"
        )

    def move_to(self, seconds: float) -> None:
        beside = self._path.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.replace(self._path)


StartDevice = Callable[..., RunningDevice]


class Page(NamedTuple):
    """What one request brought back."""

    status: int
    url: str
    text: str
    headers: http.client.HTTPMessage

    @property
    def heading(self) -> str:
        found = re.search(r"<h1[^>]*>(.*?)</h1>", self.text, re.DOTALL)
        return " ".join(found[1].split()) if found else ""

    @property
    def refreshes_to(self) -> str | None:
        found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', self.text)
        return found[1] if found else None

    @property
    def words(self) -> str:
        """Give the text of the page, without its tags."""
        reader = _TextReader()
        reader.feed(self.text)
        return " ".join(" ".join(reader.parts).split())


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


class Person:
    """A browser without scripts: keeps cookies, follows redirects and refreshes, posts forms."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.page: Page | None = None
        self.sent = threading.Semaphore(0)
        """Released whenever a request has gone out, before its answer is waited for."""

    def open(self, address: str) -> Page:
        """Go to an address as if it had been typed, and on to wherever it leads."""
        return self._go("GET", address, {})

    def post(self, path: str, **values: str) -> Page:
        """Send a form of the page that is open."""
        assert self.page is not None
        where = urljoin(self.page.url, path)
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(self.page.url))
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": origin,
            "Sec-Fetch-Site": "same-origin",
            "Sec-Fetch-Mode": "navigate",
        }
        return self._go("POST", where, headers, urlencode(values))

    def _go(
        self, method: str, address: str, headers: dict[str, str], body: str | None = None
    ) -> Page:
        page = self._ask(method, address, headers, body)
        for _ in range(8):
            onward = page.headers["Location"] if page.status in {301, 302, 303} else None
            onward = onward or page.refreshes_to
            if onward is None:
                break
            same = urlsplit(urljoin(page.url, onward)).netloc == urlsplit(page.url).netloc
            site = {"Sec-Fetch-Site": "same-origin" if same else "same-site"}
            page = self._ask("GET", urljoin(page.url, onward), site)
        self.page = page
        return page

    def _ask(
        self, method: str, address: str, headers: dict[str, str], body: str | None = None
    ) -> Page:
        parts = urlsplit(address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=SECONDS)
        try:
            cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, path, body, {**headers, "Cookie": cookies})
            self.sent.release()
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if response.headers.get_content_type() == "text/html" and response.status < 300:
            assert_page(text, parts.path)
        return Page(response.status, address, text, response.headers)


def enrol(device: RunningDevice, office: Any, passphrase: str = PASSPHRASE) -> Person:
    """Take a new device from its first page to an open vault."""
    person = Person()
    person.open(device.next_address("enrol").address)
    person.post("/enrol", address=office.address, code="7k3m 9qxv", device_name="Blue tablet 4")
    office.state = "active"
    person.post("/waiting")
    person.post("/passphrase", passphrase=passphrase, again=passphrase)
    return person


def until(true: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Wait for something to become true, and say whether it did."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return bool(true())


def is_alive(process: psutil.Process) -> bool:
    """Say whether a process still does anything."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def answers(address: Address) -> bool:
    """Say whether anybody listens at an address."""
    connection = http.client.HTTPConnection("127.0.0.1", address.port, timeout=SECONDS)
    try:
        connection.connect()
    except ConnectionError:
        return False
    finally:
        connection.close()
    return True


def unlock(person: Person, locked: Address, passphrase: str = PASSPHRASE) -> Page:
    """Go to a locked device and type a passphrase."""
    person.open(locked.address)
    return person.post("/unlock", passphrase=passphrase)
