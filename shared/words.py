"""Plain words that people can read out, type and compare: one list for both programs."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

WORDS_COMPARED = 6
"""Words two people compare; six of the list stand for 68 bits, which nobody matches by trying."""


@cache
def words() -> tuple[str, ...]:
    """Give the list: 2,615 short everyday English words, without pairs that sound alike."""
    text = resources.files("shared").joinpath("words.csv").read_text("ascii")
    return tuple(text.split())


def words_to_compare(public_key: bytes, ticket_id: str, office_key: bytes) -> tuple[str, ...]:
    """Say in words which key asks to be enrolled, by which code, at which office.

    Each end works them out from what it holds itself, because words that the other end sent
    would agree whoever stood in between.
    """
    told = public_key + ticket_id.encode("ascii") + office_key
    number = int.from_bytes(hashlib.sha256(told).digest(), "big")
    listed = words()
    chosen = []
    for _ in range(WORDS_COMPARED):
        number, place = divmod(number, len(listed))
        chosen.append(listed[place])
    return tuple(chosen)
