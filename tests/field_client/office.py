"""A small office for the device's own tests: enrols and approves, and is closed for everything else.

It checks every signature for real. What it stands in for is the office's decisions, which have
tests of their own against the real one.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.lease_modes import Mode, end_of
from shared.words import words_to_compare
from sync import signatures
from sync.leases import LEASE_PATH, LeaseReply, members_of
from sync.protocol import CONTENT_TYPE

OFFICE_KEY = bytes(range(32))
CODE = "7K3M9QXV"
TICKET = "ticket-1"
DEVICE_IDS = (
    "0b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f",
    "1b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f",
    "2b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f",
    "3b0e3c52-3c77-4bd0-8e5b-6b8a4c1d2e3f",
)
OFFICERS = (
    ("5d0f6f7e-0d43-4f0a-9a3c-2f4b8a7c9d1e", "Sam Patel"),
    ("6d0f6f7e-0d43-4f0a-9a3c-2f4b8a7c9d1e", "Amina Yusuf"),
)
"""Whose device the first is that enrols, and the second."""


def share_of(epoch: int) -> bytes:
    """Give the share of an epoch, as this office draws it."""
    return hashlib.sha256(f"share {epoch}".encode()).digest()


class SmallOffice:
    """An office on a port of its own, which a test tells what to decide."""

    def __init__(self) -> None:
        self.state = "pending"
        self.receipt_key = ""
        self.mode, self.days = Mode.LEASED, 0
        self.lends = True
        self.syncs = False
        """Whether a sync is answered at all, though with nothing a vault could take."""
        self.epoch = 1
        self.says: str | None = None
        """A refusal of every request that is signed by a device."""
        self.device_keys: dict[str, bytes] = {}
        self.asked: list[tuple[str, Any]] = []
        self.sent: list[tuple[str, bytes]] = []
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, kind, answer = office.answer(self.path, dict(self.headers), body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_arguments: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str, bytes]:
        """Answer one request; a signature that does not hold is an AssertionError in the log."""
        said: Any = None
        if path.startswith("/device/"):
            said = json.loads(body)
            self.asked.append((path, said))
        key = self._key_of(path, headers, said)
        if key is None:
            return _refused(401, "device.unknown")
        self._check(path, headers, body, key)
        if path == "/device/v1/enrol":
            return self._enrol(said, key)
        if self.says is not None:
            return _refused(401, self.says)
        if path == LEASE_PATH:
            return self._lend(said)
        return self._told(path, body, signatures.parse(headers).parameters.keyid)

    def _told(self, path: str, body: bytes, keyid: str) -> tuple[int, str, bytes]:
        if path == "/device/v1/state":
            return _said(self._standing(list(self.device_keys).index(keyid)))
        self.sent.append((path, body))
        if self.syncs:
            return 200, CONTENT_TYPE, b""
        return _refused(503, "office.closed")

    def words(self) -> str:
        """Give the words the office's own screen would show."""
        key = list(self.device_keys.values())[-1]
        signs_by = base64.urlsafe_b64decode(self.receipt_key + "=") if self.receipt_key else b""
        return " ".join(words_to_compare(key, TICKET, OFFICE_KEY + signs_by))

    def _key_of(self, path: str, headers: dict[str, str], said: Any) -> bytes | None:
        if path == "/device/v1/enrol":
            return base64.urlsafe_b64decode(said["public_key"] + "=")
        return self.device_keys.get(signatures.parse(headers).parameters.keyid)

    def _check(self, path: str, headers: dict[str, str], body: bytes, key: bytes) -> None:
        signed = signatures.parse(headers)
        signatures.check_digest(signed.digest, body)
        base = signatures.signature_base(
            "POST", f"http://{headers['Host']}{path}", signed.digest, signed.parameters
        )
        Ed25519PublicKey.from_public_bytes(key).verify(signed.signature, base)

    def _enrol(self, said: Any, key: bytes) -> tuple[int, str, bytes]:
        if said["code"] == "BVSYBVSY":
            return _refused(429, "enrolment.too_many")
        if said["code"] != CODE:
            return _refused(403, "enrolment.refused")
        self.device_keys[signatures.key_id(key)] = key
        written = base64.urlsafe_b64encode(OFFICE_KEY).decode().rstrip("=")
        return _said(
            {
                "device_id": DEVICE_IDS[len(self.device_keys) - 1],
                "ticket_id": TICKET,
                "office_key": written,
                **self._told_key(),
                "words": ["not", "to", "be", "trusted", "at", "all"],
                "state": "pending",
                "office": {"name": "Ambleford Council", "fictional": True},
            }
        )

    def _lend(self, said: Any) -> tuple[int, str, bytes]:
        """Lend the share of the epoch the vault is wrapped under, and of the one it is to be."""
        if not self.lends:
            return _refused(503, "office.closed")
        now = datetime.now(UTC)
        epochs = {said["wrapped"], self.epoch} - {0}
        given = LeaseReply(
            mode=self.mode,
            days=self.days,
            granted_at=now,
            ends_at=end_of(self.mode, self.days, now),
            shares={epoch: share_of(epoch) for epoch in epochs},
        )
        return _said({**members_of(given), "seal": ""})

    def _told_key(self) -> dict[str, str]:
        """Give the key it signs receipts with, as an office that has one does."""
        return {"receipt_key": self.receipt_key} if self.receipt_key else {}

    def _standing(self, number: int) -> dict[str, Any]:
        officer_id, name = OFFICERS[number % len(OFFICERS)]
        return {
            **self._told_key(),
            "state": self.state,
            "officer": {"id": officer_id, "name": name},
            "office": {"name": "Ambleford Council", "fictional": True},
        }


def _said(values: dict[str, Any]) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(values).encode()


def _refused(status: int, code: str) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps({"code": code}).encode()
