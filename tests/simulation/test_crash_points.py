"""Whichever step of a sync the disk fails at, what was saved is whole and the next sync ends the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

import pytest
from sqlcipher3 import dbapi2 as sqlcipher

from field_client.vault import drafts, photographs
from field_client.vault.drafts import Draft
from field_client.vault.drive import RESERVE_BYTES
from field_client.vault.schema import SCHEMA_VERSION, STEPS
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from shared.errors import RuleBroken
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import case, id_of, place
from tests.field_client.vault.saving import save_visit
from tests.simulation import vfs
from tests.simulation.disk import Disk, Fault
from tests.simulation.scripted import SEAL, Commit, Scripted

KEY = bytes(range(32))
HERE = place("1 Market Place", "QZ1 1AA")
DRAFTED_AT = datetime(2027, 3, 1, 8, 0, tzinfo=UTC)
EVERY = 9
"""Which steps the quick suite tries; the long one tries all, each with several seeds."""

ALL = pytest.param(1, 4, marks=pytest.mark.long, id="every step")
SOME = pytest.param(EVERY, 1, id="some steps")


def script() -> Scripted:
    """Write the office's day: cases given, changed and taken away, and one decision refused."""
    return Scripted(
        commits=[
            Commit(cases=tuple(case(name, HERE) for name in ("One", "Two", "Three"))),
            Commit(cases=(case("Four", HERE),)),
            Commit(cases=(case("One", place("2 Market Place", "QZ1 1AA")),), leave=(id_of("Two"),)),
            Commit(cases=(case("Five", HERE),), leave=(id_of("Three"),)),
        ],
        refuses={"RecordPhoneNumber": "contact.known"},
    )


def opened(disk: Disk) -> Store:
    return open_store(disk.folder / "vault.db", bytearray(KEY), drive=disk)


def sync(store: Store, office: Scripted) -> str | None:
    """Sync once over the real thread's own steps; give the code of what went wrong."""
    syncing = Syncing(store, office, lambda least, _most: least, office_key=SEAL.public_text)
    problem = syncing.sync_once().problem
    return problem.code if problem else None


@cache
def before() -> dict[str, bytes]:
    """Make a vault with everything a sync can be about, and give its files."""
    disk, office = Disk(0), script()
    office.commits = office.commits[:1]
    store = opened(disk)
    store.put("store_id", id_of("store"))
    assert sync(store, office) is None
    save_visit(store, "One", "visit to One", number="07700900123", picture=jpeg())
    save_visit(store, "Two", "visit to Two")
    draft = Draft(draft_id=id_of("draft"), case_id=id_of("Four"), kind="visit", saved_at=DRAFTED_AT)
    drafts.keep(store, draft)
    store.close()
    return disk.image()


def laid(seed: int) -> tuple[Disk, Store]:
    """Put that vault on a new disk and open it."""
    disk = Disk(seed)
    disk.lay(before())
    store = opened(disk)
    assert store.has_room()
    return disk, store


@cache
def steps_of_a_sync() -> int:
    disk, store = laid(0)
    start = disk.steps
    assert sync(store, script()) is None
    store.close()
    return disk.steps - start


@dataclass(frozen=True)
class Saved:
    """What was saved before the disk failed, as it must be found for ever."""

    outbox: frozenset[tuple[str, bytes]]
    photographs: frozenset[tuple[str, bytes]]


def saved_in(store: Store) -> Saved:
    return Saved(
        frozenset(store.rows("SELECT command_id, written FROM outbox")),  # type: ignore[arg-type]  # rows of two
        frozenset(store.rows("SELECT photograph_id, body FROM photograph")),  # type: ignore[arg-type]  # rows of two
    )


def assert_whole(store: Store, saved: Saved, office: Scripted) -> None:
    """Hold a vault to what it said it kept, and to whole pages."""
    assert store.rows("PRAGMA integrity_check") == [("ok",)]
    store.sweep()  # that check looks past the log, which may hold what a page in the file was to be
    assert store.rows("PRAGMA cipher_integrity_check") == []
    now = saved_in(store)
    assert saved.outbox <= now.outbox, "nothing saved is lost"
    assert saved.photographs <= now.photographs
    assert len(drafts.every(store)) == 1
    purged = {row[0] for row in store.rows("SELECT case_id FROM purge WHERE erased")}
    at = Scripted(commits=office.commits[: store.cursor()])
    held = {place: body for place, body in records_in(store).items() if place[0] not in purged}
    leaving = {row[0] for row in store.rows("SELECT case_id FROM purge WHERE NOT erased")}
    expected = at.records()
    assert {p: b for p, b in held.items() if p[0] not in leaving} == expected, "whole pages only"
    answered = store.rows("SELECT command_id FROM outbox WHERE outcome IS NOT NULL")
    assert {row[0] for row in answered} <= set(office.answered)
    assert store.total().records == len(held)


def records_in(store: Store) -> dict[tuple[str, str, str], str]:
    found = store.rows("SELECT case_id, kind, record_id, body FROM record")
    return {(row[0], row[1], row[2]): row[3] for row in found}


def assert_settled(store: Store, office: Scripted) -> None:
    """Hold both ends to the end that every sync comes to."""
    assert records_in(store) == office.records()
    assert store.rows("SELECT count(*) FROM outbox WHERE outcome IS NULL") == [(0,)]
    assert {row[0] for row in store.rows("SELECT command_id FROM outbox")} == set(office.answered)
    assert store.rows("SELECT 1 FROM purge") == []
    assert office.noted == {id_of("Two"), id_of("Three")}
    assert [p.photograph_id for p in photographs.waiting(store)] == []
    assert len(office.blobs.kept) == 1
    assert [kind for kind, _times, _at in store.defects()] == []


@pytest.fixture(autouse=True)
def disks_have_no_fault_of_their_own() -> Iterator[None]:
    yield
    assert vfs.faults == []


def test_a_sync_with_everything_in_it_is_many_steps_long() -> None:
    _disk, store = laid(0)
    office = script()
    saved = saved_in(store)
    assert sync(store, office) is None
    assert_settled(store, office)
    assert len(saved.outbox) == 4
    assert saved.outbox <= saved_in(store).outbox
    assert steps_of_a_sync() > 60
    store.close()


@pytest.mark.parametrize(("every", "seeds"), [SOME, ALL])
def test_the_power_may_go_at_any_step(every: int, seeds: int) -> None:
    for at in range(1, steps_of_a_sync() + 1, every):
        for seed in range(seeds):
            disk, store = laid(at * 100 + seed)
            saved, office = saved_in(store), script()
            disk.fail(at=at, how=Fault.POWER)
            sync(store, office)
            disk.cut_power()
            disk.restart()
            store.close()
            store = opened(disk)
            assert_whole(store, saved, office)
            assert sync(store, office) is None
            assert_settled(store, office)
            store.close()


@pytest.mark.proves("T43")
@pytest.mark.parametrize(("every", "_seeds"), [SOME, ALL])
def test_a_call_may_fail_at_any_step(every: int, _seeds: int) -> None:
    for at in range(1, steps_of_a_sync() + 1, every):
        disk, store = laid(at)
        saved, office = saved_in(store), script()
        disk.fail(at=at, how=Fault.ERROR)
        sync(store, office)
        assert_whole(store, saved, office)
        while sync(store, office) is not None:
            assert disk.steps < 10_000
        assert_settled(store, office)
        disk.cut_power()
        disk.restart()
        store.close()
        store = opened(disk)
        assert_whole(store, saved, office)
        assert sync(store, office) is None
        assert_settled(store, office)
        store.close()


def press_save(store: Store) -> None:
    """Save a visit as an officer does: where it is refused for want of room, once more."""
    for _press in range(2):
        with suppress(RuleBroken):
            save_visit(store, "One", "visit on a full disk")
            return
    pytest.fail("a second press finds the room that the first one gave up")


@pytest.mark.parametrize(("every", "_seeds"), [SOME, ALL])
def test_the_disk_may_be_full_from_any_step_on(every: int, _seeds: int) -> None:
    for at in range(1, steps_of_a_sync() + 1, every):
        disk, store = laid(at)
        saved, office = saved_in(store), script()
        disk.fail(at=at, how=Fault.FULL)
        assert sync(store, office) in {None, "sync.no_room"}
        assert_whole(store, saved, office)
        press_save(store)
        assert sync(store, office) == "sync.no_room"
        assert id_of("visit on a full disk command") in office.answered, "it is sent all the same"
        disk.heal()
        assert sync(store, office) is None
        assert disk.kept_bytes() == RESERVE_BYTES
        assert_settled(store, office)
        store.close()


def open_until_the_power_goes(disk: Disk, at: int) -> None:
    """Open a vault with the power going at a step, and bring it back."""
    disk.fail(at=at, how=Fault.POWER)
    with pytest.raises(RuleBroken, match="disk did not answer"):
        opened(disk)
    disk.restart()


SOME_OPENINGS = pytest.mark.parametrize(
    "every", [pytest.param(5, id="some steps"), pytest.param(1, marks=pytest.mark.long)]
)


@SOME_OPENINGS
def test_the_power_may_go_while_a_vault_is_made(every: int) -> None:
    disk = Disk(0)
    store = opened(disk)
    steps = disk.steps
    store.close()
    for at in range(1, steps + 1, every):
        disk = Disk(at)
        open_until_the_power_goes(disk, at)
        store = opened(disk)
        store.put("note", "kept")
        assert store.rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        store.close()


@cache
def old() -> dict[str, bytes]:
    """Write a vault as the first program did, with unsent work and a draft in it."""
    disk = Disk(0)
    connection = sqlcipher.connect(
        disk.address(disk.folder / "vault.db"), uri=True, isolation_level=None
    )
    connection.set_key(bytearray(b"x'" + KEY.hex().encode() + b"'"))
    connection.execute("PRAGMA journal_mode=WAL")
    for statement in STEPS[0]:
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.execute(
        "INSERT INTO outbox (command_id, lane, seq, hash, written, case_id, name, saved_at) "
        "VALUES ('command', 'ordinary', 1, 'hash', X'0102', 'case', 'RecordVisit', '2026-01-01')"
    )
    connection.execute("INSERT INTO draft VALUES ('draft', 'case', 'visit', '{}', '2026-01-01')")
    connection.execute("INSERT INTO record VALUES ('case', 'view', 'case', 'case', 1, '{}')")
    connection.close()
    return disk.image()


@SOME_OPENINGS
def test_the_power_may_go_while_an_old_vault_is_brought_up_to_date(every: int) -> None:
    disk = Disk(0)
    disk.lay(old())
    store = opened(disk)
    steps = disk.steps
    store.close()
    for at in range(1, steps + 1, every):
        disk = Disk(at)
        disk.lay(old())
        open_until_the_power_goes(disk, at)
        store = opened(disk)
        assert store.rows("PRAGMA user_version") == [(SCHEMA_VERSION,)]
        assert store.rows("PRAGMA integrity_check") == [("ok",)]
        found = store.rows("SELECT command_id, seq, written FROM outbox")
        assert found == [("command", 1, b"\x01\x02")]
        assert store.rows("SELECT draft_id FROM draft") == [("draft",)]
        assert store.total().records == 1
        store.close()
