"""Shows that photographs follow their visits: in order, resumed, once, and only where they may."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from PIL import Image

from field_client.answers import Answer
from field_client.vault import outbox, photographs, uploads
from field_client.vault.photographs import KeptPhotograph
from field_client.vault.store import Store
from field_client.vault.syncing import Progress, Syncing
from field_client.vault.uploads import Waits
from shared.commands import Outcome
from sync.blob_session import Asking
from sync.blobs import NOT_A_PICTURE, PART_BYTES, SIZE, TOO_LARGE
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.pictures import jpeg, written
from tests.field_client.vault.sample import case, place
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.small_blobs import SmallBlobs
from tests.field_client.vault.small_office import SmallOffice

HERE = place("1 Market Place", "QZ1 1AA")


@pytest.fixture
def small() -> SmallOffice:
    return SmallOffice()


@pytest.fixture
def blobs(office: FarOffice) -> SmallBlobs:
    made = SmallBlobs()
    office.blobs = made
    return made


@pytest.fixture
def syncing(store: Store, office: FarOffice, small: SmallOffice) -> Syncing:
    small.commits = [[case("One", HERE)]]
    office.answers = small
    made = Syncing(store, office, lambda least, most: (least + most) / 2)
    made.sync_once()
    return made


def large_picture() -> bytes:
    """Make a photograph of more than two parts: noise does not compress."""
    return written("PNG", Image.effect_noise((1_600, 1_200), 120).convert("RGB"))


def taken(store: Store, visit: str = "a visit", picture: bytes | None = None) -> KeptPhotograph:
    """Save a visit with a photograph and give the photograph."""
    visit_id = save_visit(store, "One", visit, picture=picture or jpeg())
    (kept,) = photographs.of_visit(store, visit_id)
    return kept


def now_of(store: Store, photograph: KeptPhotograph) -> KeptPhotograph:
    (kept,) = photographs.of_visit(store, photograph.visit_id)
    return kept


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def code_of(progress: Progress) -> str | None:
    return progress.problem.code if progress.problem else None


def test_a_photograph_follows_its_visit_in_parts(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    photograph = taken(store, picture=large_picture())
    done = syncing.sync_once()
    assert blobs.parts == -(-photograph.size_bytes // PART_BYTES) > 2
    assert blobs.kept[photograph.photograph_id] == photographs.body(store, photograph.photograph_id)
    assert photographs.waiting(store) == []
    assert (done.photographs_sent, done.photographs_left) == (1, 0)
    asked = len(blobs.asked)
    syncing.sync_once()
    assert len(blobs.asked) == asked, "what arrived is not asked about again"


def test_an_upload_that_was_cut_goes_on_where_it_stopped(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    photograph = taken(store, picture=large_picture())
    blobs.cut_after_parts = 2
    assert code_of(syncing.sync_once()) == "office.unreachable"
    assert outbox.counts(store) == outbox.Counts(waiting=1, needs_you=0, photographs=1)
    assert syncing.sync_once().problem is None
    assert blobs.parts == -(-photograph.size_bytes // PART_BYTES)
    assert blobs.asked.count("POST") == blobs.asked.count("HEAD") == 1
    assert outbox.counts(store).photographs == 0


def test_an_upload_the_office_has_forgotten_begins_again(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    taken(store, picture=large_picture())
    blobs.cut_after_parts = 2
    syncing.sync_once()
    blobs.coming.clear()
    assert syncing.sync_once().problem is None
    assert blobs.asked.count("POST") == 2
    assert photographs.waiting(store) == []


def test_a_photograph_waits_until_the_office_knows_its_visit(
    store: Store, syncing: Syncing, small: SmallOffice, blobs: SmallBlobs
) -> None:
    small.decides = {
        "RecordVisit": (Outcome.REFUSED, "visit.already_recorded"),
        "RecordPhotograph": (Outcome.REFUSED, "command.group_refused"),
    }
    taken(store)
    syncing.sync_once()
    assert blobs.asked == []
    assert len(photographs.waiting(store)) == 1
    assert outbox.counts(store) == outbox.Counts(waiting=0, needs_you=1, photographs=0)


def test_the_photographs_of_the_oldest_visit_go_first(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    late = taken(store, "first saved", jpeg(width=80, height=60))
    with store.transaction() as connection:  # a photograph may be kept long before its visit is
        connection.execute("UPDATE photograph SET rowid = rowid + 100")
    soon = taken(store, "saved after", jpeg(width=60, height=80))
    syncing.sync_once()
    assert blobs.order == [late.photograph_id, soon.photograph_id]


@pytest.mark.parametrize("code", [NOT_A_PICTURE, SIZE, TOO_LARGE])
def test_a_photograph_refused_for_good_is_said_once_and_not_sent_again(
    store: Store, syncing: Syncing, blobs: SmallBlobs, code: str
) -> None:
    photograph = taken(store, "refused")
    other = taken(store, "taken", jpeg(width=80, height=60))
    blobs.refuses[photograph.photograph_id] = code
    assert syncing.sync_once().problem is None
    assert now_of(store, photograph).refused == code
    assert code in uploads.REFUSED
    assert now_of(store, other).arrived
    assert outbox.counts(store) == outbox.Counts(waiting=0, needs_you=1, photographs=0)
    item = outbox.find(store, photograph.visit_id, ())
    assert item is not None
    assert item.state == "needs_you"
    assert [each.item_id for each in outbox.needing_you(store)] == [photograph.visit_id]
    asked = len(blobs.asked)
    syncing.sync_once()
    assert len(blobs.asked) == asked


def test_a_photograph_that_rotted_on_the_device_is_not_sent_for_ever(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    photograph = taken(store)
    with store.transaction() as connection:
        connection.execute("UPDATE photograph SET body = zeroblob(length(body))")
    assert syncing.sync_once().problem is None
    assert blobs.kept == {}
    assert now_of(store, photograph).refused == uploads.DAMAGED_HERE
    assert blobs.asked.count("POST") == 1


def test_a_photograph_damaged_on_the_way_is_sent_again(
    store: Store, syncing: Syncing, blobs: SmallBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    photograph = taken(store)
    whole = photographs.part
    spoiled = iter([b"\0" * photograph.size_bytes])

    def once_wrong(kept: Store, name: str, start: int, length: int) -> bytes:
        return next(spoiled, None) or whole(kept, name, start, length)

    monkeypatch.setattr(photographs, "part", once_wrong)
    assert syncing.sync_once().problem is None
    assert now_of(store, photograph).arrived
    assert blobs.asked.count("POST") == 2


def test_a_photograph_the_office_does_not_know_is_tried_with_the_next_sync(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    photograph = taken(store)
    blobs.unknown.add(photograph.photograph_id)
    assert syncing.sync_once().problem is None
    assert outbox.counts(store).photographs == 1
    blobs.unknown.clear()
    syncing.sync_once()
    assert now_of(store, photograph).arrived


def test_one_photograph_that_fails_holds_up_no_other(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    failing = taken(store, "failing")
    other = taken(store, "other", jpeg(width=80, height=60))
    blobs.fails[failing.photograph_id] = 99
    assert code_of(syncing.sync_once()) == "office.unreachable"
    assert now_of(store, other).arrived
    assert [p.photograph_id for p in photographs.waiting(store)] == [failing.photograph_id]


def test_a_line_that_is_gone_is_not_tried_for_every_photograph(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    for width in range(40, 46):
        photograph = taken(store, f"visit {width}", jpeg(width=width))
        blobs.fails[photograph.photograph_id] = 99
    assert code_of(syncing.sync_once()) == "office.unreachable"
    assert len(blobs.asked) == 2


def test_an_office_that_never_gets_further_is_left_for_the_next_time(
    store: Store, syncing: Syncing, blobs: SmallBlobs
) -> None:
    taken(store)
    blobs.deaf = True
    assert syncing.sync_once().problem is None
    assert len(photographs.waiting(store)) == 1
    assert blobs.parts < 10


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (401, "device.revoked", "sync.revoked"),
        (401, "signature.stale", "sync.clock"),
        (500, "", "sync.office_fault"),
    ],
)
def test_a_refusal_of_the_device_is_a_sentence(
    store: Store, syncing: Syncing, blobs: SmallBlobs, status: int, code: str, said: str
) -> None:
    taken(store)
    blobs.status = (status, code)
    assert code_of(syncing.sync_once()) == said
    assert len(photographs.waiting(store)) == 1


def test_what_is_saved_meanwhile_goes_before_the_rest_of_a_photograph(
    store: Store, syncing: Syncing, office: FarOffice, blobs: SmallBlobs
) -> None:
    taken(store, picture=large_picture())
    before = len(office.asked)

    def interrupted(asking: Asking) -> Answer:
        answer = blobs(asking)
        if blobs.parts == 1:
            syncing.ask()
        return answer

    office.blobs = interrupted
    done = syncing.sync_once()
    assert (done.problem, done.photographs_left, blobs.parts) == (None, 1, 1)
    assert len(office.asked) == before + 1
    office.blobs = blobs
    syncing.start()
    wait_until(lambda: not photographs.waiting(store))
    syncing.stop()


@pytest.mark.parametrize(("costs", "why"), [(True, Waits.COSTS), (None, Waits.NOT_KNOWN)])
def test_photographs_wait_for_wifi_and_data_does_not(
    store: Store,
    syncing: Syncing,
    office: FarOffice,
    blobs: SmallBlobs,
    costs: bool | None,  # noqa: FBT001 - one of a table
    why: Waits,
) -> None:
    photograph = taken(store)
    office.costs = costs
    done = syncing.sync_once()
    assert (done.problem, done.sent, done.photographs_wait) == (None, 2, why)
    assert done.photographs_left == 1
    assert blobs.asked == []
    assert outbox.counts(store).photographs == 1
    office.costs = False
    done = syncing.sync_once()
    assert done.photographs_wait is Waits.NO
    assert now_of(store, photograph).arrived


def test_an_officer_may_send_photographs_on_any_connection(
    store: Store, syncing: Syncing, office: FarOffice
) -> None:
    photograph = taken(store)
    office.costs = True
    store.put(uploads.WIFI_ONLY, "no")
    syncing.sync_once()
    assert now_of(store, photograph).arrived


def test_photographs_asked_for_now_go_now_and_later_ones_wait(
    store: Store, syncing: Syncing, office: FarOffice
) -> None:
    asked = taken(store, "asked for")
    office.costs = None
    syncing.send_photographs_now()
    later = taken(store, "later", jpeg(width=80, height=60))
    syncing.start()
    wait_until(lambda: syncing.progress.ended_at is not None)
    syncing.stop()
    done = syncing.progress
    assert now_of(store, asked).arrived
    assert not now_of(store, later).arrived
    assert (done.photographs_wait, done.photographs_left) == (Waits.NOT_KNOWN, 1)
