"""What is not a list at all: web pages, error answers and messages saved under a list's name."""

from __future__ import annotations

import re

from server.interop.lines import Reason, because

_ERRORS = re.compile(
    r"\b(error|not found|denied|forbidden|unavailable|failed|exception)\b", re.IGNORECASE
)
_SENTENCE_WORDS_MIN = 5
_BETWEEN_CELLS = re.compile(r"[\s,;|\t\"']*")


def why_not_a_list(opening: str) -> Reason | None:
    """Say why the first line of a file cannot be the head of a list, or None where it can."""
    text = opening.strip().lstrip("\ufeff").strip()
    bare = text.lstrip('"').lower()
    if _BETWEEN_CELLS.fullmatch(text):
        return because("guess.blank")
    if bare.startswith(("<!doctype html", "<html", "<head", "<body", "<title", "<script", "<meta")):
        return because("guess.web_page")
    if bare.startswith("<!--"):
        return because("guess.comment")
    if bare.startswith("<"):
        return because("guess.xml")
    if text.startswith(("{", "[")):
        return because("guess.json_error" if _ERRORS.search(text) else "guess.json")
    return None


def is_message(opening: str) -> bool:
    """Tell a sentence from a row of names: it speaks of an error, or ends like one, or has no breaks."""
    text = opening.strip().strip('"').rstrip()
    words = text.split()
    if len(words) < _SENTENCE_WORDS_MIN:
        return len(words) > 1 and _ERRORS.search(text) is not None
    return text.endswith((".", "!", "?")) or re.search(r"[,;|\t]", text) is None
