"""The words for the codes in records, so that a page never shows a code."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flask import current_app

from field_client.vault.corrections import Differing
from shared.catalogue import Sentence, mark
from shared.debts import DEBT_TYPES
from shared.detail_fields import said as value_in_words
from shared.errors import REFUSALS, RuleBroken
from shared.holds import REASONS
from shared.markers import KINDS
from shared.photographs import PURPOSES as PICTURES
from shared.stages import STAGES
from shared.visits import FLAGS, OUTCOMES, PURPOSES, REVIEWABLE_FIELDS, REVIEWS

NEWER = mark("Something this version of Fieldfare has no word for")
"""Said of a code that a newer office sent."""

TIMES = {
    "evening": mark("a weekday evening"),
    "weekend": mark("the weekend"),
    "morning": mark("a weekday morning"),
    "afternoon": mark("a weekday afternoon"),
}

WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "about": {**REVIEWABLE_FIELDS, "answer": mark("Answer")},
        "debt_type": DEBT_TYPES,
        "flag": FLAGS,
        "hold": REASONS,
        "marker": KINDS,
        "outcome": OUTCOMES,
        "picture": PICTURES,
        "purpose": PURPOSES,
        "review": REVIEWS,
        "stage": STAGES,
        "time": TIMES,
    }
)


def word(kind: str, code: str) -> str:
    """Give the marked words for a code."""
    return WORDS[kind].get(code, NEWER)


def value_of(each: Differing, value: object) -> Sentence:
    """Say one of the values that a field is disputed about."""
    return value_in_words(each.record, each.field, value)


def sentence(refusal: RuleBroken) -> Sentence:
    """Give a refusal's sentence with its values, to be said in the reader's language."""
    return Sentence(REFUSALS[refusal.code], **refusal.values)


def said(refusal: RuleBroken) -> str:
    """Say a refusal to the reader, where no template does."""
    return str(current_app.jinja_env.filters["say"](sentence(refusal)))
