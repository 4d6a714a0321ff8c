"""A device of a real office is revoked: nothing opens it again, nobody is signed in any more (T14, T16)."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from field_client import device_secret
from field_client.device_key import DeviceKey
from field_client.office_link import OfficeLink, code_of
from field_client.vault import keys
from server.access.device_commands import ApproveDevice, RevokeDevice
from server.access.tables import DeviceRow, LeaseRow
from server.leasing.commands import SetTeamMode
from shared.errors import RuleBroken
from sync.protocol import SYNC_PATH, Request
from sync.wire import write_request
from tests.field_client.conftest import start
from tests.field_client.running import PASSPHRASE, Person, StartDevice
from tests.server.access.conftest import Office
from tests.server.access.serving import served
from tests.server.access.tablet import issue_code
from tests.server.leasing.lending import team_of

__all__ = ["start"]

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(400)]


@pytest.mark.proves("T14")
def test_a_device_that_starts_online_and_was_revoked_is_unreadable_after_it_was_switched_off(
    office: Office, start: StartDevice
) -> None:
    amina = office.person("amina", "officer")
    team = team_of(office, amina)
    office.give(SetTeamMode(team_id=team, mode="online-start")).raise_if_refused()
    code = issue_code(office, amina)
    browser = office.client_of(amina)
    with served(office) as address:
        device, person = start(), Person()
        person.open(device.next_address("enrol").address)
        person.post("/enrol", address=str(address), code=code, device_name="Blue tablet 4")
        device_id = approve(office)
        assert person.post("/waiting").heading == "Choose your passphrase"
        person.post("/passphrase", passphrase=PASSPHRASE, again=PASSPHRASE)
        device.next_address("unlocked")
        home = device.kept
        secret = device_secret.load(home.device_secret).secret
        share = share_lent(office, device_id)
        opened = keys.open_vault(home.vault(amina), with_share({1: share}, secret))
        assert opened.epoch == 1, "with the share it opens, so that without it means something"

        office.give(RevokeDevice(device_id=device_id, reason="stolen")).raise_if_refused()
        assert browser.get("/you").status_code == 302, "the very next request"

        link = OfficeLink(address, DeviceKey.load(home.device_key, secret))
        asked = write_request(
            Request(store_id=device_id, epoch=None, cursor=0, envelopes=(), protocol=2)
        )
        answer = link.post(SYNC_PATH, asked)
        assert (answer.status, code_of(answer)) == (401, "device.revoked")

        device.stop()
        again = start()
        assert person.open(again.next_address("lease").address).heading == (
            "This device needs signal once"
        )
        assert person.post("/lease").heading == "This device is no longer allowed"
    with office.session() as session:
        assert session.get_one(LeaseRow, device_id).sealed_root is None
    for shares in ({}, {1: bytes(32)}, {1: secret}):
        with pytest.raises(RuleBroken, match=r"lease\.missing|passphrase\.wrong"):
            keys.open_vault(home.vault(amina), with_share(shares, secret))
    assert bytes_found(home.folder, share) == 0
    assert bytes_found(home.folder, bytes(opened.db)) == 0


def approve(office: Office) -> str:
    """Approve the one device that waits."""
    with office.session() as session:
        device_id = session.scalars(select(DeviceRow.device_id)).one()
    second = office.actor(office.person("sal", "supervisor"))
    office.give(ApproveDevice(device_id=device_id), second).raise_if_refused()
    return device_id


def share_lent(office: Office, device_id: str) -> bytes:
    """Work out the share as the office does, before it is destroyed."""
    with office.session() as session:
        root = session.get_one(LeaseRow, device_id).sealed_root
    assert root is not None
    share: bytes = office.app.extensions["fieldfare"]["shares"].share(root, device_id, 1)
    return share


def with_share(shares: dict[int, bytes], secret: bytes) -> keys.Factors:
    """Have the right passphrase and the device's secret, with whatever share there is."""
    return keys.Factors(passphrase=PASSPHRASE, device_secret=secret, shares=shares)


def bytes_found(folder: Path, secret: bytes) -> int:
    """Count the bytes of a secret that any file of a device gives away, as they are or as text."""
    files = [each.read_bytes() for each in folder.rglob("*") if each.is_file()]
    assert files
    return sum(len(secret) for each in files if secret in each or secret.hex().encode() in each)
