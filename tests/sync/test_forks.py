"""A vault that was copied, or put back as it once was, numbers its work anew and goes on by itself."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from field_client.vault.execute import Saving
from shared.commands import Lane
from shared.markers import AddMarker
from shared.schemas import canonical, digest
from sync.protocol import Request
from sync.session import request_of
from sync.wire import chain_hash, read_envelope
from tests.simulation.device import Device
from tests.sync.bench import Bench

pytestmark = pytest.mark.proves("T45")


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has a case and one visit which the office has."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    bench.save(found)
    bench.sync(found)
    return found


@pytest.fixture
def copy_of() -> Iterator[Callable[[Device], Device]]:
    """Copy a vault's files, as somebody does who copies a folder or puts one back."""
    made: list[Device] = []

    def copy(device: Device) -> Device:
        twin = device.copied(f"copy {len(made)}", device.store_id)
        made.append(twin)
        return twin

    yield copy
    for twin in made:
        twin.store.close()


def warn(bench: Bench, device: Device) -> str:
    """Save something urgent; give the id of its command."""
    case_id = device.cases()[0]
    command_id = bench.ids()
    marker = AddMarker(
        marker_id=bench.ids(),
        case_id=case_id,
        person_id=bench.world.people[0],
        kind="dangerous_dog",
        note="At the gate",
    )
    assert device.save([Saving(command_id=command_id, command=marker)], bench.world.now)
    return command_id


def ended(device: Device) -> dict[str, str | None]:
    return dict(device.store.rows("SELECT command_id, outcome FROM outbox"))


def once(bench: Bench, *command_ids: str) -> None:
    """See that each command is at the office once, applied."""
    rows = bench.watch.rows(
        "SELECT command_id::text, outcome, (SELECT count(*) FROM change c "
        "WHERE c.command_id = command.command_id) AS lines FROM command "
        "WHERE command_id = ANY(:ids)",
        ids=sorted(command_ids),
    )
    assert {(row.command_id, row.outcome, row.lines) for row in rows} == {
        (command_id, "applied", 1) for command_id in command_ids
    }


def aside(bench: Bench, *devices: Device) -> list[str]:
    names = sorted({device.store.store_id() for device in devices} | {devices[0].store_id})
    rows = bench.watch.rows("SELECT code FROM set_aside WHERE store_id = ANY(:ids)", ids=names)
    return [row.code for row in rows]


def test_both_copies_of_a_copied_vault_go_on_working(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    name = device.store.store_id()
    saved = bench.save(device)
    bench.sync(device)
    saved += bench.save(twin, 3)
    bench.sync(twin, watched=False)

    assert set(ended(twin).values()) == {"applied"}, "at once, in one sync"
    assert device.store.store_id() == name
    assert twin.store.store_id() != name
    for _ in range(2):
        for each in (device, twin):
            saved += bench.save(each)
            bench.sync(each, watched=False)
            assert set(ended(each).values()) == {"applied"}
    once(bench, *saved)
    assert device.store.store_id() == name
    assert "lane.forked" in {kind for kind, _times, _last in twin.store.defects()}


def test_the_reply_tells_the_device_so_and_the_office_keeps_the_bytes(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    bench.save(device, 2)
    bench.sync(device)
    first, second = bench.save(twin, 2)

    reply = bench.answer(twin, request_of(twin.store.copy()))

    assert [(r.command_id, r.outcome, r.code) for r in reply.receipts] == [
        (first, "quarantined", "lane.forked"),
        (second, "quarantined", "lane.forked"),
    ]
    assert reply.seal
    assert aside(bench, twin) == ["lane.forked"] * 2
    (noted,) = bench.watch.rows(
        "SELECT kind, values FROM sync_defect WHERE store_id = :id", id=twin.store.store_id()
    )
    assert (noted.kind, noted.values) == ("lane.forked", {"commands": 2})
    bench.answer(twin, request_of(twin.store.copy()))
    assert aside(bench, twin) == ["lane.forked"] * 2, "asking again adds nothing"


def test_work_that_was_on_both_copies_has_one_effect(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    shared_work = [*bench.save(device, 2), warn(bench, device)]
    twin = copy_of(device)
    ours = bench.save(device)
    bench.sync(device)
    theirs = bench.save(twin)

    bench.sync(twin, watched=False)

    assert set(ended(twin).values()) == {"applied"}
    once(bench, *shared_work, *ours, *theirs)


def test_work_numbered_anew_in_one_lane_that_the_other_copy_has_sent_is_known(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    """The fork shows in the urgent lane first; the ordinary work is numbered anew all the same."""
    both = bench.save(device, 3)
    twin = copy_of(device)
    warned = warn(bench, device)
    bench.sync(device)
    theirs = [warn(bench, twin), *bench.save(twin)]

    bench.sync(twin, envelopes_max=1, watched=False)

    assert twin.store.store_id() != device.store.store_id()
    assert set(ended(twin).values()) == {"applied"}
    once(bench, *both, warned, *theirs)
    theirs += bench.save(twin)
    bench.sync(twin, watched=False)
    once(bench, *both, warned, *theirs)


def test_a_vault_put_back_with_nothing_to_send_is_named_anew_before_it_sends_anything(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    bench.save(device, 2)
    bench.sync(device)

    bench.sync(twin, watched=False)
    assert twin.store.store_id() != device.store.store_id()
    saved = bench.save(twin)
    bench.sync(twin, watched=False)

    once(bench, *saved)
    assert aside(bench, twin) == []


def test_what_is_numbered_anew_keeps_the_bytes_it_was_first_written_as(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    bench.save(device)
    bench.sync(device)
    (command_id,) = bench.save(twin)
    (before,) = twin.store.waiting(1)

    twin.store.renumber(bench.ids())
    twin.store.renumber(bench.ids())

    (after,) = twin.store.waiting(1)
    was, now = json.loads(before), json.loads(after)
    assert now.pop("first") == digest(before)
    assert (now["store_id"], now["seq"]) == (twin.store.store_id(), 1)
    assert {**now, **{name: was[name] for name in ("store_id", "seq", "prev")}} == was
    kept = twin.store.rows(
        "SELECT written FROM former_envelope WHERE command_id = ?", (command_id,)
    )
    assert len(kept) == 2
    assert (before,) in kept
    assert read_envelope(after).identity == read_envelope(before).identity == digest(before)


def test_lanes_keep_their_order_and_their_chain_when_they_are_numbered_anew(
    bench: Bench, device: Device
) -> None:
    saved = bench.save(device, 2)
    urgent = warn(bench, device)
    saved += bench.save(device)

    device.store.renumber(bench.ids())

    envelopes = [read_envelope(written) for written in device.store.waiting(9)]
    assert [e.command_id for e in envelopes] == [urgent, *saved]
    assert [e.seq for e in envelopes] == [1, 1, 2, 3]
    for one, other in itertools.pairwise(envelopes[1:]):
        assert other.prev == chain_hash(one.prev, one.written)
    assert device.store.lane_head(Lane.ORDINARY).seq == 3


def test_a_device_stopped_before_it_could_number_anew_does_so_first_thing(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    bench.save(device)
    bench.sync(device)
    (command_id,) = bench.save(twin)
    reply = bench.answer(twin, request_of(twin.store.copy()))
    assert twin.is_sealed(reply)
    assert twin.absorb(reply, twin.read_clock(), sealed=True).forked
    twin.die()
    assert twin.store.copy().forked

    replies = bench.sync(twin, watched=False)

    assert all(r.code is None for reply in replies for r in reply.receipts)
    assert not twin.store.copy().forked
    once(bench, command_id)


def test_what_comes_late_to_the_earlier_name_changes_nothing(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    twin = copy_of(device)
    bench.save(device)
    bench.sync(device)
    bench.save(twin)
    late = bench.answer(twin, request_of(twin.store.copy()))
    bench.sync(twin, watched=False)
    name, before = twin.store.store_id(), ended(twin)

    twin.store.absorb(late)

    assert late.store_id not in {None, name}
    assert (twin.store.store_id(), ended(twin)) == (name, before)
    assert not twin.store.copy().forked


def test_of_two_that_take_one_number_at_one_moment_one_is_told_to_ask_again(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    """The number is read once more in the transaction that takes it, under the lane's lock."""
    twin = copy_of(device)
    ours, theirs = bench.save(device), bench.save(twin)
    late = [read_envelope(written) for written in twin.store.waiting(1)]
    office = bench.office.store(twin.actor, bench.world.now)
    assert office.hear(twin.store_id, theirs).positions[Lane.ORDINARY].seq == late[0].seq - 1
    bench.sync(device)

    assert office.accept(late) == ()

    assert aside(bench, twin) == []
    once(bench, *ours)
    bench.sync(twin, watched=False)
    once(bench, *ours, *theirs)


def test_an_id_used_again_for_something_else_is_not_excused_by_a_first_writing(
    bench: Bench, device: Device
) -> None:
    (known, other) = bench.save(device, 2)
    first, second = device.store.waiting(2)
    bench.sync(device)
    strange = canonical({**json.loads(second), "command_id": known, "first": digest(second)})

    reply = bench.answer(
        device,
        Request(store_id=device.store_id, epoch=None, cursor=0, envelopes=(strange,)),
    )

    assert [(r.command_id, r.code) for r in reply.receipts] == [(known, "command.id_reused")]
    once(bench, known, other)
    assert first


def test_an_older_device_is_told_that_the_office_holds_it(
    bench: Bench, device: Device, copy_of: Callable[[Device], Device]
) -> None:
    """One that knows no numbering anew takes the receipt as it stands and goes on to the next."""
    twin = copy_of(device)
    bench.save(device, 2)
    bench.sync(device)
    bench.save(twin, 3)

    reply = bench.answer(twin, replace(request_of(twin.store.copy()), protocol=1))

    assert [r.code for r in reply.receipts] == ["lane.forked"] * 3
    assert reply.protocol == 1
