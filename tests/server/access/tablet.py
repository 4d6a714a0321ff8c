"""A device as the office meets it: a key of its own, and requests signed with it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.access.device_commands import (
    ApproveDevice,
    IssueEnrolmentTicket,
    write_key,
)
from server.access.enrolment import hash_code, new_code, office_key
from server.spine import clock
from sync import signatures
from tests.server.access.conftest import Office

ENROL = "/device/v1/enrol"
STATE = "/device/v1/state"
HOST = "http://localhost"


@dataclass
class Tablet:
    """A device; `ahead_seconds` is how wrong its clock is."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    ahead_seconds: int = 0

    @property
    def public_key(self) -> bytes:
        """The half of the key that the office is told."""
        return self.key.public_key().public_bytes_raw()

    def signed(
        self,
        path: str,
        body: bytes,
        nonce: str | None = None,
        *,
        method: str = "POST",
        host: str = HOST,
        at: datetime | None = None,
    ) -> dict[str, str]:
        """Sign a request, now unless it says when, by this device's clock."""
        digest = signatures.content_digest(body)
        parameters = signatures.Parameters(
            created=round((at or datetime.now(UTC)).timestamp()) + self.ahead_seconds,
            keyid=signatures.key_id(self.public_key),
            nonce=nonce or signatures.nonce_of(secrets.token_bytes(16)),
        )
        base = signatures.signature_base(method, f"{host}{path}", digest, parameters)
        return dict(signatures.headers(digest, parameters, self.key.sign(base)))

    def post(
        self, client: FlaskClient, path: str, said: Mapping[str, Any] | bytes, **how: str
    ) -> TestResponse:
        """Send a signed request."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        headers = self.signed(path, body)
        return client.post(path, data=body, headers=headers, environ_base=how)

    def ask(self, code: str, **other: str) -> dict[str, str]:
        """Say what a device says to be enrolled."""
        asked = {
            "code": code,
            "public_key": write_key(self.public_key),
            "device_name": "Blue tablet 4",
            "platform": "Linux",
        }
        return asked | other


def issue_code(office: Office, officer_id: str, issuer_id: str | None = None) -> str:
    """Give an officer a code, as someone who looks after devices does."""
    code = new_code()
    with office.session() as session, session.begin():
        own_key = office_key(session)
    command = IssueEnrolmentTicket(
        ticket_id=clock.new_id(), officer_id=officer_id, code_hash=hash_code(code, own_key)
    )
    office.give(command, office.actor(issuer_id) if issuer_id else None).raise_if_refused()
    return code


def enrolled(
    office: Office, officer_id: str, *, approved: bool = True, issuer_id: str | None = None
) -> tuple[Tablet, str]:
    """Enrol a device of an officer and have somebody else approve it."""
    tablet = Tablet()
    code = issue_code(office, officer_id, issuer_id)
    answer = tablet.post(office.app.test_client(), ENROL, tablet.ask(code))
    assert answer.status_code == 200, answer.text
    device_id: str = answer.get_json()["device_id"]
    if approved:
        approver = office.person(f"approver-{secrets.token_hex(4)}", "supervisor")
        command = ApproveDevice(device_id=device_id)
        office.give(command, office.actor(approver)).raise_if_refused()
    return tablet, device_id
