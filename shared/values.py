"""The few plain values everything is written in: pence, ids, and text within a limit."""

from __future__ import annotations

import re
import unicodedata
from typing import NewType

from shared.errors import RuleBroken

Pence = NewType("Pence", int)
"""An amount of money in whole pence; negative when it is owed by the council."""

PENCE_MAX = 10**12
"""The largest amount anything here will hold (ten thousand million pounds), in pence."""

TEXT_MAX = 4_000
"""Characters a free-text answer may hold unless its field says otherwise."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


_UNREADABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
"""Control characters (Unicode's category Cc) but for line breaks and tabs, and lone surrogates (Cs)."""


def is_id(text: str) -> bool:
    """Tell whether the text is an id in the one form used here: a lower-case UUID with hyphens."""
    return _ID.fullmatch(text) is not None


def clean_text(text: str, *, field: str, characters_max: int = TEXT_MAX) -> str:
    """Return the text trimmed and in Unicode normal form C; refuse what no person could have meant.

    Control characters other than line breaks, lone surrogates and NUL are refused because
    PostgreSQL cannot hold some of them and screens cannot show the rest.
    """
    normal = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if _UNREADABLE.search(normal):
        raise RuleBroken("text.unreadable", field=field)
    if len(normal) > characters_max:
        raise RuleBroken("text.too_long", field=field, characters_max=characters_max)
    return normal
