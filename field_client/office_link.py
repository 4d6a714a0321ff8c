"""The one file of the device that opens a socket to the office; the keeper's, never the vault's.

Plain `http.client`, because what a larger client adds is what we do not want here: it follows no
redirect, reads no proxy or cookie from the environment, decompresses nothing, and waits on each
read, so a slow line that still moves is not cut. Every request is signed by the device's own key.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from urllib.parse import SplitResult, urlsplit

from field_client import clock, connection
from field_client.answers import Answer
from field_client.device_key import DeviceKey
from shared.errors import RuleBroken
from sync import signatures
from sync.blob_session import Asking
from sync.blobs import PART_TYPE, REFUSED_HEADER, TUS_VERSION
from sync.protocol import SENT_BYTES_MAX

CONNECT_SECONDS = 10
"""How long the office may take to answer the door."""

READ_SECONDS = 30
"""How long the line may stand still; while it moves, it may take TOTAL_SECONDS."""

TOTAL_SECONDS = 600
"""How long one request may take in all, however steadily it trickles."""

ADDRESS_CHARACTERS_MAX = 200
"""Characters the address of an office may have."""

_BEGINNING = frozenset({"Tus-Resumable", "Upload-Length", "Upload-Metadata"})
_PART = frozenset({"Tus-Resumable", "Content-Type", "Upload-Offset", "Upload-Checksum"})
_UPLOADS = {
    "POST": _BEGINNING,
    "PATCH": _PART,
    "HEAD": frozenset({"Tus-Resumable"}),
}
"""What an upload may ask, and the headers it may say it with."""

JSON = "application/json"
"""What enrolment speaks, and every refusal of the office."""

_CHUNK_BYTES = 65_536
_HEADERS_KEPT = (
    "Content-Type",
    "Retry-After",
    "Date",
    "Location",
    "Tus-Resumable",
    "Upload-Offset",
    REFUSED_HEADER,
)
_HOST = re.compile(r"\A[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?\Z", re.ASCII)
_PATH = re.compile(r"\A/[A-Za-z0-9/_.~-]{1,200}\Z", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class OfficeAddress:
    """Where an office answers: over TLS, or without it on this machine alone."""

    scheme: str
    host: str
    port: int

    @classmethod
    def read(cls, typed: str, *, field: str = "address") -> OfficeAddress:
        """Read an address as a person types it; `https://` is understood when left out."""
        text = typed.strip()
        if not text:
            raise RuleBroken("office.address_missing", field=field)
        try:
            parts = urlsplit(text if "://" in text else f"https://{text}")
            address = cls(
                scheme=parts.scheme,
                host=(parts.hostname or "").lower(),
                port=parts.port or (443 if parts.scheme == "https" else 80),
            )
        except ValueError:
            raise RuleBroken("office.address_unreadable", field=field) from None
        if len(text) > ADDRESS_CHARACTERS_MAX or not _is_plain(parts) or not address.is_allowed():
            raise RuleBroken("office.address_unreadable", field=field)
        return address

    def is_allowed(self) -> bool:
        """Tell whether requests may go there: without TLS only to this machine itself."""
        if not _HOST.fullmatch(self.host):
            return False
        return self.scheme == "https" or (self.scheme == "http" and _is_loopback(self.host))

    def __str__(self) -> str:
        usual = {"https": 443, "http": 80}[self.scheme] == self.port
        return f"{self.scheme}://{self.host}" + ("" if usual else f":{self.port}")


class OfficeLink:
    """The keeper's way to one office."""

    def __init__(self, address: OfficeAddress, device_key: DeviceKey) -> None:
        self._address = address
        self._device_key = device_key
        self._key_id = signatures.key_id(device_key.public_bytes())
        self.offset_seconds: float | None = None
        self.last_reached_at: datetime | None = None
        self.online: bool | None = None

    def post(self, path: str, body: bytes, content_type: str = JSON) -> Answer:
        """Send one signed request and give the office's answer, whatever it says.

        Raises RuleBroken when no office answered: nothing at all, or something that is not one.
        """
        said = {"Content-Type": content_type}
        asking = Asking(method="POST", path=path, headers=said, body=body)
        return self._ask(asking, content_type)

    def upload(self, asking: Asking) -> Answer:
        """Send one signed request of a photograph's upload and give the office's answer.

        Raises RuleBroken as `post` does.
        """
        if asking.method not in _UPLOADS or not set(asking.headers) <= _UPLOADS[asking.method]:
            raise ValueError("no upload asks this")
        return self._ask(asking, PART_TYPE)

    @property
    def metered(self) -> bool | None:
        """Tell whether the way to the office costs money by the byte; none when nobody can tell."""
        return False if _is_loopback(self._address.host) else connection.metered()

    def _ask(self, asking: Asking, content_type: str) -> Answer:
        """Ask once, and again when the answer says how wrong this clock is."""
        try:
            answer = self._ask_once(asking, content_type)
            if _is_stale(answer) and self._learn_offset(answer):
                answer = self._ask_once(asking, content_type)
        except RuleBroken:
            self.online = False
            raise
        self.online = True
        self.last_reached_at = clock.now()
        return answer

    def _ask_once(self, asking: Asking, content_type: str) -> Answer:
        if not _PATH.fullmatch(asking.path):
            raise ValueError("the office has no such path")
        headers = {
            **asking.headers,
            "Content-Length": str(len(asking.body)),
            **self._signed(asking),
        }
        line = self._connection()
        try:
            line.connect()
            line.sock.settimeout(READ_SECONDS)
            # As a file, because a large body sent in one piece would have one time limit.
            line.request(asking.method, asking.path, BytesIO(asking.body), headers)
            answer = _receive(line)
        except ssl.SSLCertVerificationError:
            raise RuleBroken("office.certificate") from None
        except (http.client.RemoteDisconnected, http.client.IncompleteRead):
            raise RuleBroken("office.unreachable") from None  # a line that was cut, as lines are
        except http.client.HTTPException:
            raise RuleBroken("office.not_the_office") from None
        except OSError:
            raise RuleBroken("office.unreachable") from None
        finally:
            line.close()
        _check_it_is_the_office(answer, content_type)
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._address.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=CONNECT_SECONDS)
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)

    def _signed(self, asking: Asking) -> Mapping[str, str]:
        digest = signatures.content_digest(asking.body)
        parameters = signatures.Parameters(
            created=int(clock.now().timestamp() + (self.offset_seconds or 0)),
            keyid=self._key_id,
            nonce=signatures.nonce_of(secrets.token_bytes(16)),
        )
        uri = f"{self._address}{asking.path}"
        base = signatures.signature_base(asking.method, uri, digest, parameters)
        return signatures.headers(digest, parameters, self._device_key.sign(base))

    def _learn_offset(self, answer: Answer) -> bool:
        """Learn how far this clock is from the office's, so that a wrong clock still syncs."""
        try:
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
            self.offset_seconds = (theirs - clock.now()).total_seconds()
        except (ValueError, TypeError):
            return False
        return True


def _receive(line: http.client.HTTPConnection) -> Answer:
    """Read a reply while it keeps coming, and not beyond its limits."""
    until = clock.elapsed_seconds() + TOTAL_SECONDS
    body = bytearray()
    with line.getresponse() as response:
        while chunk := response.read1(_CHUNK_BYTES):
            body += chunk
            if len(body) > SENT_BYTES_MAX:
                raise http.client.HTTPException("the reply is larger than any of ours")
            if clock.elapsed_seconds() > until:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        kept = {name: response.headers.get(name, "") for name in _HEADERS_KEPT}
        return Answer(status=response.status, body=bytes(body), headers=kept)


def _check_it_is_the_office(answer: Answer, content_type: str) -> None:
    """Refuse a captive portal's page and a gateway's apology, which are no answer of ours."""
    if content_type == PART_TYPE and answer.headers["Tus-Resumable"] == TUS_VERSION:
        return  # what tus answers has no body, and so no type
    kind = answer.headers["Content-Type"].partition(";")[0].strip().lower()
    if kind in {content_type, JSON}:
        return
    gateway = answer.status >= 500  # noqa: PLR2004 - a proxy before the office says it is down
    raise RuleBroken("office.unreachable" if gateway else "office.not_the_office")


def _is_stale(answer: Answer) -> bool:
    if answer.status != 401:  # noqa: PLR2004 - HTTP's own number
        return False
    return code_of(answer) == signatures.STALE


def code_of(answer: Answer) -> str:
    """Read the refusal code out of an answer, or nothing when it holds none."""
    if named := answer.headers.get(REFUSED_HEADER):
        return named  # an answer to HEAD has no body to say it in
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return ""
    return str(said.get("code", "")) if isinstance(said, dict) else ""


def _is_plain(parts: SplitResult) -> bool:
    """Tell whether an address names a host and nothing else."""
    nothing_else = parts.path in {"", "/"} and not parts.query and not parts.fragment
    return nothing_else and parts.username is None and parts.password is None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
