"""What makes a passphrase good enough, and how a better one is suggested.

The list holds 2,615 short everyday English words, without pairs that sound alike. A word drawn
from it is worth log2(2,615) = 11.35 bits: the five suggested are worth 56.8, four would be 45.4.
Five are suggested because at least 50 bits should stand behind Argon2id (51.7 bits at 128 MiB were
reckoned at 46,000 years of one graphics card), even though the device secret is needed as well.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from shared.errors import RuleBroken
from shared.words import words

WORDS_SUGGESTED = 5
"""Words in a suggested passphrase."""

CHARACTERS_MIN = 12
"""Characters a passphrase must have; four words of the list and their spaces have more."""

CHARACTERS_MAX = 200
"""Characters a passphrase may have; nobody types more, and the key derivation reads them all."""

DISTINCT_MIN = 6
"""Different characters a passphrase must have, which a key held down or “abababab” has not."""

_WELL_KNOWN = ("password", "passphrase", "fieldfare", "letmein", "qwerty", "council", "12345")


def suggest_passphrase(below: Callable[[int], int]) -> str:
    """Draw words for a new passphrase; `below(n)` is a fair draw from 0 to n - 1."""
    listed = words()
    return " ".join(listed[below(len(listed))] for _ in range(WORDS_SUGGESTED))


def normal(typed: str) -> str:
    """Put a passphrase in the one form that is derived from, however a keyboard composed it."""
    return " ".join(unicodedata.normalize("NFC", typed).split())


def check(typed: str, *, field: str = "passphrase") -> str:
    """Return a new passphrase in its normal form, or refuse one that would be guessed."""
    passphrase = normal(typed)
    if not passphrase:
        raise RuleBroken("passphrase.missing", field=field)
    if len(passphrase) < CHARACTERS_MIN:
        raise RuleBroken("passphrase.too_short", field=field, characters_min=CHARACTERS_MIN)
    if len(passphrase) > CHARACTERS_MAX:
        raise RuleBroken("passphrase.too_long", field=field, characters_max=CHARACTERS_MAX)
    if _is_guessable(passphrase):
        raise RuleBroken("passphrase.guessable", field=field)
    return passphrase


def _is_guessable(passphrase: str) -> bool:
    plain = passphrase.casefold()
    for known in _WELL_KNOWN:
        plain = plain.replace(known, "")
    left = plain.replace(" ", "")
    return left.isdigit() or len(left) < CHARACTERS_MIN // 2 or len(set(left)) < DISTINCT_MIN
