"""Shows that the age of the office's copy cannot be talked down by a clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from field_client.vault.freshness import (
    STALE_SECONDS,
    note_reply,
    office_copy,
    offset_seconds,
)
from field_client.vault.store import Store
from sync.protocol import Clock

READ = datetime(2026, 11, 21, 8, 12, tzinfo=UTC)


def clock(after: timedelta, *, boot: str = "one", wall_off: timedelta = timedelta(0)) -> Clock:
    return Clock(
        wall=(READ + after + wall_off).isoformat(),
        monotonic=1_000 + after.total_seconds(),
        boot=boot,
        offset=None,
    )


def synced(store: Store, when: Clock) -> None:
    store.put("office_copy_at", READ.isoformat())
    note_reply(store, READ.isoformat(), when)


def test_no_copy_has_no_age_and_is_too_old(store: Store) -> None:
    copy = office_copy(store, clock(timedelta(0)))
    assert (copy.read_at, copy.age_seconds, copy.stale) == (None, None, True)


def test_a_copy_is_too_old_after_a_day_and_not_before(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    assert not office_copy(store, clock(timedelta(seconds=STALE_SECONDS))).stale
    assert office_copy(store, clock(timedelta(seconds=STALE_SECONDS + 1))).stale


def test_a_wall_clock_put_back_does_not_make_a_copy_younger(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    put_back = clock(timedelta(days=2), wall_off=timedelta(days=-2))
    assert office_copy(store, put_back).age_seconds == 2 * 86_400


def test_after_a_restart_the_wall_clock_is_asked(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    assert office_copy(store, clock(timedelta(hours=3), boot="two")).age_seconds == 3 * 3_600


def test_after_a_restart_a_clock_before_the_copy_means_nobody_knows(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    copy = office_copy(store, clock(timedelta(hours=-3), boot="two"))
    assert copy.age_seconds is None
    assert copy.stale


def test_a_clock_a_little_behind_is_only_that(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    assert office_copy(store, clock(timedelta(minutes=-5), boot="two")).age_seconds == 0


def test_a_clock_that_was_wrong_when_they_spoke_is_put_right(store: Store) -> None:
    synced(store, clock(timedelta(0), wall_off=timedelta(hours=-6)))
    assert offset_seconds(store) == 6 * 3_600
    later = clock(timedelta(hours=1), boot="two", wall_off=timedelta(hours=-6))
    known = office_copy(store, replace(later, offset=offset_seconds(store)))
    assert known.age_seconds == 3_600


def test_a_reply_that_left_the_copy_incomplete_does_not_make_it_fresh(store: Store) -> None:
    synced(store, clock(timedelta(0)))
    much_later = clock(timedelta(days=3))
    note_reply(store, (READ + timedelta(days=3)).isoformat(), much_later)
    assert office_copy(store, much_later).age_seconds == 3 * 86_400
