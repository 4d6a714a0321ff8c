"""A device speaks to the office over HTTP, and whatever it sends it gets an answer it understands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from field_client.vault.keys import is_signed_by
from server.access.device_commands import RevokeDevice
from server.access.tables import ErasureRow, SetAsideRow
from server.spine import clock
from server.sync_api.tables import DefectRow
from shared.schemas import canonical, digest
from sync.protocol import (
    CONTENT_TYPE,
    GENESIS,
    REQUEST_BYTES_MAX,
    SYNC_PATH,
    CaseTotal,
    Reply,
    Request,
)
from sync.seals import statement
from sync.wire import pack, read_reply, write_envelope, write_request
from tests.server.access.conftest import Office
from tests.server.access.tablet import STATE, Tablet, enrolled

NOWHERE = "00000000-0000-4000-8000-00000000000a"


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.app.test_client()


@pytest.fixture
def device(office: Office) -> tuple[Tablet, str]:
    """Enrol a tablet and give it with its device's id."""
    return enrolled(office, office.person("amina", "officer"))


def envelope(store_id: str) -> bytes:
    return write_envelope(
        {
            "command_id": clock.new_id(),
            "store_id": store_id,
            "lane": "ordinary",
            "seq": 1,
            "prev": GENESIS,
            "name": "RecordVisit",
            "version": 1,
            "case_id": NOWHERE,
            "seen_commit": 0,
            "group": None,
            "happened_at": "2027-03-01T08:00:00+00:00",
            "clock": {"wall": "2027-03-01T08:00:00+00:00", "monotonic": 1.0, "boot": "b"},
            "body": {"visit_id": clock.new_id()},
        }
    )


def send(client: FlaskClient, tablet: Tablet, body: bytes) -> TestResponse:
    return tablet.post(client, SYNC_PATH, body)


def reply_to(client: FlaskClient, tablet: Tablet, request: Request) -> Reply:
    answer = send(client, tablet, write_request(request))
    assert answer.status_code == 200, answer.text
    assert answer.content_type == CONTENT_TYPE
    return read_reply(answer.data, request.envelopes)


def test_a_receipt_is_sealed_with_the_key_the_device_was_given(
    client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, _device_id = device
    given = tablet.post(client, STATE, b"{}").get_json()["receipt_key"]
    store_id = clock.new_id()
    written = envelope(store_id)

    reply = reply_to(
        client, tablet, Request(store_id=store_id, epoch=None, cursor=0, envelopes=(written,))
    )

    (receipt,) = reply.receipts
    assert (receipt.outcome, receipt.code) == ("quarantined", "command.unreadable")
    told = statement(
        store_id=store_id,
        epoch=reply.epoch,
        receipts=reply.receipts,
        sent={receipt.command_id: digest(written)},
        confirmed=None,
    )
    assert is_signed_by(given, told, reply.seal)


def test_a_device_with_nothing_to_say_is_answered_in_few_bytes(
    client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, _device_id = device
    asked = Request(store_id=clock.new_id(), epoch=None, cursor=0)
    reply = reply_to(client, tablet, asked)
    assert reply.scope is not None
    assert (reply.scope.records, reply.durable, reply.seal) == (0, 0, "")
    again = send(client, tablet, write_request(Request(**{**vars(asked), "epoch": reply.epoch})))
    assert len(again.data) < 600


@pytest.mark.parametrize(
    ("oldest", "newest", "code"), [(3, 4, "protocol.newer"), (1000, 1000, "protocol.newer")]
)
def test_a_device_that_is_too_new_is_told_so(
    client: FlaskClient, device: tuple[Tablet, str], oldest: int, newest: int, code: str
) -> None:
    asked = Request(store_id=clock.new_id(), epoch=None, cursor=0, oldest=oldest, protocol=newest)
    answer = send(client, device[0], write_request(asked))
    assert (answer.status_code, answer.get_json()) == (426, {"code": code})


@pytest.mark.parametrize("purged", [(), (clock.new_id(),)])
def test_a_vault_of_another_device_is_turned_away(
    office: Office, client: FlaskClient, device: tuple[Tablet, str], purged: tuple[str, ...]
) -> None:
    store_id = clock.new_id()
    asked = Request(store_id=store_id, epoch=None, cursor=0, purged=purged)
    reply_to(client, device[0], Request(store_id=store_id, epoch=None, cursor=0))
    other, _id = enrolled(office, office.person("ben", "officer"))
    answer = send(client, other, write_request(asked))
    with office.session() as session:
        assert session.scalar(select(func.count()).select_from(ErasureRow)) == 0
    assert (answer.status_code, answer.get_json()) == (409, {"code": "store.of_another_device"})


@pytest.mark.proves("T36")
def test_what_a_revoked_device_sends_is_set_aside_whole_and_once(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    tablet, device_id = device
    sal = office.actor(office.person("sal", "supervisor"))
    office.give(RevokeDevice(device_id=device_id, reason="lost"), sal).raise_if_refused()
    store_id = clock.new_id()
    written = tuple(envelope(store_id) for _ in range(2))
    request = Request(store_id=store_id, epoch=None, cursor=0, envelopes=written)
    for _ in range(2):
        answer = send(client, tablet, write_request(request))
        assert (answer.status_code, answer.get_json()) == (401, {"code": "device.revoked"})
    with office.session() as session:
        kept = session.scalars(select(SetAsideRow)).all()
    assert sorted(row.body for row in kept) == sorted(written)
    assert {row.code for row in kept} == {"device.revoked"}


def test_a_device_that_names_another_life_is_told_where_this_one_stands(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    asked = Request(store_id=clock.new_id(), epoch=NOWHERE, cursor=77)
    reply = reply_to(client, device[0], asked)
    assert reply.replaces == NOWHERE
    assert reply.page.start == reply.page.end == reply.page.head != 77
    with office.session() as session:
        (noted,) = session.scalars(select(DefectRow)).all()
    assert (noted.kind, noted.values["cursor"]) == ("epoch.changed", 77)


def test_a_case_this_officer_was_never_given_is_taken_away(
    office: Office, client: FlaskClient, device: tuple[Tablet, str]
) -> None:
    line = CaseTotal(case_id=NOWHERE, view="home_visit", records=3, hash=9)
    store_id = clock.new_id()
    reply = reply_to(
        client, device[0], Request(store_id=store_id, epoch=None, cursor=0, manifest=(line,))
    )
    (purge,) = reply.page.purges
    assert (purge.case_id, purge.reason) == (NOWHERE, "not_yours")
    with office.session() as session:
        (noted,) = session.scalars(select(DefectRow)).all()
    assert (noted.kind, noted.values) == ("scope.differs", {"cases": 1})
    again = reply_to(
        client, device[0], Request(store_id=store_id, epoch=None, cursor=0, purged=(NOWHERE,))
    )
    assert again.noted == (NOWHERE,)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "message.not_json"),
        (b"<html>Sign in to the hotel</html>", 400, "message.not_compressed"),
        (pack({}), 400, "message.wrong_shape"),
        (pack({"protocol": 1, "store_id": 1, "cursor": 0}), 400, "message.wrong_shape"),
        (b"\0" * (REQUEST_BYTES_MAX + 1), 413, "message.too_large"),
    ],
)
def test_what_is_no_request_is_refused_with_a_code(
    client: FlaskClient, device: tuple[Tablet, str], body: bytes, status: int, code: str
) -> None:
    answer = send(client, device[0], body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(
        ["envelopes", "cursor", "epoch", "purged", "manifest", "confirm", "records_max", "oldest"]
    ),
    anything,
)
def test_no_request_makes_the_office_fail(
    client: FlaskClient, device: tuple[Tablet, str], name: str, value: Any
) -> None:
    asked = json.loads(canonical({"protocol": 2, "store_id": NOWHERE, "epoch": None, "cursor": 0}))
    try:
        body = pack({**asked, name: value})
    except (ValueError, UnicodeError):
        return
    assert send(client, device[0], body).status_code in {200, 400, 426}
