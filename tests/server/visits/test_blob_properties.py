"""Whatever a device and its line do, the office keeps the very photograph that was recorded or none."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.visits.tables import BlobRow
from shared.schemas import digest
from sync.blob_session import Answered, Ending, Sending
from tests.server.day import Day, Household
from tests.server.visits.phones import Phone, kept, phone_of, record
from tests.server.visits.pictures import jpeg

PIECES = 6


@pytest.fixture
def numbers() -> list[int]:
    """Count the examples, because each needs a photograph of its own."""
    return []


a_step = st.one_of(
    st.tuples(
        st.just("part"),
        st.integers(0, PIECES - 1),
        st.integers(1, PIECES),
        st.sampled_from(["before", "after"]),
    ),
    st.tuples(st.sampled_from(["begin", "give up", "go on", "go on edited"])),
)

quickly = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quickly
@given(steps=st.lists(a_step, max_size=14))
def test_any_order_of_cuts_edits_and_repeats_gives_the_very_photograph_or_none(
    day: Day, household: Household, phone: Phone, numbers: list[int], steps: list[tuple[Any, ...]]
) -> None:
    numbers.append(1)
    before, after = jpeg("red", (200 + len(numbers), 160)), jpeg("blue", (200 + len(numbers), 160))
    after = after[: len(before)].ljust(len(before), b"\0")
    name = record(day, household, before)
    where = phone.begin(name, len(before)).headers["Location"]
    piece = -(-len(before) // PIECES)
    for kind, *more in steps:
        if kind == "begin":
            where = phone.begin(name, len(before)).headers["Location"]
        elif kind == "give up":
            phone.ask("DELETE", where)
        elif kind == "part":
            start, length, version = more
            body = before if version == "before" else after
            phone.part(where, start * piece, body[start * piece : (start + length) * piece])
        else:
            said = phone.ask("HEAD", where)
            start = int(said.headers.get("Upload-Offset", 0))
            body = after if kind == "go on edited" else before
            phone.part(where, start, body[start : start + piece])
        with day.session() as session:
            found = session.scalar(select(BlobRow.body).where(BlobRow.digest == name))
        assert found in {None, before}
    assert phone.deliver(name, before) == len(before)
    assert name in kept(day)[0]
    assert kept(day)[1] == 0


@quickly
@given(
    fates=st.lists(
        st.sampled_from(["arrives", "is lost", "is not answered", "comes twice", "is edited"]),
        max_size=12,
    )
)
def test_our_own_device_brings_it_through_any_line(
    day: Day, household: Household, phone: Phone, numbers: list[int], fates: list[str]
) -> None:
    numbers.append(1)
    body = jpeg("green", (200 + len(numbers), 160))
    name = record(day, household, body)
    assert digest(body) == name
    address: str | None = None
    ending: Ending | None = None
    for _sync in range(len(fates) + 2):
        fate = ""

        def read(start: int, length: int) -> bytes:
            whole = bytes(len(body)) if fate == "is edited" else body  # noqa: B023 - of this moment
            return whole[start : start + min(length, 700)]

        upload = Sending(photograph_id=name, size_bytes=len(body), read=read, address=address)
        while True:
            fate = fates.pop(0) if fates else "arrives"
            asking = upload.next()
            if asking is None or fate == "is lost":
                break
            said = dict(asking.headers)
            answer = phone.ask(asking.method, asking.path, asking.body, **said)
            assert answer.status_code < 500
            if fate == "comes twice":
                phone.ask(asking.method, asking.path, asking.body, **said)
            if fate == "is not answered":
                break
            upload.take(Answered(status=answer.status_code, headers=dict(answer.headers)))
        address, ending = upload.address, upload.ending
        if ending is Ending.ARRIVED:
            break
    assert ending is Ending.ARRIVED
    with day.session() as session:
        assert session.scalar(select(BlobRow.body).where(BlobRow.digest == name)) == body


def test_of_many_that_send_one_part_at_once_one_is_taken(
    day: Day, household: Household, phone: Phone
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    where = phone.begin(name, len(body)).headers["Location"]
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(phone.part, where, 0, body[:200]) for _each in range(6)]
    statuses = sorted(each.result().status_code for each in asked)
    assert statuses == [204, 409, 409, 409, 409, 409]
    assert phone.where(where) == 200


def test_devices_that_bring_one_photograph_at_once_keep_it_once(
    day: Day, household: Household
) -> None:
    body = jpeg("red")
    name = record(day, household, body)
    phones = [phone_of(day, day.amina) for _each in range(4)]
    with ThreadPoolExecutor(4) as pool:
        brought = [pool.submit(each.deliver, name, body) for each in phones]
    assert [each.result() for each in brought] == [len(body)] * 4
    assert kept(day) == ([name], 0)
