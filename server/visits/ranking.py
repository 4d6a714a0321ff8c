"""Which visit to review first, and why: a sum of reasons, each of which can be read on the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.catalogue import Sentence, mark
from shared.presentation import money
from shared.visits import FLAGS

LATE = timedelta(hours=48)
"""How long after a visit its record may arrive before somebody should ask why."""

OLD = timedelta(days=7)
"""How long a visit may wait before it goes up for that alone."""

STREAK_LEAST = 3
"""Visits in a row at which nobody was met, from which another plan is worth making."""

FIRST_VISITS = 10
"""Visits of a new officer that are all looked at early."""

MUCH_PENCE = 500_000
"""What is owed on a case from which its visits go up."""

NOBODY_MET = frozenset({"no_answer", "premises_empty"})
"""Outcomes at which nobody was met."""

_FLAG, _ANSWER, _NEW, _STREAK, _LATE, _OLD, _MUCH = 40, 35, 25, 20, 15, 12, 10


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What the rank of one visit depends on."""

    flags: tuple[str, ...]
    review: str
    happened_at: datetime
    received_at: datetime
    streak: int
    officer_is_new: bool
    balance_pence: int


@dataclass(frozen=True, kw_only=True)
class Rank:
    """How soon to look at a visit: the higher the sooner, with the reasons, the weightiest first."""

    score: int
    reasons: tuple[Sentence, ...]


def rank(visit: Standing, now: datetime) -> Rank:
    """Add up why a visit should be looked at."""
    found: list[tuple[int, Sentence]] = [
        (_FLAG, Sentence(FLAGS.get(flag, mark("Something was amiss")))) for flag in visit.flags
    ]
    if visit.review == "answered":
        found.append((_ANSWER, Sentence(mark("The officer has answered"))))
    if visit.officer_is_new:
        found.append((_NEW, Sentence(mark("One of this officer’s first visits"))))
    if visit.streak >= STREAK_LEAST:
        text = mark("Nobody was met at the last %(number)s visits")
        found.append((_STREAK, Sentence(text, number=visit.streak)))
    late = visit.received_at - visit.happened_at
    if late >= LATE:
        found.append((_LATE, Sentence(mark("It arrived %(days)s days late"), days=late.days)))
    waited = now - visit.received_at
    if waited >= OLD:
        text = mark("It has waited for %(days)s days")
        found.append((_OLD + min(waited.days, _OLD), Sentence(text, days=waited.days)))
    if visit.balance_pence >= MUCH_PENCE:
        owed = money(visit.balance_pence)
        found.append((_MUCH, Sentence(mark("%(amount)s is owed on the case"), amount=owed)))
    found.sort(key=lambda reason: -reason[0])
    return Rank(score=sum(weight for weight, _ in found), reasons=tuple(text for _, text in found))


def streak(outcomes: Sequence[str]) -> int:
    """Count the visits in a row, ending with the latest, at which nobody was met."""
    count = 0
    for outcome in reversed(outcomes):
        if outcome not in NOBODY_MET:
            break
        count += 1
    return count
