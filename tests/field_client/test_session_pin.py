"""What a PIN opens is in the keeper's memory for one session and five wrong tries, then overwritten."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from field_client.session_pin import (
    ASLEEP_SECONDS_MAX,
    SESSION_SECONDS_MAX,
    TRIES_MAX,
    SessionPin,
)
from shared.errors import RuleBroken

pytestmark = pytest.mark.proves("T37")

WRAPPED = b"the vault's key, as a PIN wraps it"
BEGAN = 1_000.0


@pytest.fixture
def pin() -> SessionPin:
    """Give the PIN of a session that has just begun."""
    made = SessionPin()
    made.keep(WRAPPED, BEGAN)
    return made


def look_until(pin: SessionPin, now: float, every: float = 60.0) -> None:
    """Have the keeper look at its clock from time to time, as it does while the device is awake."""
    at = BEGAN
    while at < now:
        pin.look(at)
        at += every
    pin.look(now)


def has_it(pin: SessionPin, now: float) -> bool:
    """Tell whether a try would be given anything."""
    try:
        return pin.take(now) == WRAPPED
    except RuleBroken as refusal:
        return (refusal.code, refusal.field) != ("pin.over", "passphrase")


def test_there_is_nothing_to_try_before_a_pin_was_chosen() -> None:
    pin = SessionPin()
    assert not pin.is_kept
    assert pin.seconds_left(BEGAN) is None
    assert not has_it(pin, BEGAN)


def test_five_wrong_tries_in_all_end_it_however_many_right_ones_come_between(
    pin: SessionPin, record_property: Callable[[str, object], None]
) -> None:
    left = []
    for _ in range(TRIES_MAX):
        assert has_it(pin, BEGAN)
        pin.was_right()
        assert has_it(pin, BEGAN)
        left.append(pin.was_wrong())
    assert left == [4, 3, 2, 1, 0]
    assert not pin.is_kept
    assert not has_it(pin, BEGAN)
    record_property("figure", f"after {TRIES_MAX} wrong PINs the keeper held nothing")


def test_a_try_that_nobody_reports_counts_as_wrong(pin: SessionPin) -> None:
    """So nothing is won by ending the process that tries before it says how the try went."""
    assert [has_it(pin, BEGAN) for _ in range(TRIES_MAX + 1)] == [True] * TRIES_MAX + [False]
    assert not pin.is_kept


def test_more_said_to_be_right_than_was_tried_wins_no_try(pin: SessionPin) -> None:
    pin.was_right()
    pin.was_right()
    assert [has_it(pin, BEGAN) for _ in range(TRIES_MAX + 1)] == [True] * TRIES_MAX + [False]


def test_it_opens_for_twelve_hours_from_the_passphrase_and_not_a_second_longer(
    pin: SessionPin,
) -> None:
    last = BEGAN + SESSION_SECONDS_MAX
    look_until(pin, last - 1)
    assert pin.seconds_left(last - 1) == 1
    assert has_it(pin, last - 1)
    pin.was_right()
    assert pin.seconds_left(last) is None
    assert not has_it(pin, last)
    assert SESSION_SECONDS_MAX == 12 * 3_600


@pytest.mark.parametrize(("slept", "kept"), [(ASLEEP_SECONDS_MAX, True), (1_801, False)])
def test_a_device_that_slept_for_longer_than_half_an_hour_asks_for_the_passphrase(
    pin: SessionPin, *, slept: float, kept: bool
) -> None:
    look_until(pin, BEGAN + 600)
    assert has_it(pin, BEGAN + 600 + slept) is kept


def test_a_try_is_not_quicker_than_the_keeper_is_to_notice_a_sleep(pin: SessionPin) -> None:
    assert pin.seconds_left(BEGAN + 3 * ASLEEP_SECONDS_MAX) is None
    assert not pin.is_kept


def test_what_is_forgotten_is_overwritten_with_zeroes(pin: SessionPin) -> None:
    held = pin._wrapped
    assert bytes(held) == WRAPPED
    pin.forget()
    assert held == bytes(len(WRAPPED))
    pin.forget()
    assert not pin.is_kept


def test_a_new_pin_overwrites_the_old_one_and_begins_its_own_session(pin: SessionPin) -> None:
    first = pin._wrapped
    for _ in range(TRIES_MAX - 1):
        assert has_it(pin, BEGAN)
        pin.was_wrong()
    look_until(pin, BEGAN + 3_600)
    pin.keep(b"another", BEGAN + 3_600)
    assert first == bytes(len(WRAPPED))
    assert pin.seconds_left(BEGAN + 3_600) == SESSION_SECONDS_MAX
    assert [pin.take(BEGAN + 3_600) for _ in range(TRIES_MAX)] == [b"another"] * TRIES_MAX
