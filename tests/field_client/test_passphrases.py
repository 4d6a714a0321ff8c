"""Passphrases: which are good enough, and what the suggested ones are worth."""

from __future__ import annotations

import itertools
import math
import secrets

import pytest

from field_client import passphrases
from shared.errors import RuleBroken
from shared.words import words


def test_a_suggested_passphrase_is_worth_over_fifty_bits_and_is_accepted() -> None:
    bits = passphrases.WORDS_SUGGESTED * math.log2(len(words()))
    assert bits > 56
    for _ in range(200):
        suggested = passphrases.suggest_passphrase(secrets.randbelow)
        assert passphrases.check(suggested) == suggested


def test_the_words_are_the_ones_drawn() -> None:
    draws = itertools.count()
    listed = words()
    assert passphrases.suggest_passphrase(lambda _most: next(draws)) == " ".join(listed[:5])


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "passphrase.missing"),
        ("   ", "passphrase.missing"),
        ("elevenchars", "passphrase.too_short"),
        ("a" * 201, "passphrase.too_long"),
        ("202612312359", "passphrase.guessable"),
        ("aaaaaaaaaaaaaaaa", "passphrase.guessable"),
        ("cat cat cat cat", "passphrase.guessable"),
        ("Password12345", "passphrase.guessable"),
        ("fieldfare council", "passphrase.guessable"),
    ],
)
def test_a_passphrase_that_would_be_guessed_is_refused(typed: str, code: str) -> None:
    with pytest.raises(RuleBroken) as refused:
        passphrases.check(typed)
    assert refused.value.code == code
    assert refused.value.sentence()


def test_the_same_passphrase_typed_on_another_keyboard_is_the_same() -> None:
    composed, decomposed = "caf\u00e9 harbour lantern", "cafe\u0301  harbour lantern "
    assert passphrases.check(composed) == passphrases.check(decomposed)
