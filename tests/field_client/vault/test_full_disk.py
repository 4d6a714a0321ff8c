"""On a full drive nothing typed is lost, the outbox goes on taking work, and syncing says why it waits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from field_client.vault import drafts, outbox, photographs
from field_client.vault.drive import RESERVE_BYTES, ROOM_BYTES_MIN
from field_client.vault.store import Store, open_store
from field_client.vault.syncing import Syncing
from shared.errors import RuleBroken
from sync.protocol import ENVELOPES_MAX
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import STORE, a_day, case, fill, id_of, place
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.screens.test_visit import ADDRESS, VISIT, typed, with_photograph
from tests.field_client.vault.small_office import SmallOffice
from tests.pages import assert_page
from tests.simulation.disk import Disk, Fault

pytestmark = pytest.mark.proves("T42")

EVERY = 3
"""Which of the steps of a save are tried; tests/simulation tries all of those of a sync."""


@pytest.fixture
def disk() -> Disk:
    return Disk(1)


@pytest.fixture
def store(disk: Disk) -> Iterator[Store]:
    opened = open_store(disk.folder / "vault.db", bytearray(32), drive=disk)
    opened.put("store_id", STORE)
    yield opened
    opened.close()


def fill_up(disk: Disk, store: Store) -> None:
    """Let everything else on the drive grow until there is nothing left but what is kept back."""
    assert store.has_room()
    disk.room = 0


def saved(store: Store) -> list[str]:
    return [name for (name,) in store.rows("SELECT name FROM outbox ORDER BY seq")]


def test_a_visit_is_saved_on_a_full_drive_because_room_was_kept_back(
    client: FlaskClient, store: Store, disk: Disk
) -> None:
    fill_up(disk, store)
    answer = client.post(ADDRESS, data=typed() | with_photograph(jpeg()))
    assert answer.headers["Location"] == f"/saved/{VISIT}"
    assert saved(store) == ["RecordVisit", "RecordPhotograph"]
    assert disk.kept_bytes() == 0


def test_what_is_typed_is_kept_as_a_draft_on_a_full_drive(
    client: FlaskClient, store: Store, disk: Disk
) -> None:
    fill_up(disk, store)
    assert client.post(f"/drafts/{VISIT}", data=typed()).status_code == 204
    assert drafts.find(store, VISIT) is not None


def test_where_nothing_is_left_the_form_comes_back_as_it_was_typed(
    client: FlaskClient, store: Store, disk: Disk
) -> None:
    disk.room = 0
    answer = client.post(ADDRESS, data=typed(notes="Moved in. " * 6_000))
    assert_page(answer.text)
    assert answer.status_code == 200
    assert "This device has no room left" in answer.text
    assert "Moved in. Moved in." in answer.text
    assert client.post(f"/drafts/{VISIT}", data=typed(notes="x" * 60_000)).status_code == 409
    photograph = {**typed(), **with_photograph(jpeg())}
    refused = client.post(f"/drafts/{VISIT}/photographs", data=photograph)
    assert refused.status_code == 422
    assert "no room left" in refused.get_json()["sentence"]
    assert saved(store) == []
    disk.heal()
    assert client.post(ADDRESS, data=typed()).headers["Location"] == f"/saved/{VISIT}"


def test_whenever_the_drive_fills_up_a_second_press_saves_once(
    client: FlaskClient, store: Store, disk: Disk
) -> None:
    before = disk.steps
    client.post(ADDRESS, data=typed() | with_photograph(jpeg()))
    steps = disk.steps - before
    for at in range(1, steps + 1, EVERY):
        disk.heal()
        assert store.has_room()
        disk.fail(at=at, how=Fault.FULL)
        visit: dict[str, Any] = {"draft_id": id_of(f"visit {at}")}
        answer = client.post(ADDRESS, data=typed(**visit) | with_photograph(jpeg()))
        if answer.status_code == 200:
            assert "This device has no room left" in answer.text
            assert "Moved in during August." in answer.text
            answer = client.post(ADDRESS, data=typed(**visit) | with_photograph(jpeg()))
        assert answer.headers["Location"] == f"/saved/{visit['draft_id']}"
        item = outbox.find(store, visit["draft_id"], ())
        assert item is not None
        assert [entry.name for entry in item.entries] == ["RecordVisit", "RecordPhotograph"]
        assert len(photographs.of_visit(store, visit["draft_id"])) == 1
        assert store.rows("PRAGMA integrity_check") == [("ok",)]


@pytest.fixture
def small() -> SmallOffice:
    return SmallOffice()


@pytest.fixture
def syncing(store: Store, office: FarOffice, small: SmallOffice) -> Syncing:
    office.answers = small
    return Syncing(store, office, lambda least, _most: least)


def code_of(syncing: Syncing) -> str | None:
    problem = syncing.sync_once().problem
    return problem.code if problem else None


def test_all_that_was_saved_is_sent_and_answered_where_there_is_hardly_any_room(
    store: Store, disk: Disk, syncing: Syncing, small: SmallOffice
) -> None:
    fill(store, a_day(datetime.now(UTC)), datetime.now(UTC))
    small.commits = [[], [case("One", place("1 Market Place", "QZ1 1AA"))]]
    for number in range(ENVELOPES_MAX + 5):
        save_visit(store, "Maryam Castellanos", f"visit {number}")
    assert store.has_room()
    disk.room = ROOM_BYTES_MIN // 2
    assert code_of(syncing) == "sync.no_room"
    assert (store.cursor(), outbox.counts(store).waiting) == (1, 0)
    assert len(small.taken) == ENVELOPES_MAX + 5
    assert disk.kept_bytes() == RESERVE_BYTES


def test_an_office_with_another_life_waits_for_room_too(
    store: Store, disk: Disk, syncing: Syncing, small: SmallOffice
) -> None:
    fill(store, a_day(datetime.now(UTC)), datetime.now(UTC))
    store.put("epoch", id_of("another life"))
    fill_up(disk, store)
    assert code_of(syncing) == "sync.no_room"
    assert (store.cursor(), store.epoch()) == (1, id_of("another life"))


def test_syncing_waits_for_room_but_sends_what_was_saved(
    store: Store, disk: Disk, syncing: Syncing, small: SmallOffice
) -> None:
    fill(store, a_day(datetime.now(UTC)), datetime.now(UTC))
    small.commits = [[], [case("One", place("1 Market Place", "QZ1 1AA"))]]
    fill_up(disk, store)
    save_visit(store, "Maryam Castellanos")
    for _time in range(2):
        assert code_of(syncing) == "sync.no_room"
        assert (store.cursor(), outbox.counts(store).waiting) == (1, 0), "the visit made the room"
    assert small.taken == ["RecordVisit"]
    disk.room = RESERVE_BYTES + ROOM_BYTES_MIN
    assert code_of(syncing) is None
    assert (store.cursor(), outbox.counts(store).waiting) == (2, 0)
    assert disk.kept_bytes() == RESERVE_BYTES


def test_a_drive_that_fills_up_in_the_middle_of_a_page_is_said_the_same(
    store: Store, disk: Disk, syncing: Syncing, small: SmallOffice
) -> None:
    small.commits = [a_day(datetime.now(UTC))]
    assert store.has_room()
    disk.fail(at=5, how=Fault.FULL)
    assert code_of(syncing) == "sync.no_room"
    assert store.rows("SELECT count(*) FROM record") == [(0,)]
    assert disk.kept_bytes() == 0, "what is saved next will fit"
    assert store.cursor() == 0
    disk.heal()
    assert code_of(syncing) is None
    assert store.cursor() == 1


def test_the_page_about_syncing_says_that_there_is_no_room(
    client: FlaskClient, store: Store, disk: Disk, office: FarOffice, small: SmallOffice
) -> None:
    fill_up(disk, store)
    office.answers = small
    client.application.extensions["fieldfare_desk"].syncing.sync_once()
    assert "This device has hardly any room left" in client.get("/sync").text


def test_a_note_of_the_vault_s_own_is_refused_in_a_sentence(store: Store, disk: Disk) -> None:
    disk.room = 0
    with pytest.raises(RuleBroken) as refused:
        store.put("note", "x" * 100_000)
    assert refused.value.code == "disk.full"
