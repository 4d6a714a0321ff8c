"""How each change to holds reads on a timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from server.people.saying import day_of, last_day_before, word
from server.recovery.commands import HoldEnded, HoldPlaced
from shared.catalogue import Sentence, mark
from shared.commands import Change
from shared.holds import REASONS

Said = Mapping[str, Any]


def _placed(said: Said) -> str:
    reason, first = word(REASONS, said["reason"]), day_of(said["from_on"])
    if said["until"] is None:
        return Sentence(mark("Hold placed: %(reason)s, from %(day)s"), reason=reason, day=first)
    return Sentence(
        mark("Hold placed: %(reason)s, %(first)s to %(last)s"),
        reason=reason,
        first=first,
        last=last_day_before(said["until"]),
    )


def _ended(said: Said) -> str:
    return Sentence(
        mark("Hold ended: %(reason)s, last day %(day)s"),
        reason=word(REASONS, said["reason"]),
        day=last_day_before(said["until"]),
    )


SENTENCES: Mapping[type[Change], Callable[[Said], str]] = {HoldPlaced: _placed, HoldEnded: _ended}
