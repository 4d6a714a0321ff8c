"""How each device stands is kept as it speaks: its own word, its failures, the size of its bundle."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from server.access.device_commands import RevokeDevice
from server.access.user_commands import SuspendUser
from server.spine import clock
from server.sync_api import contacts
from server.sync_api.store import OfficeOnPostgres
from server.sync_api.tables import DeviceContactRow, SyncFailureRow
from sync.protocol import Report, Request
from sync.wire import write_request
from tests.server.access.conftest import Office
from tests.server.access.tablet import Tablet, enrolled
from tests.server.sync_api.test_screens import envelope, reply_to, send

SINCE = "2026-03-01T08:00:00+00:00"


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.app.test_client()


@pytest.fixture
def device(office: Office) -> tuple[Tablet, str]:
    return enrolled(office, office.person("amina", "officer"))


def request(**members: object) -> Request:
    return replace(Request(store_id=clock.new_id(), epoch=None, cursor=0), **members)  # type: ignore[arg-type]


def contact(office: Office, device_id: str) -> DeviceContactRow:
    with office.session() as session:
        return session.execute(
            select(DeviceContactRow).where(DeviceContactRow.device_id == device_id)
        ).scalar_one()


def failures(office: Office, device_id: str) -> dict[str, int]:
    """Count by cause, on whatever days: midnight may have come between two of them."""
    with office.session() as session:
        rows = session.execute(
            select(SyncFailureRow.code, func.sum(SyncFailureRow.times).label("times"))
            .where(SyncFailureRow.device_id == device_id)
            .group_by(SyncFailureRow.code)
        )
        return {row.code: row.times for row in rows}


def test_a_device_is_kept_by_its_own_word(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    said = Report(
        app="0.1", waiting=3, waiting_since=SINCE, photographs=2, needs_you=1, offset=-61.4
    )
    reply_to(client, tablet, request(report=said))
    kept = contact(office, device_id)
    assert (kept.app, kept.protocol, kept.ahead_seconds) == ("0.1", 2, 61)
    assert (kept.waiting, kept.photographs, kept.needs_you) == (3, 2, 1)
    assert kept.waiting_since is not None
    assert kept.waiting_since == datetime.fromisoformat(SINCE) - timedelta(seconds=61.4)
    assert kept.answered_at is not None
    assert kept.whole_at == kept.answered_at == kept.counted_at
    assert (kept.cases, kept.records, kept.size_bytes) == (0, 0, 0)


@pytest.mark.parametrize("offset", [0.0, 1e300, -1e300])
def test_a_clock_of_another_age_makes_nothing_wait_since_tomorrow(
    office: Office, client: FlaskClient, device: tuple[Tablet, str], offset: float
) -> None:
    tablet, device_id = device
    said = Report(waiting=2**52, waiting_since="9999-01-01T00:00:00+00:00", offset=offset)
    reply_to(client, tablet, request(report=said))
    kept = contact(office, device_id)
    assert kept.waiting_since is not None
    assert kept.waiting_since <= datetime.now(UTC)
    assert kept.waiting == contacts.COUNT_MAX


def test_what_the_answer_has_settled_waits_no_more(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    store_id = clock.new_id()
    said = Report(waiting=1, waiting_since=SINCE)
    reply_to(
        client,
        tablet,
        request(store_id=store_id, envelopes=(envelope(store_id),), report=said),
    )
    kept = contact(office, device_id)
    assert (kept.waiting, kept.waiting_since) == (0, None)


def test_a_device_that_does_not_say_how_it_stands_is_known_to_have_spoken(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    reply_to(client, tablet, request(protocol=1))
    kept = contact(office, device_id)
    assert (kept.protocol, kept.waiting, kept.app) == (1, None, "")
    assert kept.answered_at is not None


def test_a_device_that_says_the_same_again_at_once_is_not_written_down_again(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    asked = request(report=Report(app="0.1"))
    reply_to(client, tablet, asked)
    first = contact(office, device_id).answered_at
    reply_to(client, tablet, asked)
    assert contact(office, device_id).answered_at == first
    reply_to(client, tablet, replace(asked, report=Report(app="0.1", needs_you=1)))
    assert contact(office, device_id).answered_at != first, "something has changed"


def test_the_bundle_is_counted_again_after_a_while(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    asked = request()
    reply_to(client, tablet, asked)
    long_ago = clock.now() - contacts.COUNTED_AGAIN - timedelta(minutes=1)
    with office.session() as session, session.begin():
        session.execute(
            update(DeviceContactRow).values(counted_at=long_ago, answered_at=long_ago, cases=9)
        )
    reply_to(client, tablet, asked)
    assert contact(office, device_id).cases == 0


def test_what_is_turned_away_is_counted_by_its_cause(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    assert send(client, tablet, write_request(request(oldest=9, protocol=9))).status_code == 426
    assert send(client, tablet, write_request(request(oldest=9, protocol=9))).status_code == 426
    assert send(client, tablet, b"no message").status_code == 400
    tablet.ahead_seconds = 4_000
    assert send(client, tablet, write_request(request())).status_code == 401
    assert failures(office, device_id) == {
        "protocol.newer": 2,
        "message.not_compressed": 1,
        "signature.stale": 1,
    }
    assert contact(office, device_id).refused_code == "signature.stale"


def test_a_device_that_may_not_speak_is_counted_too(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    with office.session() as session:
        officer_id = session.execute(select(DeviceContactRow.device_id)).scalar_one_or_none()
    assert officer_id is None, "nothing was heard yet"
    office.give(RevokeDevice(device_id=device_id, reason="lost")).raise_if_refused()
    assert send(client, tablet, write_request(request())).status_code == 401
    assert failures(office, device_id) == {"device.revoked": 1}


def test_an_officer_who_is_suspended_shows_as_the_cause(
    office: Office, client: FlaskClient
) -> None:
    ben = office.person("ben", "officer")
    tablet, device_id = enrolled(office, ben)
    office.give(SuspendUser(user_id=ben)).raise_if_refused()
    send(client, tablet, write_request(request()))
    assert failures(office, device_id) == {"device.suspended": 1}


def test_a_fault_of_the_office_is_counted_and_still_a_fault(
    office: Office,
    client: FlaskClient,
    device: tuple[Tablet, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tablet, device_id = device

    def broken(*_asked: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(OfficeOnPostgres, "look", broken)
    assert send(client, tablet, write_request(request())).status_code == 500
    assert failures(office, device_id) == {contacts.FAULT: 1}


def test_a_contact_that_cannot_be_kept_costs_the_device_nothing(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    with office.session() as session, session.begin():
        session.connection().exec_driver_sql(
            "ALTER TABLE device_contact ADD CONSTRAINT nothing CHECK (false) NOT VALID"
        )
    reply_to(client, device[0], request())
