"""What becomes of one field when somebody says it is `now` what it was not: three-way, pure, no clock.

It stands in `shared`, not in `sync`, because the rules of both programs ask it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.field_policy import FieldRule, Policy


class Fate(StrEnum):
    """What became of what somebody said about one field."""

    NO_CHANGE = "no_change"
    APPLIED = "applied"
    MERGED = "merged"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Settled:
    """One field after somebody's word on it: what is in force, and what waits for a person.

    `claim` is what they said, when a person has to decide; `asked_off` are the members of a set they
    would take out, each of which waits by itself and stays in force meanwhile.
    """

    fate: Fate
    value: Any
    claim: Any = None
    asked_off: tuple[str, ...] = ()


def merge(rule: FieldRule, was: Any, current: Any, now: Any, *, contested: bool = False) -> Settled:  # noqa: ANN401 - the value of any field
    """Settle one field: what its writer had seen, what it is, and what they say it is now.

    `contested` tells that a person already has to decide about it, so nothing new settles it either.
    """
    if rule.policy is Policy.UNION:
        return _union(set(was), set(current), set(now))
    if now in (was, current):
        return Settled(fate=Fate.NO_CHANGE, value=current)
    if rule.policy in {Policy.OFFICE, Policy.ONCE}:
        return Settled(fate=Fate.REFUSED, value=current, claim=now)
    if current == was and not contested:
        return Settled(fate=Fate.APPLIED, value=now)
    return Settled(fate=Fate.REVIEW, value=in_force(rule, current, now), claim=now)


def in_force(rule: FieldRule, office: Any, said: Any) -> Any:  # noqa: ANN401 - the value of any field
    """Choose what holds until a person decides: what protects somebody, else what the office has."""
    ranked = [value for value in rule.protective if value in (office, said)]
    return ranked[0] if ranked else office


def _union(was: Collection[str], current: Collection[str], now: Collection[str]) -> Settled:
    """Add what was added; what was taken out stays in and is asked about, if it still is there."""
    seen, there, said = set(was), set(current), set(now)
    added, asked_off = (said - seen) - there, (seen - said) & there
    value = sorted(there | added)
    if asked_off:
        return Settled(fate=Fate.REVIEW, value=value, asked_off=tuple(sorted(asked_off)))
    if not added:
        return Settled(fate=Fate.NO_CHANGE, value=value)
    return Settled(fate=Fate.APPLIED if there == seen else Fate.MERGED, value=value)
