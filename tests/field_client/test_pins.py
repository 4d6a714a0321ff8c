"""A PIN is 6 to 12 digits, and none of those that are tried first."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from field_client.pins import DIGITS_MAX, DIGITS_MIN, check, shaped
from shared.errors import RuleBroken

pytestmark = pytest.mark.proves("T37")


def refused(typed: str) -> str:
    """Say with which code a new PIN is refused, or nothing."""
    try:
        check(typed)
    except RuleBroken as refusal:
        return refusal.code if refusal.field == "pin" and refusal.sentence() else "unsaid"
    return ""


@pytest.mark.parametrize("typed", ["482913", "48 29 13", " 482 913\t", "730264", "904618273645"])
def test_a_pin_is_its_digits_however_they_were_spaced(typed: str) -> None:
    assert check(typed) == "".join(typed.split())
    assert shaped(typed) == check(typed)


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "pin.missing"),
        ("  ", "pin.missing"),
        ("48291", "pin.too_short"),
        ("4829137564019", "pin.too_long"),
        ("48291a", "pin.not_digits"),
        ("-482913", "pin.not_digits"),
        ("４８２９１３", "pin.not_digits"),
    ],
)
def test_what_is_no_pin_is_refused_with_what_is_wrong_with_it(typed: str, code: str) -> None:
    assert refused(typed) == code
    with pytest.raises(RuleBroken, match=code.replace(".", r"\.")):
        shaped(typed)


@pytest.mark.parametrize(
    "obvious",
    [
        *(digit * 6 for digit in "0123456789"),
        *("123456", "654321", "234567", "890123", "210987", "135791", "024680", "36925814"),
        *("121212", "123123", "484848", "48294829", "777777777777"),
        *("112233", "159753", "147258", "789456", "314159", "99123321", "10203040"),
    ],
)
def test_an_obvious_pin_is_refused_though_it_may_be_entered(obvious: str) -> None:
    assert refused(obvious) == "pin.obvious"
    assert shaped(obvious) == obvious


def test_of_pins_that_are_drawn_hardly_any_is_refused_and_none_that_was_accepted_runs() -> None:
    draw = random.Random(4)
    drawn = [
        "".join(str(draw.randrange(10)) for _ in range(length))
        for length in range(DIGITS_MIN, DIGITS_MAX + 1)
        for _ in range(2_000)
    ]
    accepted = [pin for pin in drawn if not refused(pin)]
    assert len(accepted) > 0.998 * len(drawn)
    for pin in accepted:
        steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
        assert len(steps) > 1
