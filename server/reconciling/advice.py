"""What to answer about a conflict, and why: pure, so that every suggestion can be tested; never a clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from shared.catalogue import Sentence, mark
from shared.field_policy import Policy, rule_of


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What an officer said, and whether they spoke to the person on the day they said it."""

    claim_id: str
    value: Any
    spoke_to_person: bool = False


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """An answer to begin with, and its reason; `answer` is empty where nobody can say."""

    answer: str
    reason: Sentence
    claim_id: str = ""


NOTHING_SHOWN = Suggestion(
    answer="", reason=Sentence(mark("Open it to see what it is about, if you may see that"))
)
"""Stands where what a conflict is about is withheld."""


def suggest(record: str, field: str, office: Any, heard: Sequence[Heard]) -> Suggestion:  # noqa: ANN401 - a value of any kind
    """Suggest an answer from what is known, or say how to find out."""
    rule = rule_of(record, field)
    if rule.policy is Policy.UNION:
        return Suggestion(
            answer="office",
            reason=Sentence(
                mark("Keep what protects somebody until you know that the risk is over")
            ),
        )
    if all(_alike(office, each.value) for each in heard):
        return Suggestion(
            answer="office", reason=Sentence(mark("They differ only in how they are written"))
        )
    if rule.policy is Policy.KEEP_BOTH:
        return Suggestion(
            answer="both", reason=Sentence(mark("Each says something that the other does not"))
        )
    spoke = [each for each in heard if each.spoke_to_person]
    if len({str(each.value) for each in spoke}) == 1:
        return Suggestion(
            answer="officer",
            claim_id=spoke[-1].claim_id,
            reason=Sentence(mark("The officer spoke to the person on the day they wrote it")),
        )
    return Suggestion(
        answer="",
        reason=Sentence(mark("Neither is better known: ask the person before you decide")),
    )


def _alike(one: Any, other: Any) -> bool:  # noqa: ANN401 - a value of any kind
    """Tell whether two values differ in capitals, spaces and full stops only."""
    return _bare(one) == _bare(other)


def _bare(value: Any) -> str:  # noqa: ANN401 - a value of any kind
    return "".join(character for character in str(value).casefold() if character.isalnum())
