"""A plan: the commands one account needs so that it is what a file says, and what was noted on the way."""

from __future__ import annotations

from dataclasses import dataclass, field

from server.interop.known import KnownAccount, Remembered
from server.interop.lines import Reason, because
from server.interop.payers import People, Terms
from server.interop.pictures import PARTS, Picture
from shared.commands import Command


@dataclass(frozen=True)
class Step:
    """One command, and the row of the file it is for."""

    line_number: int
    command: Command


@dataclass(kw_only=True)
class Plan:
    """All that one account needs, and what is to be remembered of what the file said of it."""

    picture: Picture
    account_id: str
    moved: frozenset[str]
    steps: list[Step] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)
    named: dict[str, list[str]] = field(default_factory=dict)
    """Whom the file names for each debt, so that a later one shows who is named no more."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One account being planned: what the file says, what is known, and the plan as it grows."""

    plan: Plan
    people: People
    account: KnownAccount | None
    remembered: Remembered | None

    @property
    def terms(self) -> Terms:
        """Give what holds for the whole import."""
        return self.people.terms

    @property
    def picture(self) -> Picture:
        """Give what the file says."""
        return self.plan.picture

    def has_moved(self, part: str) -> bool:
        """Tell whether the file says otherwise than the last one did about a part."""
        return part in self.plan.moved

    def give(self, command: Command, line_number: int | None = None) -> None:
        """Add a command to the plan; without a line it is for the account's first row."""
        self.plan.steps.append(Step(line_number or self.picture.first.line_number, command))

    def note(self, code: str, field_name: str | None = None, **values: str | int) -> None:
        """Add something a person should know, though the row was taken."""
        self.plan.notes.append(because(code, field_name, **values))


def moved_parts(picture: Picture, remembered: Remembered | None) -> frozenset[str]:
    """Say which parts the file tells otherwise than the last one did; all of them the first time."""
    if remembered is None:
        return frozenset(PARTS)
    return frozenset(part for part in PARTS if picture.marks[part] != remembered.marks.get(part))
