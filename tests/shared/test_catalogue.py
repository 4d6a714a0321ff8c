"""Shows that a sentence finds its language, and that one without a translation stays English."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from shared.catalogue import (
    ENGLISH,
    LANGUAGES,
    PSEUDO,
    Sentence,
    mark,
    translations,
    translator,
)
from shared.presentation import day


def test_marking_a_sentence_leaves_it_as_it_is() -> None:
    assert mark("Sign in") == "Sign in"


def test_a_sentence_is_english_text_that_can_be_said_in_another_language() -> None:
    sentence = Sentence("Enter %(least)s or more", least="£1.00")
    assert sentence == "Enter £1.00 or more"
    assert ENGLISH(sentence) == "Enter £1.00 or more"
    assert translator(PSEUDO)(sentence) == "⟦Enter £1.00 or more⟧"


def test_a_sentence_inside_a_sentence_is_said_too() -> None:
    sentence = Sentence("Enter a date after %(day)s", day=Sentence("Monday"))
    assert translator(PSEUDO)(sentence) == "⟦Enter a date after ⟦Monday⟧⟧"


@pytest.mark.parametrize("typed", ["50%", "100% sure", "paid %d of 5 %s"])
def test_what_somebody_typed_is_said_as_it_is(typed: str) -> None:
    assert ENGLISH(typed) == typed
    assert ENGLISH(Sentence("They said %(words)s", words=typed)) == f"They said {typed}"


def test_a_sentence_without_values_says_its_percent_sign_once() -> None:
    assert ENGLISH("Half is 50%%") == "Half is 50%"


def test_nothing_to_say_stays_nothing() -> None:
    assert [translator(language)("") for language in (*LANGUAGES, PSEUDO)] == ["", "", ""]


def test_counting_follows_the_language() -> None:
    said = [ENGLISH.count("%(number)s visit", "%(number)s visits", n) for n in (0, 1, 2)]
    assert said == ["0 visits", "1 visit", "2 visits"]
    assert translator(PSEUDO).count("one", "many", 2) == "⟦many⟧"


def test_welsh_is_spoken_once_set_up_and_falls_back_to_english() -> None:
    welsh = translator("cy")
    assert day(date(2027, 3, 4), say=welsh) == "4 Mawrth 2027"
    assert welsh("A sentence nobody has translated") == "A sentence nobody has translated"


def test_a_language_we_do_not_have_speaks_english(tmp_path: Path) -> None:
    assert translations("../../etc", tmp_path).gettext("Sign in") == "Sign in"
    assert translator("fr")("Sign in") == "Sign in"
