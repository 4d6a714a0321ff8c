"""The one catalogue that every sentence a person reads goes through, English first."""

from __future__ import annotations

import gettext
from importlib import resources

LANGUAGES = ("en", "cy")
"""Languages the screens can be asked for; English is the text in the source itself."""


def mark(sentence: str) -> str:
    """Mark a sentence for the catalogue where it is written, to be translated where it is shown."""
    return sentence


def translations(language: str) -> gettext.NullTranslations:
    """Open the catalogue of a language; a language without one yet speaks English."""
    folder = resources.files("shared.ui") / "translations" / language / "LC_MESSAGES"
    catalogue = folder / "fieldfare.mo"
    if not catalogue.is_file():
        return gettext.NullTranslations()
    with catalogue.open("rb") as file:
        return gettext.GNUTranslations(file)
