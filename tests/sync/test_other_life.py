"""An office restored from a backup is given again what it lost, and nothing on a device is dropped."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from field_client.vault.execute import Saving
from server.app import house
from server.cases.commands import UnassignCase
from server.spine.postgres import EmbeddedPostgres
from shared.photographs import RecordPhotograph
from shared.schemas import digest
from shared.visits import RecordVisit
from sync.protocol import Position
from sync.session import request_of
from tests.simulation import ends
from tests.simulation.device import Device
from tests.simulation.office import Office, listen
from tests.simulation.on_postgres import OnPostgres
from tests.simulation.run import create_database
from tests.sync.bench import Bench

_copies = itertools.count(1)

Restore = Callable[[], None]


@pytest.fixture
def back_up(
    bench: Bench, books: OnPostgres, postgres: EmbeddedPostgres
) -> Iterator[Callable[..., Restore]]:
    """Copy the office's database as it stands; what comes of it puts that copy in its place."""
    opened: list[OnPostgres] = []

    def take(*, epoch: bool = True) -> Restore:
        name = f"sync_copy_{os.getpid()}_{next(_copies)}"
        books.dispose()
        create_database(postgres.url("fieldfare"), name, template=f"sync_{os.getpid()}")

        def restore() -> None:
            restored = OnPostgres(postgres.url(name))
            listen(restored.office)
            opened.append(restored)
            if epoch:
                with restored.watch.begin() as connection:
                    connection.execute(text("UPDATE sync_head SET epoch = gen_random_uuid()"))
            bench.office = Office(restored, house())
            bench.watch.engine = restored.watch

        return restore

    yield take
    bench.watch.engine = books.watch
    for each in opened:
        each.dispose()


@pytest.fixture
def device(bench: Bench) -> Device:
    """Give a device with two cases and one visit that the office has."""
    found = bench.devices[0]
    for number in (0, 4):
        bench.assign(found, number)
    bench.sync(found)
    bench.save(found)
    bench.sync(found)
    return found


def outcomes(device: Device) -> list[str | None]:
    return [row[0] for row in device.store.rows("SELECT outcome FROM outbox ORDER BY seq")]


def noticed(device: Device) -> set[str]:
    return {kind for kind, _times, _at in device.store.defects()}


def quiet(bench: Bench, device: Device) -> None:
    """Sync until nothing is left to say, then see that both hold the same."""
    for _ in range(4):
        bench.sync(device, watched=False)
    assert device.store.copy().manifest is None
    ends.same_scope(bench.watch, device)
    ends.receipts_agree(bench.watch, device)


@pytest.mark.parametrize("epoch", [True, False])
def test_what_was_answered_after_the_backup_is_offered_again(
    bench: Bench, device: Device, back_up: Callable[..., Restore], *, epoch: bool
) -> None:
    restore = back_up(epoch=epoch)
    bench.save(device, 3)
    bench.sync(device)
    assert len(bench.watch.visits()) == 4

    restore()
    assert len(bench.watch.visits()) == 1
    quiet(bench, device)

    assert len(bench.watch.visits()) == 4
    assert outcomes(device) == ["applied"] * 4
    assert "lane.rewound" in noticed(device)
    assert ("epoch.changed" in noticed(device)) == epoch
    assert "lane.forked" not in noticed(device)


def test_what_was_never_sent_is_sent_after_what_was_lost(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    restore = back_up()
    bench.save(device)
    bench.sync(device)
    bench.save(device, 2)
    restore()
    quiet(bench, device)
    assert len(bench.watch.visits()) == 4
    assert outcomes(device) == ["applied"] * 4


def test_a_photograph_waits_for_its_visit_under_another_name_as_well(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    """Under its new name a copied vault's numbers begin anew, so no number says that a visit is lacking."""
    restore = back_up()
    visit = bench.visit(device.cases()[0])
    device.save([visit], bench.world.now)
    bench.sync(device)
    device.store.renumber(bench.ids())
    bench.sync(device)
    restore()
    assert isinstance(visit.command, RecordVisit)
    body = b"a door"
    photograph = RecordPhotograph(
        photograph_id=digest(body),
        visit_id=visit.command.visit_id,
        case_id=visit.command.case_id,
        purpose="premises",
        size_bytes=len(body),
    )
    device.save(
        [Saving(command_id=bench.ids(), command=photograph)],
        bench.world.now,
        photographs=[(photograph.photograph_id, photograph.visit_id, photograph.case_id, body)],
    )

    assert bench.answer(device, request_of(device.store.copy())).receipts == (), "told first"
    quiet(bench, device)
    assert outcomes(device) == ["applied"] * 3


def test_records_of_the_other_life_go_and_those_of_this_one_come(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    """A case taken away after the backup comes back, one given after it goes again."""
    kept, lost = device.cases()[0], device.cases()[1]
    restore = back_up()
    bench.ask(UnassignCase(case_id=lost, officer_id=device.officer.user_id))
    given = bench.assign(device, 5)
    bench.sync(device)
    assert set(device.cases()) == {kept, given}

    restore()
    quiet(bench, device)

    assert set(device.cases()) == {kept, lost}


@pytest.mark.parametrize("when", ["before the backup", "after it, and again in this life"])
def test_an_erasure_that_the_restored_office_forgot_is_told_again(
    bench: Bench, device: Device, back_up: Callable[..., Restore], when: str
) -> None:
    """Or that office would say for ever that a case is still on a device that has nothing of it."""
    case_id = device.cases()[0]
    take_away = UnassignCase(case_id=case_id, officer_id=device.officer.user_id)
    if when == "before the backup":
        bench.ask(take_away)
        restore = back_up()
    else:
        restore = back_up()
        bench.ask(take_away)
    bench.sync(device)
    assert bench.erasures(device) == [case_id]

    restore()
    assert bench.erasures(device) == []
    if when != "before the backup":
        bench.ask(take_away)
    quiet(bench, device)

    assert bench.erasures(device) == [case_id]
    assert device.store.purged() == []


def test_a_vault_that_this_life_never_heard_says_again_what_it_erased(
    bench: Bench, back_up: Callable[..., Restore]
) -> None:
    device = bench.devices[0]
    case_id = bench.assign(device, 0)
    take_away = UnassignCase(case_id=case_id, officer_id=device.officer.user_id)
    restore = back_up()
    bench.sync(device)
    bench.ask(take_away)
    bench.sync(device)
    assert bench.erasures(device) == [case_id]

    restore()
    bench.ask(take_away)
    quiet(bench, device)

    assert bench.erasures(device) == [case_id]


def test_a_case_on_its_way_off_in_the_other_life_stays_if_this_one_has_it(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    case_id = device.cases()[0]
    restore = back_up()
    bench.ask(UnassignCase(case_id=case_id, officer_id=device.officer.user_id))
    with device.store.transaction() as connection:
        connection.execute("INSERT INTO draft VALUES ('d', ?, 'visit', '{}', '')", (case_id,))
    bench.sync(device)
    restore()
    bench.sync(device, watched=False)
    with device.store.transaction() as connection:
        connection.execute("DELETE FROM draft")
    quiet(bench, device)
    assert case_id in device.cases()


def test_an_office_that_is_the_same_after_all_sends_nothing_again(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    back_up()()
    replies = bench.sync(device, watched=False)
    assert [len(reply.page.records) for reply in replies] == [0, 0]
    assert noticed(device) == {"epoch.changed"}


def test_a_late_word_of_the_other_life_says_nothing(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    restore = back_up()
    bench.save(device)
    late = bench.answer(device, request_of(device.store.copy()))
    restore()
    bench.sync(device, watched=False)
    cursor = device.store.cursor()

    assert device.store.absorb(late).receipts == 0
    assert device.store.cursor() == cursor
    quiet(bench, device)


def test_of_two_copies_neither_loses_what_the_restored_office_forgot(
    bench: Bench, device: Device, back_up: Callable[..., Restore]
) -> None:
    """The first to speak gives numbers to its own work that the other's answered work had as well."""
    restore = back_up()
    twin = device.copied("twin", device.store_id)
    bench.save(twin, 2)
    bench.sync(twin)
    bench.save(device, 3)
    restore()
    bench.sync(device, watched=False)
    assert len(bench.watch.visits()) == 4

    quiet(bench, twin)
    assert len(bench.watch.visits()) == 6
    assert outcomes(twin) == ["applied"] * 3
    quiet(bench, device)
    twin.store.close()


def test_a_copied_vault_is_noticed_and_loses_nothing(bench: Bench, device: Device) -> None:
    twin = Device(
        label="twin",
        device_id=device.device_id,
        officer=device.officer,
        ids=bench.ids,
        office_key=device.office_key,
        first_named=device.store_id,
    )
    bench.sync(twin)
    bench.save(twin)
    bench.sync(twin, watched=False)
    assert "lane.forked" in noticed(twin)
    assert outcomes(twin) == ["applied"], "under a name of its own"
    assert twin.store.store_id() != device.store.store_id()
    twin.store.close()


def test_a_lane_the_office_does_not_mention_is_left_alone(bench: Bench, device: Device) -> None:
    reply = bench.answer(device, request_of(device.store.copy()))
    assert all(isinstance(at, Position) for at in reply.positions.values())
    device.store.absorb(replace(reply, positions={}))
    assert outcomes(device) == ["applied"]
