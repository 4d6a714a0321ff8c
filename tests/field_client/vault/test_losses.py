"""Shows that the office is told once of a photograph that was damaged on this device."""

from __future__ import annotations

from datetime import datetime

from field_client import clock
from field_client.vault import losses, photographs
from field_client.vault.store import Store
from field_client.vault.uploads import DAMAGED_HERE
from sync.wire import read_envelope
from tests.field_client.vault.pictures import jpeg
from tests.field_client.vault.sample import OFFICER, id_of
from tests.field_client.vault.saving import save_visit

NAME = "Maryam Castellanos"


def tell(store: Store, now: datetime) -> int:
    return losses.record(store, OFFICER, clock=clock.reading(), now=now)


def test_a_damaged_photograph_is_told_of_once(full: Store, now: datetime) -> None:
    visit_id = save_visit(full, NAME, picture=jpeg())
    assert tell(full, now) == 0, "it is whole"
    (kept,) = photographs.of_visit(full, visit_id)
    photographs.note_refused(full, kept.photograph_id, DAMAGED_HERE)
    assert tell(full, now) == 1
    assert tell(full, now) == 0
    told = read_envelope(full.waiting(10)[-1])
    assert (told.name, told.case_id, told.group) == ("RecordPhotographLost", id_of(NAME), None)
    assert told.body["photograph_id"] == kept.photograph_id


def test_a_photograph_the_office_refused_is_its_own_affair(full: Store, now: datetime) -> None:
    visit_id = save_visit(full, NAME, picture=jpeg())
    (kept,) = photographs.of_visit(full, visit_id)
    photographs.note_refused(full, kept.photograph_id, "blob.not_a_picture")
    assert tell(full, now) == 0


def test_a_photograph_of_a_case_that_left_is_told_of_to_nobody(full: Store, now: datetime) -> None:
    visit_id = save_visit(full, NAME, picture=jpeg())
    (kept,) = photographs.of_visit(full, visit_id)
    photographs.note_refused(full, kept.photograph_id, DAMAGED_HERE)
    with full.transaction() as connection:
        connection.execute("DELETE FROM record WHERE case_id = ?", (id_of(NAME),))
    assert tell(full, now) == 0
