"""An independent tus client, not ours, brings photographs to the office over a line that is cut."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pytest
import requests
from sqlalchemy import select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader.uploader import Uploader

from field_client.loopback import LoopbackServer
from server.visits.tables import BlobRow
from shared.schemas import digest
from sync.blobs import BLOB_PATH, PART_BYTES
from tests.server.day import Day, Household
from tests.server.visits.forwarder import Forwarder, forwarding
from tests.server.visits.phones import Phone, kept, noisy, record

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def office(day: Day) -> Iterator[LoopbackServer]:
    server = LoopbackServer(day.app)
    server.start()
    yield server
    server.stop(grace_seconds=0)


@pytest.fixture
def line(office: LoopbackServer, phone: Phone) -> Iterator[Forwarder]:
    with forwarding(phone.tablet, office.port) as forwarder:
        yield forwarder


def uploader(line: Forwarder, body: bytes, name: str, **how: object) -> Uploader:
    client = TusClient(f"{line.address}{BLOB_PATH}")
    return client.uploader(
        file_stream=BytesIO(body),
        chunk_size=PART_BYTES,
        metadata={"photograph": name},
        retry_delay=0,
        upload_checksum=True,
        **how,
    )


def in_the_office(day: Day) -> bytes:
    with day.session() as session:
        return session.scalars(select(BlobRow.body)).one()


def test_it_brings_a_photograph_whole(day: Day, household: Household, line: Forwarder) -> None:
    body = noisy()
    name = record(day, household, body)
    uploader(line, body, name).upload()
    assert in_the_office(day) == body
    assert line.asked == ["POST"] + ["PATCH"] * -(-len(body) // PART_BYTES)


@pytest.mark.parametrize(
    "fate", ["is lost", "is cut", "is not answered", "is damaged", "comes twice"]
)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_it_goes_on_where_it_was_cut(
    day: Day, household: Household, line: Forwarder, fate: str, at: int
) -> None:
    body = noisy()
    assert 2 * PART_BYTES < len(body) <= 3 * PART_BYTES, "three parts, the last of them short"
    name = record(day, household, body)
    line.fates = ["arrives"] * at + [fate]
    uploader(line, body, name, retries=3).upload()
    assert in_the_office(day) == body
    assert kept(day) == ([name], 0)
    assert line.asked.count("HEAD") == 1


def test_another_one_goes_on_from_the_address_alone(
    day: Day, household: Household, line: Forwarder
) -> None:
    body = noisy()
    name = record(day, household, body)
    first = uploader(line, body, name)
    first.upload(stop_at=PART_BYTES)
    second = uploader(line, body, name, url=first.url)
    assert second.offset == PART_BYTES
    second.upload()
    assert in_the_office(day) == body
    assert line.asked.count("POST") == 1


def test_a_file_changed_between_two_halves_is_never_published(
    day: Day, household: Household, line: Forwarder
) -> None:
    before, after = noisy(), noisy()
    size = min(len(before), len(after))
    name = record(day, household, before[:size])
    first = uploader(line, before[:size], name)
    first.upload(stop_at=PART_BYTES)
    with pytest.raises(TusUploadFailed) as failed:
        uploader(line, after[:size], name, url=first.url).upload()
    assert failed.value.status_code == 460
    assert b"blob.damaged" in failed.value.response_content
    assert kept(day) == ([], 0)
    with pytest.raises(TusCommunicationError):
        uploader(line, before[:size], name, url=first.url)


def test_what_is_whole_already_is_not_sent_again(
    day: Day, household: Household, line: Forwarder
) -> None:
    body = noisy()
    name = record(day, household, body)
    uploader(line, body, name).upload()
    parts = line.asked.count("PATCH")
    again = uploader(line, body, name, retries=1)
    again.upload()
    assert line.asked.count("PATCH") == parts + 2, "one that is refused, and an empty one"
    assert in_the_office(day) == body


def test_it_can_only_bring_what_was_recorded(line: Forwarder) -> None:
    body = noisy()
    with pytest.raises(TusCommunicationError) as refused:
        uploader(line, body, digest(body)).upload()
    assert refused.value.status_code == 404


def test_a_client_that_asks_is_told_what_is_spoken(line: Forwarder) -> None:
    told = requests.options(f"{line.address}{BLOB_PATH}", timeout=10).headers
    assert told["Tus-Version"] == "1.0.0"
    assert "creation" in told["Tus-Extension"]
