"""What a column is called, compared with every name we know for each of our fields."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

from rapidfuzz import fuzz, process

Sense = Literal["field", "unclaimed", "opposite", "not_needed", "follows"]

SPELLING_MIN = 90
"""How alike, of 100, a misspelt name and a known one must be."""
SPELLING_CHARACTERS_MIN = 7
"""Shorter names differ by too little for likeness to mean anything."""
HEADING_CHARACTERS_MAX = 200

_BRACKETED = re.compile(r"\([^)]*\)")
_YEAR = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:[_/-]\d{2,4})?(?!\d)|(?<!\d)(\d{2})[_/](\d{2})(?!\d)"
)
_SERIES = re.compile(r"(\d{1,2})$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a heading is known to say, of which field; `spelled` is the known name it only nearly is."""

    sense: Sense
    field: str
    year: int | None = None
    series: int | None = None
    spelled: str | None = None


@cache
def vocabulary() -> Mapping[str, Mapping[str, list[str]]]:
    """Read the known names; they are data, so that a council's own can be added."""
    text = (resources.files("server.interop") / "words" / "columns.toml").read_text("utf-8")
    return cast("Mapping[str, Mapping[str, list[str]]]", tomllib.loads(text))


@cache
def _known() -> dict[str, tuple[Sense, str]]:
    words = vocabulary()
    known: dict[str, tuple[Sense, str]] = {}
    for table, sense in (("fields", "field"), ("unclaimed", "unclaimed"), ("opposite", "opposite")):
        for field, names in words[table].items():
            known.update({squashed(name): (cast(Sense, sense), field) for name in names})
    known.update({squashed(name): ("not_needed", "") for name in words["not_needed"]["columns"]})
    # "Disc %" stands alone in one council's file and after another column in the next: either way not ours.
    known.update({squashed(name): ("follows", "") for name in words["follows"]["columns"]})
    return known


def squashed(name: str) -> str:
    """Reduce a name to its letters and digits in lower case, which is what is compared."""
    normal = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in normal if character.isalnum())


def meaning_of(heading: str) -> Meaning | None:
    """Say what a heading means by its exact name, else its name without year and number, else nearly."""
    text = _BRACKETED.sub("", heading[:HEADING_CHARACTERS_MAX])
    year = _year_in(text)
    bare = squashed(_YEAR.sub("", text))
    series = _SERIES.search(bare)
    number = int(series.group(1)) if series else None
    for key, seen_year, seen_number in (
        (squashed(text), None, None),
        (bare, year, None),
        (_SERIES.sub("", bare), year, number),
    ):
        if key in _known():
            sense, field = _known()[key]
            return Meaning(sense, field, seen_year, seen_number)
    return _nearly(_SERIES.sub("", bare), year, number)


def _year_in(text: str) -> int | None:
    """Find the year in "2017_RV" or "Charge_19_20"; names joined to it like RV2017 count too."""
    match = _YEAR.search(text)
    if match is None:
        return None
    return int(match.group(1)) if match.group(1) else 2000 + int(match.group(2))


def _nearly(key: str, year: int | None, series: int | None) -> Meaning | None:
    if len(key) < SPELLING_CHARACTERS_MIN:
        return None
    found = process.extractOne(key, _known().keys(), scorer=fuzz.ratio, score_cutoff=SPELLING_MIN)
    if found is None:
        return None
    sense, field = _known()[found[0]]
    return Meaning(sense, field, year, series, spelled=found[0])
