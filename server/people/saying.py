"""The few words that sentences on timelines share: days, words for codes, and what was erased."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from shared.catalogue import Sentence, mark
from shared.presentation import day

ERASED = Sentence(mark("[erased]"))
"""What stands where personal text has been erased, because the line of the log stays."""


def day_of(iso: str) -> str:
    """Say a day that a log line holds."""
    return day(date.fromisoformat(iso), say=Sentence)


def last_day_before(iso: str) -> str:
    """Say the last day before the first one no longer covered."""
    return day(date.fromisoformat(iso) - timedelta(days=1), say=Sentence)


def word(words: Mapping[str, str], code: str) -> str:
    """Say the words for a code; one no longer known stays as it is."""
    return Sentence(words[code]) if code in words else code


def kept(said: Mapping[str, Any], name: str) -> str:
    """Give personal text as it was recorded, unless it has been erased."""
    value = said.get(name)
    return str(value) if value else ERASED
