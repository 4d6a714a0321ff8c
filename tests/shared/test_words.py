"""The words two people compare say which key asks, by which code, at which office."""

from __future__ import annotations

from itertools import permutations

from shared.words import words, words_to_compare

KEY, TICKET, OFFICE = bytes(range(32)), "0b9de27c-6bb3-4c6d-9b55-3d4c2a9a7d11", bytes(32)


def test_both_ends_work_out_the_same_six_words() -> None:
    assert words_to_compare(KEY, TICKET, OFFICE) == words_to_compare(KEY, TICKET, OFFICE)
    assert len(words_to_compare(KEY, TICKET, OFFICE)) == 6
    assert set(words_to_compare(KEY, TICKET, OFFICE)) <= set(words())


def test_another_key_another_code_or_another_office_gives_other_words() -> None:
    said = {
        words_to_compare(KEY, TICKET, OFFICE),
        words_to_compare(bytes(32), TICKET, OFFICE),
        words_to_compare(KEY, TICKET.replace("0b", "0c"), OFFICE),
        words_to_compare(KEY, TICKET, bytes([1]) + bytes(31)),
    }
    assert len(said) == 4


def test_every_word_can_be_drawn() -> None:
    drawn: set[str] = set()
    for a, b in permutations(range(256), 2):
        drawn.update(words_to_compare(bytes([a, b]) * 16, TICKET, OFFICE))
        if len(drawn) == len(words()):
            return
    raise AssertionError(f"{len(words()) - len(drawn)} words were never drawn")
