"""Shows that a device says with each request how it stands, in counts and times alone."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version

from field_client.vault import outbox
from field_client.vault.reporting import report
from field_client.vault.store import Store
from field_client.vault.syncing import Syncing
from shared.commands import Outcome
from sync.wire import read_request
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.small_office import SmallOffice


def middle(least: float, most: float) -> float:
    return (least + most) / 2


def test_an_idle_device_says_that_nothing_waits(full: Store) -> None:
    said = report(full)
    assert (said.waiting, said.waiting_since, said.photographs, said.needs_you) == (0, None, 0, 0)
    assert said.app == version("fieldfare")
    assert said.offset is None, "it has never heard from an office"


def test_the_request_says_what_waits_and_since_when(full: Store, office: FarOffice) -> None:
    save_visit(full, "Maryam Castellanos")
    office.answers = SmallOffice()
    syncing = Syncing(full, office, middle)
    syncing.sync_once()
    syncing.sync_once()
    first, second = (read_request(body).report for _path, body in office.asked)
    assert first is not None
    assert second is not None
    assert first.waiting > 0
    [[saved_at]] = full.rows("SELECT saved_at FROM outbox")
    assert first.waiting_since == saved_at
    assert (second.waiting, second.waiting_since) == (0, None)
    assert second.offset is not None, "the two have spoken"


def test_a_refusal_nobody_has_dealt_with_is_counted(
    full: Store, office: FarOffice, now: datetime
) -> None:
    visit_id = save_visit(full, "Maryam Castellanos")
    small = SmallOffice()
    small.decides["RecordVisit"] = (Outcome.REFUSED, "visit.unknown")
    office.answers = small
    Syncing(full, office, middle).sync_once()
    assert report(full).needs_you == 1
    outbox.settle(full, visit_id, now)
    assert report(full).needs_you == 0
