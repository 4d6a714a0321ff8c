"""One flipped bit anywhere in a signed request is refused, and the office has recorded nothing of it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from server.access.tables import SetAsideRow
from server.spine import clock
from server.spine.tables import CommandRow
from sync.protocol import SYNC_PATH, Request
from sync.wire import write_request
from tests.server.access.conftest import Office
from tests.server.access.tablet import Tablet, enrolled
from tests.server.sync_api.test_screens import envelope

pytestmark = pytest.mark.proves("T34")

SIGNED = ("Content-Digest", "Signature", "Signature-Input")


@pytest.fixture
def client(office: Office) -> FlaskClient:
    return office.app.test_client()


@pytest.fixture
def tablet(office: Office) -> Tablet:
    return enrolled(office, office.person("amina", "officer"))[0]


def flipped(data: bytes, bit: int) -> bytes:
    at, which = divmod(bit % (len(data) * 8), 8)
    return data[:at] + bytes([data[at] ^ 1 << which]) + data[at + 1 :]


def recorded(office: Office) -> int:
    with office.session() as session:
        counted = [
            session.scalar(select(func.count()).select_from(table))
            for table in (CommandRow, SetAsideRow)
        ]
    return sum(number or 0 for number in counted)


few = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def a_request() -> bytes:
    store_id = clock.new_id()
    asked = Request(store_id=store_id, epoch=None, cursor=0, envelopes=(envelope(store_id),))
    return write_request(asked)


@few
@given(bit=st.integers(0, 100_000))
def test_a_flipped_bit_in_what_was_sent_is_refused(
    office: Office, client: FlaskClient, tablet: Tablet, bit: int
) -> None:
    body, before = a_request(), recorded(office)
    headers = tablet.signed(SYNC_PATH, body)
    answer = client.post(SYNC_PATH, data=flipped(body, bit), headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (401, "signature.digest")
    assert recorded(office) == before


@few
@given(name=st.sampled_from(SIGNED), bit=st.integers(0, 100_000))
def test_a_flipped_bit_in_what_was_signed_is_refused(
    office: Office, client: FlaskClient, tablet: Tablet, name: str, bit: int
) -> None:
    body, before = a_request(), recorded(office)
    headers = tablet.signed(SYNC_PATH, body)
    wrong = flipped(headers[name].encode(), bit).decode("latin-1")
    if not wrong.isprintable():
        return
    answer = client.post(SYNC_PATH, data=body, headers={**headers, name: wrong})
    assert answer.status_code in {400, 401}
    assert recorded(office) == before


def test_what_was_not_flipped_is_taken(office: Office, client: FlaskClient, tablet: Tablet) -> None:
    body, before = a_request(), recorded(office)
    assert tablet.post(client, SYNC_PATH, body).status_code == 200
    assert recorded(office) == before + 1
