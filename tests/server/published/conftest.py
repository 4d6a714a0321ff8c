"""Gives these tests an office as council staff would start it: a process of its own, on loopback."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.access.device_commands import IssueEnrolmentTicket, write_key
from server.access.enrolment import hash_code, new_code, office_key
from server.demo.processes import Process
from server.spine import clock
from server.spine.database_roles import office_url
from sync.officer_keys import Holder, OfficerKey, key_statement
from tests.conftest import connection_string
from tests.server.access.tablet import Tablet
from tests.server.day import Day, day
from tests.server.published.witness import Witness
from tests.server.visits.phones import Phone, noisy, phone_of, record

__all__ = ["day"]

TRIES = 1_000_000
"""Wrong codes this office takes, so that what is tried is the call and not the limit on guessing."""


@dataclass(frozen=True)
class Running:
    """An office that answers, and what a device can know of it.

    `tablet` is enrolled and has begun to send a photograph; `newcomer` is not, and has a code.
    """

    address: str
    tablet: Tablet
    newcomer: Tablet
    code: str
    upload: str
    digest: str
    picture: bytes
    officer_key: OfficerKey
    witness: Witness
    log: Path


@pytest.fixture
def running(day: Day, tmp_path: Path) -> Iterator[Running]:
    """Start the office on a case with a photograph that is on its way, and watch its rows.

    It works as its own role, which owns no table; the witness is the owner.
    """
    household = day.household("Wilfred Arkwright", officers=[day.amina])
    phone: Phone = phone_of(day, day.amina)
    picture = noisy()
    name = record(day, household, picture)
    begun = phone.begin(name, len(picture))
    assert begun.status_code == 201, begun.headers
    code = ticket(day)
    office = Process(
        "office",
        home=tmp_path,
        DATABASE_URL=office_url(day.url),
        FIELDFARE_PORT="0",
        FIELDFARE_ENROLMENT_TRIES=str(TRIES),
    )
    try:
        address = str(office.wait_for("ready")["address"])
        with Witness(connection_string(day.url)) as witness:
            yield Running(
                address=address,
                tablet=phone.tablet,
                newcomer=Tablet(),
                code=code,
                upload=begun.headers["Location"].rpartition("/")[2],
                digest=name,
                picture=picture,
                officer_key=own_key(phone.device_id, day.amina.user_id),
                witness=witness,
                log=office.log,
            )
    finally:
        office.end()


def own_key(device_id: str, officer_id: str) -> OfficerKey:
    """Make a key of this officer's, and have it say so itself."""
    key = Ed25519PrivateKey.generate()
    written = write_key(key.public_key().public_bytes_raw())
    holder = Holder(office="", device_id=device_id, officer_id=officer_id)
    proof = b64encode(key.sign(key_statement(holder, written))).decode()
    return OfficerKey(officer_key=written, office="", proof=proof)


def ticket(day: Day) -> str:
    """Give an officer a code to enrol a device with."""
    code = new_code()
    with day.session() as session:
        own_key = office_key(session)
    day.give(
        day.administrator,
        IssueEnrolmentTicket(
            ticket_id=clock.new_id(),
            officer_id=day.bryn.user_id,
            code_hash=hash_code(code, own_key),
        ),
    )
    return code
