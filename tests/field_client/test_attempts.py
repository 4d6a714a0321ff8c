"""Wrong passphrases: each costs a longer wait, up to five minutes, and nothing is ever wiped."""

from __future__ import annotations

import pytest

from field_client.attempts import Attempts
from shared.errors import RuleBroken

pytestmark = pytest.mark.proves("T37")


def wait_after(attempts: Attempts, now: float) -> int:
    """Say how long the next try has to wait; 0 when it may come at once."""
    try:
        attempts.check(now)
    except RuleBroken as refusal:
        return int(str(refusal.values["seconds"]))
    return 0


def test_each_wrong_passphrase_doubles_the_wait_up_to_five_minutes() -> None:
    attempts, now, waits = Attempts(), 1_000.0, []
    for _ in range(11):
        attempts.was_wrong(now)
        waits.append(wait_after(attempts, now) - 1)
        now += 301
        assert wait_after(attempts, now) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_a_try_that_comes_too_soon_says_how_many_seconds_are_left() -> None:
    attempts = Attempts()
    attempts.was_wrong(0)
    attempts.was_wrong(10)
    with pytest.raises(RuleBroken) as refused:
        attempts.check(10.5)
    assert refused.value.sentence() == "Wait 2 seconds, then enter your passphrase again"
    attempts.check(12)


def test_the_right_passphrase_makes_the_wrong_ones_forgotten() -> None:
    attempts = Attempts()
    for _ in range(8):
        attempts.was_wrong(0)
    attempts.was_right()
    assert wait_after(attempts, 0) == 0
    attempts.was_wrong(0)
    assert wait_after(attempts, 0) == 2
