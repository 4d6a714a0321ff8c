"""What makes a PIN good enough for one session, in which it can be tried five times.

One in 200,000 is what five tries at six digits are worth, if the digits were drawn. People choose
them: what they choose first is refused. What keeps a copied disk shut is the passphrase, never this.
"""

from __future__ import annotations

import re
from itertools import pairwise

from shared.errors import RuleBroken

DIGITS_MIN = 6
"""Digits a PIN must have."""

DIGITS_MAX = 12
"""Digits a PIN may have; nobody remembers more for a day."""

_WELL_KNOWN = frozenset(
    {"010203", "100200", "101112", "102030", "110119", "112233", "112358", "123321", "123654",
     "141421", "142536", "147258", "147852", "159357", "159753", "159951", "161803", "192837",
     "223344", "258369", "258456", "271828", "314159", "321654", "332211", "369258", "445566",
     "456123", "520131", "520520", "654123", "741852", "753159", "789456", "852456", "963852",
     "998877"}
)  # fmt: skip
"""What people choose first, besides what repeats or runs: patterns of the keys, sums, known numbers."""


def check(typed: str, *, field: str = "pin") -> str:
    """Return the digits of a new PIN, or refuse one that would be guessed."""
    pin = shaped(typed, field=field)
    if _is_obvious(pin):
        raise RuleBroken("pin.obvious", field=field)
    return pin


def shaped(typed: str, *, field: str = "pin") -> str:
    """Return the digits of what was entered, however they were spaced, or refuse what is no PIN."""
    pin = "".join(typed.split())
    if not pin:
        raise RuleBroken("pin.missing", field=field)
    if not re.fullmatch(r"[0-9]+", pin):
        raise RuleBroken("pin.not_digits", field=field)
    if len(pin) < DIGITS_MIN:
        raise RuleBroken("pin.too_short", field=field, digits_min=DIGITS_MIN)
    if len(pin) > DIGITS_MAX:
        raise RuleBroken("pin.too_long", field=field, digits_max=DIGITS_MAX)
    return pin


def _is_obvious(pin: str) -> bool:
    """Tell whether a PIN repeats, runs in even steps, or holds what people choose first."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    repeats = pin in (pin + pin)[1:-1]
    return len(steps) == 1 or repeats or any(known in pin for known in _WELL_KNOWN)
