"""The order in which an import gives its commands: kind by kind, so that many are decided together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from server.accounts.commands import AmendAccount, OpenAccount, OpenDebt, RecordLiableParty
from server.accounts.movements import PostTransaction, ReportBalance
from server.interop.commands import RecordPayerReference
from server.interop.plans import Step
from server.people.commands import (
    ChangeName,
    OpenPerson,
    RecordAddress,
    RecordContact,
    RecordFormerName,
)
from server.recovery.commands import PlaceHold
from server.worktray.commands import FinishTask, RaiseTask
from shared.commands import Command

_TURNS: tuple[type[Command], ...] = (
    OpenPerson,
    OpenAccount,
    AmendAccount,
    ChangeName,
    RecordPayerReference,
    RecordFormerName,
    RecordAddress,
    RecordContact,
    OpenDebt,
    RecordLiableParty,
    PostTransaction,
    ReportBalance,
    PlaceHold,
    FinishTask,
    RaiseTask,
)

_SUBJECTS = ("person_id", "account_id", "debt_id")


def in_turn(steps: Sequence[Step]) -> list[Step]:
    """Put one kind after another, and the first for each person or debt before any second."""
    seen: Counter[tuple[type[Command], str]] = Counter()
    ranked: list[tuple[int, int, Step]] = []
    for step in steps:
        kind = type(step.command)
        subjects = [
            (kind, value)
            for name in _SUBJECTS
            if isinstance(value := getattr(step.command, name, None), str)
        ]
        nth = max((seen[subject] for subject in subjects), default=0)
        seen.update({subject: nth + 1 - seen[subject] for subject in subjects})
        ranked.append((_TURNS.index(kind), nth, step))
    return [step for _turn, _nth, step in sorted(ranked, key=lambda item: item[:2])]
