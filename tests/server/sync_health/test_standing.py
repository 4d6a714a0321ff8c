"""What is not as it should be with a device is said worst first, each with what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from server.sync_health.limits import Limits
from server.sync_health.standing import (
    CAUSES,
    DEFECTS,
    HISTORY,
    KINDS,
    Standing,
    cause,
    needs_of,
    working_days,
)
from sync.protocol import PROTOCOL_VERSION

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""A Wednesday."""

WELL = Standing(
    approved_at=NOW - timedelta(days=90),
    heard_at=NOW - timedelta(minutes=4),
    answered_at=NOW - timedelta(minutes=4),
    waiting=0,
    needs_you=0,
    ahead_seconds=-3,
    protocol=PROTOCOL_VERSION,
)


def codes(standing: Standing, limits: Limits | None = None) -> list[str]:
    return [need.code for need in needs_of(standing, limits or Limits(), NOW)]


def test_a_device_that_is_well_needs_nobody() -> None:
    assert codes(WELL) == []


@pytest.mark.parametrize(
    ("after", "until", "days"),
    [
        (date(2026, 11, 18), date(2026, 11, 18), 0),
        (date(2026, 11, 13), date(2026, 11, 15), 0),
        (date(2026, 11, 13), date(2026, 11, 16), 1),
        (date(2026, 11, 2), date(2026, 11, 18), 12),
        (date(2026, 11, 18), date(2026, 11, 2), 0),
    ],
)
def test_weekends_are_no_working_days(after: date, until: date, days: int) -> None:
    assert working_days(after, until) == days


def test_a_weekend_without_a_word_is_no_reason_to_ring() -> None:
    monday = NOW - timedelta(days=2)
    friday = monday - timedelta(days=3)
    silent = replace(WELL, heard_at=friday)
    assert needs_of(silent, Limits(), monday) == ()
    assert codes(silent) == ["silent"]


def test_a_device_that_never_spoke_is_silent_since_it_was_approved() -> None:
    never = Standing(approved_at=NOW - timedelta(days=5), heard_at=None)
    (need,) = needs_of(never, Limits(), NOW)
    assert need.sentence.startswith("Not heard from at all yet")
    assert codes(replace(never, approved_at=None)) == []


@pytest.mark.parametrize(
    ("moved", "code"),
    [
        ({"refused_code": "signature.stale", "refused_at": NOW}, "turned_away"),
        ({"waiting": 3, "waiting_since": NOW - timedelta(hours=25)}, "unsent"),
        ({"cases_left": 2, "left_since": NOW - timedelta(hours=49)}, "left"),
        ({"defects": 1}, "differs"),
        ({"ahead_seconds": 601}, "clock"),
        ({"ahead_seconds": -601}, "clock"),
        ({"protocol": 1}, "old"),
        ({"needs_you": 1}, "refusals"),
    ],
)
def test_each_thing_amiss_has_its_words_and_what_to_do(moved: dict[str, object], code: str) -> None:
    (need,) = needs_of(replace(WELL, **moved), Limits(), NOW)  # type: ignore[arg-type]
    assert need.code == code
    assert need.sentence
    assert need.action
    assert need.code in KINDS


@pytest.mark.parametrize(
    "moved",
    [
        {"refused_code": "signature.stale", "refused_at": NOW - timedelta(hours=1)},
        {"waiting": 3, "waiting_since": NOW - timedelta(hours=23)},
        {"waiting": 0, "waiting_since": NOW - timedelta(hours=99)},
        {"cases_left": 2, "left_since": NOW - timedelta(hours=47)},
        {"ahead_seconds": 600},
        {"protocol": 0},
    ],
)
def test_what_is_within_its_limit_is_left_alone(moved: dict[str, object]) -> None:
    assert codes(replace(WELL, **moved)) == []  # type: ignore[arg-type]


def test_what_is_worst_comes_first() -> None:
    bad = replace(
        WELL, needs_you=4, ahead_seconds=9_999, waiting=1, waiting_since=NOW - timedelta(days=9)
    )
    assert codes(bad) == ["unsent", "clock", "refusals"]


def test_a_council_may_agree_on_other_limits() -> None:
    late = replace(WELL, waiting=3, waiting_since=NOW - timedelta(hours=25))
    assert codes(late, Limits(unsent_hours=48)) == []


def test_a_cause_nobody_foresaw_has_words_all_the_same() -> None:
    assert cause("message.too_deep") == "What it sent could not be read"
    assert cause("device.revoked") == CAUSES["device.revoked"]
    unforeseen = replace(WELL, refused_code="invented.code", refused_at=NOW)
    (need,) = needs_of(unforeseen, Limits(), NOW)
    assert need.action == "Tell whoever looks after Fieldfare"


def test_a_device_that_was_shown_another_history_comes_before_all_others() -> None:
    lost = replace(WELL, histories=1, refused_code="device.revoked", refused_at=NOW)
    assert codes(lost)[0] == "history"
    assert set(HISTORY) <= set(DEFECTS)
