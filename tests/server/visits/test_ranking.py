"""Why one visit is looked at before another: each reason adds, and can be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from server.visits.ranking import MUCH_PENCE, Standing, rank, streak

NOW = datetime(2027, 3, 4, 12, tzinfo=UTC)
PLAIN = Standing(
    flags=(),
    review="waiting",
    happened_at=NOW - timedelta(hours=2),
    received_at=NOW - timedelta(hours=1),
    streak=0,
    officer_is_new=False,
    balance_pence=100,
)


def test_a_plain_visit_has_no_reason_to_come_first() -> None:
    assert rank(PLAIN, NOW).score == 0
    assert rank(PLAIN, NOW).reasons == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"flags": ("visit.clock_ahead",)}, "The device's clock was ahead of the office's"),
        ({"flags": ("visit.of_a_later_version",)}, "Something was amiss"),
        ({"review": "answered"}, "The officer has answered"),
        ({"officer_is_new": True}, "One of this officer’s first visits"),
        ({"streak": 3}, "Nobody was met at the last 3 visits"),
        ({"happened_at": NOW - timedelta(hours=49)}, "It arrived 2 days late"),
        ({"balance_pence": MUCH_PENCE}, "£5,000.00 is owed on the case"),
    ],
)
def test_each_reason_raises_a_visit_and_says_so(change: dict[str, Any], reason: str) -> None:
    ranked = rank(replace(PLAIN, **change), NOW)
    assert ranked.score > 0
    assert [str(each) for each in ranked.reasons] == [reason]


def test_waiting_raises_a_visit_more_each_day_up_to_a_limit() -> None:
    def waited(days: int) -> int:
        moment = NOW - timedelta(days=days)
        return rank(replace(PLAIN, happened_at=moment, received_at=moment), NOW).score

    assert waited(6) == 0
    assert waited(7) < waited(9) < waited(12)
    assert waited(40) == waited(400)


def test_reasons_add_up_and_the_weightiest_is_said_first() -> None:
    both = rank(replace(PLAIN, flags=("visit.hold_in_force",), balance_pence=MUCH_PENCE), NOW)
    assert [str(each) for each in both.reasons] == [
        "A hold was in force on the day of the visit",
        "£5,000.00 is owed on the case",
    ]


def test_a_streak_ends_where_somebody_was_met() -> None:
    assert streak([]) == 0
    assert streak(["no_answer", "premises_empty"]) == 2
    assert streak(["no_answer", "spoke_to_person", "no_answer"]) == 1
    assert streak(["no_answer", "not_safe"]) == 0
