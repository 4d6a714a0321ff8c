"""Shows that syncing goes on by itself, says every fault in words, and loses nothing when cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from field_client import clock
from field_client.answers import Answer
from field_client.pipe import PipeClosed
from field_client.vault import outbox
from field_client.vault.freshness import office_copy
from field_client.vault.store import Store
from field_client.vault.syncing import Progress, Syncing
from server.spine.office_seal import OfficeSeal
from shared.errors import RuleBroken
from sync.protocol import Purge, Total
from sync.session import MENDING_MAX, RETRY_SECONDS_MAX, RETRY_SECONDS_MIN, STEADY_SECONDS
from sync.wire import read_request
from tests.field_client.vault.conftest import FarOffice
from tests.field_client.vault.sample import a_day, case, place
from tests.field_client.vault.saving import save_visit
from tests.field_client.vault.small_office import SmallOffice
from tests.server.reading import words_of

HERE = place("1 Market Place", "QZ1 1AA")


def middle(least: float, most: float) -> float:
    return (least + most) / 2


@pytest.fixture
def small() -> SmallOffice:
    return SmallOffice()


@pytest.fixture
def syncing(store: Store, office: FarOffice, small: SmallOffice) -> Syncing:
    office.answers = small
    return Syncing(store, office, middle)


def code_of(progress: Progress) -> str | None:
    return progress.problem.code if progress.problem else None


def test_a_first_sync_counts_what_came_of_what_is_to_come(
    store: Store, office: FarOffice, small: SmallOffice
) -> None:
    now = datetime.now(UTC)
    small.commits = [[each] for each in a_day(now)]
    seen: list[tuple[int, int]] = []

    def watched(path: str, body: bytes) -> Answer:
        seen.append((syncing.progress.received, syncing.progress.expected))
        return small(path, body)

    office.answers = watched
    syncing = Syncing(store, office, middle)
    done = syncing.sync_once()
    assert done.problem is None
    assert done.received == done.expected == store.rows("SELECT count(*) FROM record")[0][0]
    assert len(seen) == len(small.commits)
    assert [expected for _received, expected in seen[1:]] == [done.expected] * (len(seen) - 1)
    assert sorted(received for received, _expected in seen) == [r for r, _e in seen]
    assert not office_copy(store, clock.reading()).stale


@pytest.mark.proves("T19")
def test_rows_that_were_altered_since_the_last_opening_are_noted_and_asked_for_once(
    store: Store, office: FarOffice, syncing: Syncing, small: SmallOffice
) -> None:
    small.commits = [a_day(datetime.now(UTC))]
    assert syncing.sync_once().problem is None
    assert store.defects() == []
    with store.transaction() as connection:
        connection.execute("UPDATE record SET body = '{}' WHERE kind = 'debt'")
    again = Syncing(store, office, middle)
    again.sync_once()
    again.sync_once()
    assert [(kind, times) for kind, times, _last_at in store.defects()] == [("record.altered", 1)]
    _first, second, _third = (read_request(body) for _path, body in office.asked)
    assert second.manifest is not None, "the office is asked which cases differ"


def test_a_copy_is_complete_only_with_the_last_page(
    store: Store, office: FarOffice, small: SmallOffice
) -> None:
    small.commits = [[case("One", HERE)], [case("Two", HERE)]]

    def first_only(path: str, body: bytes) -> Answer:
        if len(office.asked) > 1:
            raise RuleBroken("office.unreachable")
        return small(path, body)

    office.answers = first_only
    syncing = Syncing(store, office, middle)
    assert code_of(syncing.sync_once()) == "office.unreachable"
    assert store.get("office_copy_at") is None
    office.answers = small
    assert code_of(syncing.sync_once()) is None
    assert store.get("office_copy_at") is not None
    assert store.cursor() == 2


def test_what_was_saved_is_sent_and_its_receipt_kept(
    store: Store, syncing: Syncing, small: SmallOffice
) -> None:
    small.commits = [[case("One", HERE)]]
    syncing.sync_once()
    visit_id = save_visit(store, "One", number="07700900123")
    assert outbox.counts(store).waiting == 1
    done = syncing.sync_once()
    assert (done.sent, small.taken) == (2, ["RecordVisit", "RecordPhoneNumber"])
    item = outbox.find(store, visit_id, ())
    assert item is not None
    assert item.state == "received"
    assert outbox.counts(store).waiting == 0


def test_a_lost_reply_doubles_nothing(store: Store, office: FarOffice, small: SmallOffice) -> None:
    small.commits = [[case("One", HERE)]]
    office.answers = small
    syncing = Syncing(store, office, middle)
    syncing.sync_once()
    save_visit(store, "One")

    def lost(path: str, body: bytes) -> Answer:
        small(path, body)
        raise RuleBroken("office.unreachable")

    office.answers = lost
    assert code_of(syncing.sync_once()) == "office.unreachable"
    assert outbox.counts(store).waiting == 1
    office.answers = small
    syncing.sync_once()
    assert outbox.counts(store).waiting == 0
    (first, second) = [body for path, body in office.asked if path.endswith("v1")][-2:]
    assert first == second


@pytest.mark.parametrize(
    ("status", "said", "code"),
    [
        (401, "device.revoked", "sync.revoked"),
        (401, "device.suspended", "sync.suspended"),
        (401, "device.pending", "sync.not_approved"),
        (401, "device.unknown", "sync.unknown_device"),
        (401, "signature.stale", "sync.clock"),
        (409, "store.of_another_device", "sync.other_vault"),
        (426, "protocol.newer", "sync.newer"),
        (426, "protocol.older", "sync.older"),
        (500, "", "sync.office_fault"),
        (503, "something.new", "sync.office_fault"),
    ],
)
def test_each_refusal_of_the_office_is_a_sentence(
    syncing: Syncing, small: SmallOffice, status: int, said: str, code: str
) -> None:
    small.refuses = (status, said)
    done = syncing.sync_once()
    assert code_of(done) == code
    assert done.problem is not None
    assert done.problem.sentence()
    assert not done.running


@pytest.mark.parametrize(
    "code", ["office.unreachable", "office.not_the_office", "office.certificate"]
)
def test_what_the_keeper_says_is_passed_on(store: Store, office: FarOffice, code: str) -> None:
    def refuse(_path: str, _body: bytes) -> Answer:
        raise RuleBroken(code)

    office.answers = refuse
    assert code_of(Syncing(store, office, middle).sync_once()) == code


def test_a_reply_that_makes_no_sense_is_our_fault_and_ends_nothing(
    syncing: Syncing, small: SmallOffice, caplog: pytest.LogCaptureFixture
) -> None:
    small.garbage = b"not a message"
    assert code_of(syncing.sync_once()) == "sync.fault"
    assert "NotAMessage" in caplog.text
    small.garbage = None
    assert code_of(syncing.sync_once()) is None


def test_a_refusal_that_is_no_json_is_the_office_s_fault(store: Store, office: FarOffice) -> None:
    office.answers = lambda _path, _body: Answer(status=502, body=b"<html>")
    assert code_of(Syncing(store, office, middle).sync_once()) == "sync.office_fault"


def test_a_keeper_that_is_gone_is_a_sentence(store: Store, office: FarOffice) -> None:
    def gone(_path: str, _body: bytes) -> Answer:
        raise PipeClosed("send")

    office.answers = gone
    assert code_of(Syncing(store, office, middle).sync_once()) == "sync.fault"


def test_the_wait_between_syncs_is_never_the_same_for_all(store: Store, office: FarOffice) -> None:
    asked: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        asked.append((least, most))
        return most

    syncing = Syncing(store, office, draw)
    for _failure in range(10):
        syncing.sync_once()
    limits = [most for _least, most in asked]
    assert limits == sorted(limits)
    assert limits[-1] == RETRY_SECONDS_MAX
    assert all(least == 0 for least, _most in asked)
    office.answers = SmallOffice()
    assert syncing.sync_once().next_seconds == pytest.approx(STEADY_SECONDS * 1.3)
    assert asked[-1] == pytest.approx((STEADY_SECONDS * 0.7, STEADY_SECONDS * 1.3))


def test_a_short_straw_still_waits_a_moment(store: Store, office: FarOffice) -> None:
    assert Syncing(store, office, lambda _l, _m: 0.0).sync_once().next_seconds == RETRY_SECONDS_MIN


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.01)


def test_it_syncs_when_asked_and_never_makes_anyone_wait(
    store: Store, syncing: Syncing, small: SmallOffice
) -> None:
    small.commits = [[case("One", HERE)]]
    syncing.start()
    wait_until(lambda: syncing.progress.ended_at is not None)
    save_visit(store, "One")
    syncing.ask()
    wait_until(lambda: outbox.counts(store).waiting == 0)
    syncing.stop()
    assert not syncing.progress.running


SEAL = OfficeSeal(bytes(32))


def test_a_receipt_that_the_office_signed_is_one_and_shows_its_number(
    store: Store, office: FarOffice, small: SmallOffice, client: FlaskClient
) -> None:
    office.answers = small
    small.commits, small.seal = [[case("One", HERE)]], SEAL
    syncing = Syncing(store, office, middle, office_key=SEAL.public_text)
    visit_id = save_visit(store, "Maryam Castellanos")
    store.put("cursor", "0")
    assert code_of(syncing.sync_once()) is None
    item = outbox.find(store, visit_id, ())
    assert item is not None
    assert item.first.sealed
    number = item.first.receipt_number
    assert number is not None
    assert f"The office has this: receipt {number}" in words_of(
        client.get(f"/outbox/{visit_id}").text
    )


@pytest.mark.parametrize("signs", [None, OfficeSeal(b"1" * 32)])
def test_a_receipt_that_another_signed_or_nobody_is_none(
    store: Store,
    office: FarOffice,
    small: SmallOffice,
    client: FlaskClient,
    signs: OfficeSeal | None,
) -> None:
    office.answers = small
    small.commits, small.seal = [[case("One", HERE)]], signs
    syncing = Syncing(store, office, middle, office_key=SEAL.public_text)
    visit_id = save_visit(store, "Maryam Castellanos")
    store.put("cursor", "0")
    syncing.sync_once()
    item = outbox.find(store, visit_id, ())
    assert item is not None
    assert item.state == "saved", "it is sent again"
    figures = client.get("/settings/diagnostics").text
    assert "<code>receipt.wrong_seal</code> 1" in figures

    small.seal = SEAL
    assert code_of(syncing.sync_once()) is None
    assert outbox.counts(store).waiting == 0


def test_a_copy_that_stays_different_is_said_and_keeps_no_photograph_back(
    store: Store, office: FarOffice, small: SmallOffice
) -> None:
    small.commits, small.scope = [[case("One", HERE)]], Total(records=99, hash=1)
    office.answers = small
    sent: list[str] = []
    syncing = Syncing(store, office, middle, after=lambda: sent.append("made ready"))
    assert code_of(syncing.sync_once()) == "sync.differs"
    assert len(office.asked) == MENDING_MAX + 1, "it leaves off after a while"
    assert sent == ["made ready"]
    assert store.get("office_copy_at") is None

    small.scope = store.total()
    assert code_of(syncing.sync_once()) is None
    assert store.get("office_copy_at") is not None


def test_cases_that_are_to_go_all_at_once_stay_until_the_office_confirms_it(
    store: Store, office: FarOffice, small: SmallOffice
) -> None:
    small.commits = [[case(f"Case {n}", HERE) for n in range(22)]]
    office.answers = small
    syncing = Syncing(store, office, middle)
    assert code_of(syncing.sync_once()) is None
    held = [row[0] for row in store.rows("SELECT DISTINCT case_id FROM record")]
    small.purges = tuple(
        Purge(case_id=case_id, view="home_visit", commit=2, reason="reassigned") for case_id in held
    )
    small.commits.append([])
    assert code_of(syncing.sync_once()) == "sync.parked"
    assert len(store.rows("SELECT DISTINCT case_id FROM record")) == 22
