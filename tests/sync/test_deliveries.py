"""However envelopes and replies travel, and whatever they carry besides, both ends hold the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from field_client.vault.pending import case_view
from shared.schemas import canonical
from sync.protocol import (
    ENVELOPE_BYTES_MAX,
    ENVELOPES_MAX,
    GROUP_BYTES_MAX,
    REQUEST_BYTES_MAX,
    WAITING_BYTES_AIM,
    Reply,
    Request,
)
from sync.wire import chain_hash, pack, read_reply, read_request, unpack, write_reply, write_request
from tests.simulation.device import Device
from tests.sync.bench import Bench
from tests.sync.messages import anything, often, replies, requests, texts

few = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""For what needs an office; each example goes on where the one before has ended."""


@dataclass(frozen=True)
class Trip:
    """One request: what is in it, in which order, and what becomes of the reply."""

    carries: tuple[int, ...]
    reply: str


trips = st.lists(
    st.builds(
        Trip,
        carries=st.lists(st.integers(0, 5), max_size=7).map(tuple),
        reply=st.sampled_from(("arrives", "is lost", "comes late", "comes twice")),
    ),
    max_size=5,
)


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has a case, and has read all of it."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


def over_the_wire(bench: Bench, device: Device, envelopes: Sequence[bytes]) -> Reply:
    """Ask the office as a device does, through bytes both ways."""
    request = Request(
        store_id=device.store_id,
        epoch=device.store.epoch(),
        cursor=device.store.cursor(),
        envelopes=tuple(envelopes),
    )
    reply = bench.answer(device, read_request(write_request(request)))
    return read_reply(write_reply(reply))


def saved_at_the_office(bench: Bench, device: Device) -> list[tuple[int, str, str, str]]:
    """List every command of a vault as the office has it, with the lines it made in the log."""
    rows = bench.watch.rows(
        "SELECT seq, command_id::text, outcome, "
        "(SELECT string_agg(name, ' ' ORDER BY position) FROM change "
        " WHERE change.command_id = command.command_id) AS made "
        "FROM command WHERE store_id = :store ORDER BY seq",
        store=device.store_id,
    )
    return [tuple(row) for row in rows]


def the_log(bench: Bench, device: Device) -> list[str]:
    """List the vault's commands in the order in which the office took them."""
    rows = bench.watch.rows(
        "SELECT command_id::text FROM change JOIN command USING (command_id) "
        "WHERE store_id = :store ORDER BY change_id",
        store=device.store_id,
    )
    return [row.command_id for row in rows]


@few
@given(kept=st.integers(1, 6), trips=trips)
def test_every_delivery_ends_in_the_same_state(
    bench: Bench, device: Device, kept: int, trips: list[Trip]
) -> None:
    """In any order, some of it missing, some of it again, and replies lost or late."""
    for _visit in range(kept):
        device.save([bench.visit(device.cases()[0])], bench.world.now)
    envelopes = device.store.waiting(100)
    late: list[Reply] = []
    for trip in trips:
        reply = over_the_wire(bench, device, [envelopes[n] for n in trip.carries if n < kept])
        for _arrival in range({"arrives": 1, "comes twice": 2}.get(trip.reply, 0)):
            device.store.absorb(reply)
        late.extend([reply] if trip.reply == "comes late" else [])
        bench.watch.device_holds(device)
    for reply in reversed(late):
        device.store.absorb(reply)
        bench.watch.device_holds(device)
    bench.sync(device)

    saved = [each.command_id for each in device.saved]
    assert saved_at_the_office(bench, device) == [
        (seq, command_id, "applied", "VisitRecorded")
        for seq, command_id in enumerate(saved, start=1)
    ]
    assert the_log(bench, device) == saved, "in the order in which they were saved"
    assert device.store.waiting(100) == []
    assert device.store.rows("SELECT DISTINCT outcome FROM outbox") == [("applied",)]
    shown = case_view(device.store, device.officer.user_id, device.cases()[0])
    assert shown is not None
    assert len(shown.of("visit")) == len(saved)
    assert not any(visit.get("pending") for visit in shown.of("visit").values())
    assert not bench.watch.rows("SELECT FROM set_aside WHERE store_id = :id", id=device.store_id)


# What a newer version adds


def _is_json(value: object) -> bool:
    try:
        canonical(value)
    except ValueError:
        return False
    return True


added = st.dictionaries(
    texts.map(lambda name: f"newer-{name}"),
    anything.filter(_is_json),
    min_size=1,
    max_size=2,
)
"""Members that no version of today knows."""


def with_more(value: Any, more: dict[str, Any]) -> Any:
    """Add members to every object of a message, however deep, but to those that name what is in them."""
    if isinstance(value, list):
        return [with_more(item, more) for item in value]
    if not isinstance(value, dict):
        return value
    inside = {
        name: item if name in {"values", "positions"} else with_more(item, more)
        for name, item in value.items()
    }
    return {**inside, **more}


@often
@given(requests, added)
def test_a_request_of_a_newer_version_says_the_same(request: Request, more: dict[str, Any]) -> None:
    assert read_request(pack(with_more(unpack(write_request(request)), more))) == request


@often
@given(replies, added)
def test_a_reply_of_a_newer_version_says_the_same(reply: Reply, more: dict[str, Any]) -> None:
    read = read_reply(pack(with_more(unpack(write_reply(reply)), more)))
    # What a receipt says is sealed by the office, so its unknown members are kept beside it.
    kept = tuple(replace(receipt, more={**receipt.more, **more}) for receipt in reply.receipts)
    assert read == replace(reply, receipts=kept)


@few
@given(more=added)
def test_the_office_keeps_an_envelope_of_a_newer_version_byte_for_byte(
    bench: Bench, device: Device, more: dict[str, Any]
) -> None:
    device.save([bench.visit(device.cases()[0])], bench.world.now)
    (written,) = device.store.waiting(100)
    newer = canonical({**json.loads(written), **more})
    _rewrite(device, written, newer)

    bench.sync(device)

    command_id = json.loads(written)["command_id"]
    assert device.store.rows("SELECT outcome FROM outbox WHERE command_id = ?", (command_id,)) == [
        ("applied",)
    ]
    ((body,),) = bench.watch.rows(
        "SELECT body FROM detail JOIN command USING (detail_id) WHERE command_id = :id",
        id=command_id,
    )
    assert bytes(body) == newer


def _rewrite(device: Device, written: bytes, newer: bytes) -> None:
    """Have the latest envelope be one that a newer program wrote."""
    at = json.loads(written)
    with device.store.transaction() as connection:
        connection.execute(
            "UPDATE outbox SET written = ?, hash = ? WHERE command_id = ?",
            (newer, chain_hash(at["prev"], newer), at["command_id"]),
        )


@few
@given(more=added)
def test_the_vault_keeps_records_of_a_newer_version_byte_for_byte(
    bench: Bench, device: Device, more: dict[str, Any]
) -> None:
    """What this version does not know is there for the next one, and in nobody's way until then."""
    reply = over_the_wire(bench, device, [])
    case_id = device.cases()[0]
    ((view, body),) = device.store.rows("SELECT view, body FROM record WHERE kind = 'case'")
    at = {"case_id": case_id, "view": view, "commit": reply.page.end}
    newer = canonical({**json.loads(body), **more}).decode()
    unknown = canonical(more).decode()
    message = {
        **asdict(reply),
        "page": {
            **asdict(reply.page),
            "records": [
                {**at, "kind": "case", "record_id": case_id, "body": newer},
                {**at, "kind": "newer", "record_id": bench.ids(), "body": unknown},
            ],
        },
    }
    device.store.absorb(read_reply(pack(message)))

    held = device.store.rows("SELECT body FROM record WHERE kind IN ('case', 'newer')")
    assert (newer,) in held
    assert (unknown,) in held
    shown = case_view(device.store, device.officer.user_id, case_id)
    assert shown is not None
    assert case_id in shown.of("case")


# Sizes

lengthy = st.builds(
    lambda sign, count: sign * count,
    st.sampled_from(("a", '"', "\\", "\n", "Ŵ", "\U0001f6aa")),
    st.sampled_from((0, 1, 1_000, 4_000)),
)
"""Notes, some of them of letters that grow when they are written down."""


@settings(few, max_examples=10)
@given(groups=st.lists(st.lists(lengthy, min_size=1, max_size=3), min_size=1, max_size=4))
def test_whatever_is_written_goes_out_in_requests_of_a_bounded_size(
    bench: Bench, device: Device, groups: list[list[str]]
) -> None:
    for together in groups:
        savings = [bench.visit(device.cases()[0], notes) for notes in together]
        device.save(savings, bench.world.now, group=bench.ids())
    for _request in groups:
        waiting = device.store.waiting(2)
        if waiting:
            assert_bounded(device, waiting)
            device.store.absorb(over_the_wire(bench, device, waiting))
    assert device.store.waiting(2) == [], (
        "a group a request, so as many requests as groups are enough"
    )


@often
@given(st.sampled_from(('"', "\\", "\n", "\U0001f6aa")), st.integers(1, ENVELOPES_MAX))
def test_the_largest_group_fits_into_a_request_whatever_its_letters(sign: str, count: int) -> None:
    """Envelopes are text within text, so that their quotation marks are written twice over."""
    each = min(GROUP_BYTES_MAX // count, ENVELOPE_BYTES_MAX) - len('{"":""}')
    words = sign * (each // len(json.dumps(sign, ensure_ascii=False).encode()))
    request = Request(
        store_id="22222222-2222-4222-8222-222222222222",
        epoch=None,
        cursor=0,
        envelopes=(canonical({"": words}),) * count,
    )
    assert read_request(write_request(request)) == request


def assert_bounded(device: Device, waiting: Sequence[bytes]) -> None:
    request = Request(store_id=device.store_id, epoch=None, cursor=0, envelopes=tuple(waiting))
    written = write_request(request)
    assert len(waiting) <= ENVELOPES_MAX
    assert sum(map(len, waiting)) <= WAITING_BYTES_AIM
    assert max(map(len, waiting)) <= ENVELOPE_BYTES_MAX
    assert len(written) <= REQUEST_BYTES_MAX
