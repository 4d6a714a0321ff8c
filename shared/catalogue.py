"""The one catalogue that every sentence a person reads goes through, English first."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.ui import TRANSLATIONS

LANGUAGES = ("en", "cy")
"""Languages the screens can be asked for; English is the text in the source itself."""

LANGUAGE_NAMES: Mapping[str, str] = MappingProxyType({"en": "English", "cy": "Cymraeg"})
"""Each language by the name its own speakers give it; never translated."""

PSEUDO = "pseudo"
"""A language for tests only: every sentence that went through the catalogue stands in brackets."""


def mark(sentence: str) -> str:
    """Mark a sentence for the catalogue where it is written, to be translated where it is shown."""
    return sentence


class Sentence(str):
    """A sentence in English that still knows its catalogue text, so it can be said in any language.

    `%(name)s` in the text is filled from the values, which may be sentences too; a percent sign is
    written `%%`.
    """

    __slots__ = ("text", "values")

    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, **values: object) -> Sentence:
        """Fill the values in and remember what they were."""
        sentence = super().__new__(cls, text % values)
        sentence.text = text
        sentence.values = values
        return sentence


@dataclass(frozen=True)
class Translator:
    """Someone who speaks one language: call it with a sentence and the values it needs."""

    language: str
    gettext: Callable[[str], str] = str
    ngettext: Callable[[str, str, int], str] = lambda one, many, number: (
        one if number == 1 else many
    )

    def __call__(self, sentence: str, **values: object) -> str:
        """Say a sentence; one refused earlier brings its own values along, and nothing stays nothing.

        Where no values are given nothing is filled in: it may be what somebody typed, percent signs
        and all.
        """
        if not sentence:
            return ""
        if isinstance(sentence, Sentence):
            return self.gettext(sentence.text) % self._said({**sentence.values, **values})
        said = self.gettext(sentence)
        return said % self._said(values) if values else said.replace("%%", "%")

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """Say how many, because languages differ in how many plurals they have."""
        return self.ngettext(one, many, number) % {"number": number, **self._said(values)}

    def _said(self, values: Mapping[str, object]) -> dict[str, object]:
        return {
            name: self(value) if isinstance(value, Sentence) else value
            for name, value in values.items()
        }


Say = Callable[..., str]
"""Anything that says a sentence with its values: a Translator, or Sentence to be said later."""

ENGLISH = Translator("en")


@cache
def translator(language: str) -> Translator:
    """Find who speaks a language; one without a catalogue yet speaks English."""
    if language == PSEUDO:
        return _bracketed()
    catalogue = translations(language)
    return Translator(language, catalogue.gettext, catalogue.ngettext)


def translations(language: str, folder: Path = TRANSLATIONS) -> gettext.NullTranslations:
    """Open the catalogue of a language; a language without one yet speaks English."""
    catalogue = folder / language / "LC_MESSAGES" / "fieldfare.mo"
    if language not in LANGUAGES or not catalogue.is_file():
        return gettext.NullTranslations()
    with catalogue.open("rb") as file:
        return gettext.GNUTranslations(file)


def _bracketed() -> Translator:
    return Translator(
        "en",
        lambda sentence: f"⟦{sentence}⟧",
        lambda one, many, number: f"⟦{one if number == 1 else many}⟧",
    )
