"""The office finds a command by the number of its receipt, and lists what was noticed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from server.spine import clock
from server.sync_api.queries import answered, defects, read_number
from sync.protocol import Request
from tests.server.access.conftest import Office
from tests.server.access.tablet import enrolled
from tests.server.sync_api.test_screens import NOWHERE, envelope, reply_to


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.app.test_client()


@pytest.mark.parametrize("typed", ["3F9A-07C2", " 3f9a 07c2 ", "3F9A07C2", "3f9a–07c2"])
def test_a_number_is_read_as_people_type_it(typed: str) -> None:
    assert read_number(typed) == "3f9a07c2"


@pytest.mark.parametrize("typed", ["", "3F9A-07C", "3F9A-07C22", "3F9A-07CG", "'; --"])
def test_what_is_no_number_finds_nothing(office: Office, typed: str) -> None:
    with office.session() as session:
        assert answered(session, typed) == []


def test_a_command_is_found_by_the_number_its_officer_reads_out(
    office: Office, client: FlaskClient
) -> None:
    amina = office.person("amina", "officer")
    tablet, device_id = enrolled(office, amina)
    store_id = clock.new_id()
    request = Request(store_id=store_id, epoch=None, cursor=0, envelopes=(envelope(store_id),))
    (receipt,) = reply_to(client, tablet, request).receipts
    with office.session() as session:
        (found,) = answered(session, receipt.number)
    assert found.command_id == receipt.command_id
    assert (found.officer_id, found.device_id) == (amina, device_id)
    assert (found.name, found.outcome) == ("Unreadable", "quarantined")


def test_what_was_noticed_is_listed_with_its_device(office: Office, client: FlaskClient) -> None:
    tablet, device_id = enrolled(office, office.person("amina", "officer"))
    before = clock.now()
    reply_to(client, tablet, Request(store_id=clock.new_id(), epoch=NOWHERE, cursor=77))
    with office.session() as session:
        (defect,) = defects(session, since=before)
        assert defects(session, since=before + timedelta(hours=1)) == []
    assert (defect.kind, defect.device_id) == ("epoch.changed", device_id)
    assert (defect.device_name, defect.officer_name) == ("Blue tablet 4", "Amina")
