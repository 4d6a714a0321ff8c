"""The office answers every envelope once, keeps what it cannot take, and lets nothing block a lane."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from field_client.vault import absorbing
from field_client.vault.execute import Saving
from server.cases.commands import CloseCase, UnassignCase
from server.spine.orders import Result
from server.sync_api.store import WrongVault
from shared.contacts import RecordPhoneNumber
from shared.schemas import canonical
from sync.protocol import GENESIS, Receipt, Reply, Request
from sync.wire import chain_hash
from tests.simulation.device import Device
from tests.sync.bench import Bench

LINES = "SELECT FROM change WHERE case_ids && :cases"


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device that has a case, and has read all of it."""
    found = bench.devices[0]
    bench.assign(found, 0)
    bench.sync(found)
    return found


def save(bench: Bench, device: Device, count: int = 1) -> list[bytes]:
    for _ in range(count):
        device.save([bench.visit(device.cases()[0])], bench.world.now)
    return device.store.waiting(100)


def send(bench: Bench, device: Device, envelopes: Sequence[bytes]) -> Reply:
    request = Request(
        store_id=device.store_id,
        epoch=None,
        cursor=device.store.cursor(),
        envelopes=tuple(envelopes),
    )
    return bench.answer(device, request)


def rewritten(written: bytes, **members: object) -> bytes:
    return canonical({**json.loads(written), **members})


def ended(reply: Reply) -> list[tuple[str, str | None]]:
    return [(receipt.outcome.value, receipt.code) for receipt in reply.receipts]


def visits(bench: Bench) -> int:
    return len(bench.watch.visits())


def kept_aside(bench: Bench, device: Device) -> list[str]:
    found = bench.watch.rows("SELECT code FROM set_aside WHERE store_id = :id", id=device.store_id)
    return [row.code for row in found]


def lines(bench: Bench) -> int:
    return len(bench.watch.rows(LINES, cases=bench.watch.cases))


def test_the_same_request_again_gets_the_same_answer_and_changes_nothing(
    bench: Bench, device: Device
) -> None:
    envelopes = save(bench, device, 3)
    first = send(bench, device, envelopes)
    before = lines(bench)

    again = send(bench, device, envelopes)

    assert again.receipts == first.receipts
    assert again.positions == first.positions
    assert visits(bench) == 3
    assert lines(bench) == before


def test_what_is_sent_beside_what_is_known_is_still_taken(bench: Bench, device: Device) -> None:
    first, second = save(bench, device, 2)
    send(bench, device, [first])

    assert ended(send(bench, device, [first, second])) == [("applied", None)] * 2


def test_a_command_out_of_its_turn_waits_for_the_one_before(bench: Bench, device: Device) -> None:
    first, second, third = save(bench, device, 3)

    assert send(bench, device, [second, third]).receipts == ()
    assert ended(send(bench, device, [third, first])) == [("applied", None)]
    assert ended(send(bench, device, [third, second])) == [("applied", None)] * 2
    assert visits(bench) == 3


def test_work_of_a_copied_vault_is_kept_aside_and_takes_no_ones_place(
    bench: Bench, device: Device
) -> None:
    first, second = save(bench, device, 2)
    forked = rewritten(second, prev=chain_hash(GENESIS, b"something else"), command_id=bench.ids())

    assert len(send(bench, device, [first]).receipts) == 1
    assert ended(send(bench, device, [forked])) == [("quarantined", "lane.forked")]
    assert kept_aside(bench, device) == ["lane.forked"], "at the head of the lane"
    assert ended(send(bench, device, [second])) == [("applied", None)]

    behind = rewritten(first, command_id=bench.ids())
    assert ended(send(bench, device, [behind])) == [("quarantined", "lane.forked")]
    assert kept_aside(bench, device) == ["lane.forked"] * 2, "behind the head of the lane"
    assert visits(bench) == 2


@pytest.mark.parametrize("written", [b"{}", b"[1]", b"\xff\xfe", b'{"a":1,"a":2}', b"[" * 5_000])
def test_bytes_that_are_no_envelope_are_kept_aside(
    bench: Bench, device: Device, written: bytes
) -> None:
    reply = send(bench, device, [*save(bench, device), written])

    assert ended(reply) == [("applied", None)]
    assert kept_aside(bench, device) == ["envelope.unreadable"]
    assert send(bench, device, [written]).receipts == ()
    assert kept_aside(bench, device) == ["envelope.unreadable"]


def test_an_envelope_of_another_vault_is_kept_aside(bench: Bench, device: Device) -> None:
    (written,) = save(bench, device)

    assert send(bench, device, [rewritten(written, store_id=bench.ids())]).receipts == ()
    assert kept_aside(bench, device) == ["envelope.unreadable"]
    assert visits(bench) == 0


def test_a_vault_that_belongs_to_another_device_is_turned_away(
    bench: Bench, device: Device
) -> None:
    other = bench.devices[1]
    with pytest.raises(WrongVault):
        bench.answer(other, Request(store_id=device.store_id, epoch=None, cursor=0))


def test_an_id_used_again_does_not_hold_up_what_stands_behind_it(
    bench: Bench, device: Device
) -> None:
    first, second, third = save(bench, device, 3)
    send(bench, device, [first])
    reused = rewritten(second, command_id=json.loads(first)["command_id"])
    after = rewritten(third, prev=chain_hash(json.loads(second)["prev"], reused))

    reply = send(bench, device, [reused, after])

    assert ended(reply) == [("quarantined", "command.id_reused"), ("applied", None)]
    assert kept_aside(bench, device) == ["command.id_reused"], "its content is not lost"
    assert ended(send(bench, device, [reused])) == [("quarantined", "command.id_reused")]
    assert visits(bench) == 2


@pytest.mark.proves("T36")
@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"name": "PlanVisit"}, "command.unknown"),
        ({"name": "Nothing"}, "command.unknown"),
        ({"body": {}}, "command.unreadable"),
        ({"body": {"visit_id": 1}}, "command.unreadable"),
        ({"case_id": "00000000-0000-4000-8000-000000000000"}, "command.unreadable"),
    ],
)
def test_a_command_the_office_cannot_read_is_set_aside_whole(
    bench: Bench, device: Device, members: dict[str, object], code: str
) -> None:
    first, second = save(bench, device, 2)
    strange = rewritten(first, **members)
    after = rewritten(second, prev=chain_hash(GENESIS, strange))

    reply = send(bench, device, [strange, after])

    assert ended(reply) == [("quarantined", code), ("applied", None)]
    (kept,) = bench.watch.rows(
        "SELECT body FROM command JOIN detail USING (detail_id) "
        "WHERE outcome = 'quarantined' AND store_id = :id",
        id=device.store_id,
    )
    assert bytes(kept.body) == strange


@pytest.mark.proves("T36")
def test_work_on_a_case_never_assigned_is_set_aside_whole(bench: Bench, device: Device) -> None:
    (written,) = save(bench, device)
    never = bench.world.cases[4].case_id
    body = {**json.loads(written)["body"], "case_id": never}

    reply = send(bench, device, [rewritten(written, case_id=never, body=body)])

    assert ended(reply) == [("quarantined", "authority.never_assigned")]
    assert visits(bench) == 0


def test_work_on_a_case_that_is_not_known_is_set_aside_whole(bench: Bench, device: Device) -> None:
    (written,) = save(bench, device)
    unknown = bench.ids()
    body = {**json.loads(written)["body"], "case_id": unknown}

    reply = send(bench, device, [rewritten(written, case_id=unknown, body=body)])

    assert ended(reply) == [("quarantined", "case.unknown")]


def test_work_of_someone_who_no_longer_goes_out_is_set_aside_whole(
    bench: Bench, device: Device
) -> None:
    (written,) = save(bench, device)
    request = Request(store_id=device.store_id, epoch=None, cursor=0, envelopes=(written,))
    nobody = replace(device.actor, permissions=frozenset())
    call = bench.office.conversation(request, nobody, bench.world.now, None)
    bench.office.go_on(call)

    assert ended(call.answer) == [("quarantined", "authority.lacking")]


@pytest.mark.parametrize("what", ["taken away", "closed"])
def test_late_work_is_recorded_and_flagged(bench: Bench, device: Device, what: str) -> None:
    (written,) = save(bench, device)
    case_id = device.cases()[0]
    if what == "closed":
        bench.ask(CloseCase(case_id=case_id))
    else:
        bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))

    reply = send(bench, device, [written])

    (receipt,) = reply.receipts
    assert receipt.outcome == "flagged"
    assert set(receipt.flags) >= {"visit.not_assigned", "late_work"}
    assert visits(bench) == 1


def test_work_after_the_device_had_learnt_is_recorded_but_is_no_late_work(
    bench: Bench, device: Device
) -> None:
    """The visit in hand may be finished; its device knew by then that the case was taken away."""
    case_id = device.cases()[0]
    with device.store.transaction() as connection:
        connection.execute("INSERT INTO draft VALUES ('d', ?, 'visit', '{}', '')", (case_id,))
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    bench.sync(device)
    (written,) = save(bench, device)

    (receipt,) = send(bench, device, [written]).receipts

    assert receipt.outcome == "flagged"
    assert receipt.flags == ("visit.not_assigned",)
    assert visits(bench) == 1


def test_work_of_whoever_has_the_case_is_not_late(bench: Bench, device: Device) -> None:
    (written,) = save(bench, device)
    bench.assign(bench.devices[1], 0)

    (receipt,) = send(bench, device, [written]).receipts

    assert receipt.flags == ()


def test_the_office_confirms_a_great_purge_and_keeps_that_it_was_asked(
    bench: Bench, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(absorbing, "PURGE_GUARD_CASES", 2)
    for number in (1, 2, 4):
        bench.assign(device, number)
    bench.sync(device)
    officer_id = device.officer.user_id
    bench.ask(*(UnassignCase(case_id=c, officer_id=officer_id) for c in device.cases()[:3]))

    first, second = bench.sync(device, watched=False)[:2]

    assert (first.confirmed, first.seal) == (None, "")
    assert second.confirmed is not None
    assert second.seal
    assert len(device.cases()) == 1
    (noted,) = bench.watch.rows(
        "SELECT kind, values FROM sync_defect WHERE store_id = :id", id=device.store_id
    )
    assert (noted.kind, noted.values) == ("purge.confirmed", {"cases": 3})


def test_a_group_with_one_refusal_is_refused_whole_and_says_which(
    bench: Bench, device: Device
) -> None:
    case_id = device.cases()[0]
    device.save(
        [bench.visit(case_id), _number(bench, case_id, bench.world.people[0])],
        bench.world.now,
        group=bench.ids(),
    )
    visit, number = device.store.waiting(100)
    stranger = json.loads(number)["body"] | {"person_id": bench.world.people[4]}

    reply = send(bench, device, [visit, rewritten(number, body=stranger)])

    assert ended(reply) == [
        ("refused", "command.group_refused"),
        ("refused", "person.not_on_case"),
    ]
    assert visits(bench) == 0


def _number(bench: Bench, case_id: str, person_id: str) -> Saving:
    command = RecordPhoneNumber(
        contact_id=bench.ids(), case_id=case_id, person_id=person_id, number="07700900982"
    )
    return Saving(command_id=bench.ids(), command=command)


def test_a_receipt_says_all_that_the_office_decided(bench: Bench, device: Device) -> None:
    (written,) = save(bench, device)
    bench.ask(CloseCase(case_id=device.cases()[0]))
    (receipt,) = send(bench, device, [written]).receipts
    (row,) = bench.watch.rows(
        "SELECT command_id::text, outcome, code, flags, commit_number, received_at "
        "FROM command WHERE store_id = :id",
        id=device.store_id,
    )

    assert receipt == Receipt(
        command_id=row.command_id,
        outcome=receipt.outcome,
        code=row.code,
        flags=tuple(row.flags),
        commit=row.commit_number,
        received_at=row.received_at.isoformat(),
        values={},
    )
    assert receipt.outcome == row.outcome


def test_results_name_no_command_twice(bench: Bench) -> None:
    order = bench.orders(CloseCase(case_id=bench.world.cases[0].case_id))
    results: list[Result] = bench.office.door.execute_many(order * 2, now=bench.world.now)

    assert [result.outcome for result in results] == ["applied", "applied"]
    assert len(bench.watch.rows(f"{LINES} AND name = 'CaseClosed'", cases=bench.watch.cases)) == 1
