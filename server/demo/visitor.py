"""Somebody at a browser without a screen: opens pages, fills in forms and presses their buttons."""

from __future__ import annotations

import http.client
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS_MAX = 5
SECONDS_MAX = 60
_MOVED = {301, 302, 303, 307, 308}

Answers = Mapping[str, str | Sequence[str]]
"""What to put in a form's boxes, by name."""

Files = Mapping[str, tuple[str, bytes]]
"""What to choose for a form's files, by the box's name: a file's name and its bytes."""

_FORM = "application/x-www-form-urlencoded"


@dataclass
class FormOnPage:
    """A form as the page sent it: where it goes, and what its boxes already hold."""

    action: str
    method: str
    holds: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Picks the forms, the heading and the links out of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FormOnPage] = []
        self.links: list[tuple[str, str]] = []
        self.heading = ""
        self.words: list[str] = []
        self._within: list[str] = []
        self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(FormOnPage(values.get("action", ""), values.get("method", "get")))
        elif tag == "a":
            self.links.append((values.get("href", ""), ""))
        elif tag == "h1":
            self._within.append(tag)
        elif self.forms:
            self._take_box(tag, values)

    def _take_box(self, tag: str, values: Mapping[str, str]) -> None:
        """Note what a box of the form holds as it was sent."""
        holds, name = self.forms[-1].holds, values.get("name", "")
        if tag == "input" and name:
            kind = values.get("type", "text")
            if kind not in {"checkbox", "radio", "submit", "file"} or "checked" in values:
                holds.append((name, values.get("value", "")))
        elif tag == "select":
            holds.append((name, ""))
        elif tag == "option" and "selected" in values:
            holds[-1] = (holds[-1][0], values.get("value", ""))
        elif tag == "textarea":
            self._area = name
            holds.append((name, ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "h1" and self._within:
            self._within.pop()
        if tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if self._within:
            self.heading += data
        elif self._area and self.forms:
            name, held = self.forms[-1].holds[-1]
            self.forms[-1].holds[-1] = (name, held + data)
        if self.links:
            href, said = self.links[-1]
            self.links[-1] = (href, said + data)


@dataclass
class Page:
    """A page that was opened."""

    url: str
    status: int
    body: str
    heading: str
    text: str
    forms: list[FormOnPage]
    links: list[tuple[str, str]]

    @property
    def path(self) -> str:
        """Give the page's path."""
        return urlsplit(self.url).path

    def form(self, action: str) -> FormOnPage:
        """Find the form that goes to an address ending like this."""
        for one in self.forms:
            if urlsplit(urljoin(self.url, one.action)).path.endswith(action):
                return one
        raise LookupError(f"{self.path} has no form that goes to {action}: {self.heading.strip()}")

    def link(self, part: str) -> str:
        """Find the first link whose address holds this."""
        for href, _said in self.links:
            if part in href:
                return href
        raise LookupError(f"{self.path} has no link with {part}")


class Visitor:
    """One browser: its address and its cookies."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._cookies: dict[str, str] = {}
        self.page = Page(base, 0, "", "", "", [], [])

    def open(self, address: str) -> Page:
        """Open a page, following where it leads on the same host."""
        return self._go("GET", urljoin(self.page.url or self.base, address), b"")

    def press(
        self, action: str, answers: Answers | None = None, files: Files | None = None
    ) -> Page:
        """Fill in the form that goes to `action`, choose files where it asks for some, and send it."""
        form = self.page.form(action)
        values = [(name, held) for name, held in form.holds if name not in (answers or {})]
        for name, answer in (answers or {}).items():
            each = [answer] if isinstance(answer, str) else list(answer)
            values.extend((name, one) for one in each)
        target = urljoin(self.page.url, form.action)
        if form.method.lower() == "get":
            return self._go("GET", f"{target}?{urlencode(values)}", b"")
        if files:
            kind, body = _in_parts(values, files)
            return self._go("POST", target, body, kind)
        return self._go("POST", target, urlencode(values).encode())

    def _go(self, method: str, url: str, body: bytes, kind: str = _FORM) -> Page:
        for _hop in range(REDIRECTS_MAX):
            status, location, text = self._ask(method, url, body, kind)
            if status not in _MOVED or not location:
                self.page = _read(url, status, text)
                return self.page
            method, url, body = "GET", urljoin(url, location), b""
        raise LookupError(f"{urlsplit(url).path} leads round in circles")

    def _ask(self, method: str, url: str, body: bytes, kind: str) -> tuple[int, str, str]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=SECONDS_MAX)
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self._cookies.items())}
        if method == "POST":
            headers["Content-Type"] = kind
            headers["Origin"] = f"{parts.scheme}://{parts.netloc}"
        try:
            target = parts.path or "/"
            connection.request(
                method, f"{target}?{parts.query}" if parts.query else target, body, headers
            )
            answer = connection.getresponse()
            for line in answer.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self._cookies[name] = morsel.value
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()


def _in_parts(values: Sequence[tuple[str, str]], files: Files) -> tuple[str, bytes]:
    """Write a form with files in it, as a browser does."""
    between = secrets.token_hex(16)
    parts = [
        f'--{between}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in values
    ]
    for name, (file_name, body) in files.items():
        head = f'form-data; name="{name}"; filename="{file_name}"'
        head += "\r\nContent-Type: application/octet-stream"
        parts.append(
            f"--{between}\r\nContent-Disposition: {head}\r\n\r\n".encode() + body + b"\r\n"
        )
    kind = f"multipart/form-data; boundary={between}"
    return kind, b"".join(parts) + f"--{between}--\r\n".encode()


def _read(url: str, status: int, text: str) -> Page:
    reader = _Reader()
    reader.feed(text)
    return Page(
        url=url,
        status=status,
        body=text,
        heading=" ".join(reader.heading.split()),
        text=" ".join(" ".join(reader.words).split()),
        forms=reader.forms,
        links=reader.links,
    )
