"""How tests ask an office for a lease, as a device does."""

from __future__ import annotations

import secrets
from typing import Any

from werkzeug.test import TestResponse

from server.leasing.commands import OpenTeam, PlaceInTeam
from server.spine import clock
from sync.leases import LEASE_NONCE_BYTES, LEASE_PATH, LeaseReply, read_reply
from tests.server.access.conftest import Office
from tests.server.access.tablet import Tablet

NONCE = secrets.token_hex(LEASE_NONCE_BYTES)


def asking(office: Office, tablet: Tablet, wrapped: Any = 0) -> TestResponse:
    """Ask, and give the answer whatever it is."""
    said = {"wrapped": wrapped, "nonce": NONCE}
    return tablet.post(office.app.test_client(), LEASE_PATH, said)


def lent(office: Office, tablet: Tablet, wrapped: int = 0) -> LeaseReply:
    """Ask, and give the lease, which must be lent."""
    answer = asking(office, tablet, wrapped)
    assert answer.status_code == 200, answer.text
    return read_reply(answer.data)[0]


def team_of(office: Office, *officers: str, title: str = "East") -> str:
    """Set up a team with these officers in it."""
    team_id = clock.new_id()
    office.give(OpenTeam(team_id=team_id, title=title)).raise_if_refused()
    for user_id in officers:
        office.give(PlaceInTeam(user_id=user_id, team_id=team_id)).raise_if_refused()
    return team_id
